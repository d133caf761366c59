"""Speech to timed words with WhisperX: Whisper hears the words, a wav2vec2 network finds when each was said.

Bain et al. (2023), "WhisperX: Time-Accurate Speech Transcription of Long-Form Audio", Interspeech. One model is in
memory at a time, and a few minutes of sound: first every piece is recognised, then every stretch of speech is aligned.
None of the library's dictionaries leaves this module.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoagent.errors import ModelMissing, ResourceLimit, UsageError
from emoagent.schema import Model, Span
from emoagent.tools.free_memory import free_memory
from emoagent.tools.media.audio import Audio
from emoagent.tools.progress import stop_if_asked, tell
from emoagent.tools.words import whisper_models as models
from emoagent.tools.words.hearing import Hearing
from emoagent.tools.words.sphinx import SHORTEST, pieces, speech_spans
from emoagent.tools.words.whisper_library import alignment, device, quiet, recogniser

PIECE = 300.0  # seconds of sound that are in memory at once, at most
CHUNK = 30.0  # seconds that Whisper hears at once
UNALIGNED = 10.0  # the same where the words are to be spread over it: the shorter, the better their times
LISTEN = 4  # windows of 30 s that are listened to, at most, to tell the language
SURE = 0.5  # from which chance on one of them is enough
ROOM = 0.5  # share of the free memory that recognising may take
SMALLEST = 150 << 20  # bytes that a chunk takes at least while it is recognised
SHARE = 1 / 8  # of the size of the weights that a chunk takes
MOST = {"cuda": 32, "cpu": 4}  # chunks at once; more does not make it faster

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Timed:
    """A word. `start`, `end`: seconds of the clip, `None` where alignment found none; `score`: the mean probability of
    its letters under the aligner, 0..1, `None` where it knows none of them, so that the time is a guess."""

    text: str
    start: float | None = None
    end: float | None = None
    score: float | None = None


@dataclass(frozen=True)
class Stretch:
    """What was recognised in up to 30 s of speech. `log_probability`: mean of the tokens. No words: not aligned."""

    span: Span
    text: str
    log_probability: float
    words: tuple[Timed, ...] = ()


@dataclass(frozen=True)
class Recognised:
    """All stretches in time order. `certainty`: of the language, where it had to be found out. `untimed`: why the words
    have no times of their own."""

    language: str
    certainty: float | None
    stretches: tuple[Stretch, ...]
    models: tuple[Model, ...]
    untimed: str = ""


def transcribe(audio: Audio, hearing: Hearing) -> Recognised:
    """What is said in the sound. Nothing is fetched.

    Raises `ExtraMissing` where WhisperX is not installed; `ModelMissing` where a model that was named, or the one that
    is used otherwise, is not there; `UsageError` for a language that the model does not know; `ResourceLimit`.
    """
    models.require()
    folder = models.whisper_folder(hearing)
    if hearing.aligner is not None and (named := models.aligner_name("", hearing)):
        models.aligner_folder(named)  # before anything is heard
    with quiet():
        found = _recognise(audio, folder, hearing)
        if found.stretches and not found.untimed:
            name = models.aligner_name(found.language, hearing)
            assert name is not None
            found = _aligned(audio, found, name)
    return found


def batch_size(free: int, weights: int, kind: str) -> int:
    """How many chunks are recognised at once, from bytes of free memory, bytes of the weights, and `cuda` or `cpu`."""
    each = max(SMALLEST, round(weights * SHARE))
    return max(1, min(MOST[kind], int(free * ROOM) // each))


def _recognise(audio: Audio, folder: Path, hearing: Hearing) -> Recognised:
    pipeline = recogniser(folder)
    language, certainty = _language(pipeline, audio, hearing.language)
    untimed = _why_untimed(language, hearing)
    found = list[Stretch]()
    batch = batch_size(free_memory(device()), (folder / "model.bin").stat().st_size, device())
    for piece in pieces(audio, Span(start=0, end=audio.duration), PIECE):
        if piece.duration >= SHORTEST:
            found += _heard_in(piece, pipeline, audio, language, UNALIGNED if untimed else CHUNK, batch)
        tell(piece.end)
    del pipeline
    _free()
    whisper = models.described(hearing.whisper, folder, "model.bin")
    return Recognised(language, certainty, tuple(found), (whisper,), untimed)


def _language(pipeline: Any, audio: Audio, told: str | None) -> tuple[str, float | None]:
    """The language of the speech, and how certain that is where it was not told."""
    many = pipeline.model.model.is_multilingual
    known = pipeline.model.hf_tokenizer.token_to_id(f"<|{told}|>") is not None if many else told in (None, "en")
    if told is not None and not known:
        raise UsageError(f"this Whisper model does not know the language {told!r}", hint="leave out --language")
    if told is not None or not many:
        return told or "en", None
    first = next(speech_spans(audio), Span(start=0, end=0))
    samples = audio.read(Span(start=first.start, end=first.start + LISTEN * CHUNK))
    language, chance, _ = pipeline.model.detect_language(
        samples, language_detection_segments=LISTEN, language_detection_threshold=SURE
    )
    return str(language), round(float(chance), 4)


def _why_untimed(language: str, hearing: Hearing) -> str:
    """Why words of this language cannot be aligned; empty where they can."""
    name = models.aligner_name(language, hearing)
    if name is None:
        return "alignment is off" if hearing.aligner else f"no aligner is known for the language {language}"
    try:
        models.aligner_folder(name)
    except ModelMissing as error:
        return f"{error.message} ({error.hint})"
    return ""


def _heard_in(piece: Span, pipeline: Any, audio: Audio, language: str, chunk: float, batch: int) -> Iterator[Stretch]:
    """The stretches of a piece; where memory runs out, half as many chunks at once are tried."""
    samples = audio.read(piece)
    while True:
        try:
            result = pipeline.transcribe(
                samples, batch_size=batch, language=language, chunk_size=chunk, progress_callback=_progress(piece)
            )
            break
        except (RuntimeError, MemoryError) as error:
            if "out of memory" not in str(error).lower() and not isinstance(error, MemoryError):
                raise
            if batch == 1:
                hint = "a smaller model: EMOAGENT_WHISPER_MODEL=Systran/faster-whisper-small"
                raise ResourceLimit("the memory does not suffice for Whisper", hint=hint) from error
            batch //= 2
            _free()
    for segment in result["segments"]:
        if text := segment["text"].strip():
            yield Stretch(_span(piece.start, segment, audio.duration), text, float(segment["avg_logprob"]))


def _progress(piece: Span) -> Any:
    return lambda percent: tell(piece.start + percent / 100 * piece.duration)


def _span(offset: float, segment: Mapping[str, Any], duration: float) -> Span:
    start, end = (min(duration, max(0.0, offset + float(segment[edge]))) for edge in ("start", "end"))
    return Span(start=round(start, 3), end=round(max(start, end), 3))


def _aligned(audio: Audio, found: Recognised, name: str) -> Recognised:
    """The same with the time of each word."""
    folder = models.aligner_folder(name)
    align = alignment(folder, found.language)
    stretches = tuple(_with_times(stretch, align(stretch.text, audio.read(stretch.span))) for stretch in _each(found))
    del align
    _free()
    aligner = models.described(name, folder, "model.safetensors")
    return replace(found, stretches=stretches, models=(*found.models, aligner))


def _each(found: Recognised) -> Iterator[Stretch]:
    for stretch in found.stretches:
        stop_if_asked()
        yield stretch


def _with_times(stretch: Stretch, words: Sequence[Mapping[str, Any]]) -> Stretch:
    start = stretch.span.start
    timed = tuple(
        Timed(str(word["word"]), _moved(word.get("start"), start), _moved(word.get("end"), start), word.get("score"))
        for word in words
    )
    return replace(stretch, words=timed)


def _moved(time: float | None, by: float) -> float | None:
    return None if time is None else float(time) + by


def _free() -> None:
    """Gives back what a model took: of the card, too, for captions may need it next."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()

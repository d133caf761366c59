"""WhisperX as it is loaded: silent, without telemetry, without the network, from files that are there."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoagent.errors import ModelMissing

Floats = NDArray[np.float32]
Align = Callable[[str, Floats], Sequence[Mapping[str, Any]]]

SILENT = {
    "PYANNOTE_METRICS_ENABLED": "0",  # on unless it is told otherwise before the import
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
COMPUTE = {"cuda": ("float16", "int8_float16", "int8_float32", "float32"), "cpu": ("int8", "float32")}
MOST_THREADS = 16


@contextmanager
def quiet() -> Iterator[None]:
    """Nothing of what the libraries say inside the `with` block reaches the terminal, nor anybody else."""
    for name, value in SILENT.items():
        os.environ.setdefault(name, value)
    if not logging.getLogger("whisperx").handlers:  # else it gives itself one that writes to stdout
        logging.getLogger("whisperx").addHandler(logging.NullHandler())
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), redirect_stdout(StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def device() -> str:
    """`cuda` where both libraries can use the graphics card, else `cpu`."""
    import ctranslate2
    import torch

    return "cuda" if torch.cuda.is_available() and ctranslate2.get_cuda_device_count() else "cpu"


def compute_type(kind: str) -> str:
    """The first number format of `COMPUTE` that the device can calculate with."""
    import ctranslate2

    known = ctranslate2.get_supported_compute_types(kind)
    return next((name for name in COMPUTE[kind] if name in known), "default")


def recogniser(folder: Path) -> Any:
    """WhisperX's pipeline: the Whisper of the folder and the voice-activity detector of WhisperX's wheel.

    Raises `ModelMissing` where the files are of no use.
    """
    import whisperx

    kind = device()
    try:
        return whisperx.load_model(
            str(folder),
            kind,
            compute_type=compute_type(kind),
            vad_method="pyannote",
            local_files_only=True,
            threads=min(MOST_THREADS, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 4),
        )
    except (RuntimeError, ValueError, OSError) as error:
        raise _useless(folder, error) from error


def alignment(folder: Path, language: str) -> Align:
    """A function (text, samples at 16 kHz) -> the words, each `{word, start, end, score}` as far as they are known, in
    seconds of the samples; nothing where the text does not fit. Raises `ModelMissing` where the files are of no use."""
    import transformers
    import whisperx.alignment as library

    kind = device()
    try:
        model = transformers.Wav2Vec2ForCTC.from_pretrained(folder, local_files_only=True, use_safetensors=True)
        vocabulary = transformers.Wav2Vec2CTCTokenizer.from_pretrained(folder, local_files_only=True).get_vocab()
    except (RuntimeError, ValueError, OSError, KeyError, TypeError) as error:
        raise _useless(folder, error) from error
    letters = {str(token).lower(): int(number) for token, number in vocabulary.items()}
    about = {"language": language, "dictionary": letters, "type": "huggingface"}
    model = model.eval().to(kind)

    def align(text: str, samples: Floats) -> Sequence[Mapping[str, Any]]:
        whole = {"text": text, "start": 0.0, "end": len(samples) / library.SAMPLE_RATE}
        with _unsplit(library):
            result = library.align([whole], model, about, samples, kind, interpolate_method="ignore")
        words = [word for segment in result["segments"] for word in segment["words"]]
        return [word if any(c in letters for c in word["word"].lower()) else _guessed(word) for word in words]

    return align


@contextmanager
def _unsplit(library: Any) -> Iterator[None]:
    """Takes every text for one sentence: WhisperX would fetch nltk's splitter, and sentences are told apart later."""
    before, library.nltk_load = library.nltk_load, lambda name: _Whole()
    try:
        yield
    finally:
        library.nltk_load = before


class _Whole:
    def span_tokenize(self, text: str) -> list[tuple[int, int]]:
        return [(0, len(text))]


def _guessed(word: Mapping[str, Any]) -> Mapping[str, Any]:
    """A word of unknown letters (digits, a foreign script) takes any sound between its neighbours: that is no score."""
    return {name: value for name, value in word.items() if name != "score"}


def _useless(folder: Path, error: Exception) -> ModelMissing:
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return ModelMissing(
        f"the model {folder.name} cannot be loaded: {first}", hint="emoagent models verify", where=folder.name
    )

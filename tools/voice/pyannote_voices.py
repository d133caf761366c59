"""Who is heard when, by pyannote's diarizer, where a hub token is in the environment and its weights are in the cache.

Who downloads it must say who they are, hence the token; nothing is fetched here. Its weights are pickles, which could
run code: each is first read by torch's restricted unpickler, which knows tensors and a few names alone, and what does
not pass that is not loaded. The whole sound is in memory at once (230 MB an hour).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from emoagent.errors import ModelMissing
from emoagent.schema import Span
from emoagent.tools.media.audio import Audio
from emoagent.tools.voice.voices import Turn, Voices
from emoagent.tools.weights.hub_lock import hub_cache
from emoagent.tools.words.whisper_library import device, quiet

REPOSITORY = "pyannote/speaker-diarization-community-1"
TOKENS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
CERTAINTY = 0.9  # of every turn; pyannote does not say how certain it is
PIPELINES = "pyannote.audio.pipelines."


def why_not() -> str:
    """Why pyannote cannot be asked; empty where it can."""
    if not any(os.environ.get(name) for name in TOKENS):
        return "no hub token is in the environment (HF_TOKEN)"
    return "" if folder() else f"its weights are not there (hf download {REPOSITORY})"


def folder() -> Path | None:
    """Where the hub's own tools have put the weights; `None` where they are not there."""
    home = hub_cache() / f"models--{REPOSITORY.replace('/', '--')}"
    try:
        found = home / "snapshots" / (home / "refs" / "main").read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return found if (found / "config.yaml").is_file() else None


@quiet()
def diarize(audio: Audio, weights: Path) -> Voices:
    """The turns of all voices. Raises `ModelMissing` where the files are of no use or hold more than weights."""
    from whisperx.diarize import DiarizationPipeline

    harmless(weights)
    try:
        pipeline = DiarizationPipeline(str(weights), token=None, device=device())
    except (RuntimeError, ValueError, OSError, KeyError, AttributeError) as error:
        raise _useless(f"cannot be loaded: {error}") from error
    rows = pipeline(audio.read(Span(start=0, end=audio.duration)))
    found = zip(rows["start"], rows["end"], rows["speaker"], strict=True)
    return voices_of([(float(start), float(end), str(name)) for start, end, name in found], audio.duration)


def voices_of(found: Iterable[tuple[float, float, str]], duration: float) -> Voices:
    """Voices from (start, end, name) in seconds: numbered by who is heard first, with where two are heard at once."""
    inside = sorted((max(0.0, a), min(b, duration), name) for a, b, name in found if a < duration and b > a)
    numbers = {name: n for n, name in enumerate(dict.fromkeys(name for *_, name in inside), 1)}
    turns = tuple(Turn(_span(a, b), numbers[name], CERTAINTY) for a, b, name in inside)
    return Voices(turns, tuple(_overlaps(turns)), REPOSITORY)


@quiet()
def harmless(weights: Path) -> None:
    """Raises `ModelMissing` unless the folder names a pipeline of pyannote's own and its pickles hold weights alone."""
    import torch
    import yaml
    from pyannote.audio.core.task import Problem, Resolution, Specifications
    from torch.torch_version import TorchVersion

    told = yaml.safe_load((weights / "config.yaml").read_text(encoding="utf-8"))
    name = str(told.get("pipeline", {}).get("name", "")) if isinstance(told, dict) else ""
    if not name.startswith(PIPELINES):
        raise _useless(f"asks for the class {name!r}, which is none of pyannote's pipelines")
    for path in sorted(weights.rglob("*.bin")):
        with torch.serialization.safe_globals([Problem, Resolution, Specifications, TorchVersion]):
            try:
                torch.load(path, map_location="cpu", weights_only=True)
            except Exception as error:  # what a file of unknown origin may raise is not known either
                raise _useless(f"holds more than weights in {path.name}") from error


def _overlaps(turns: Sequence[Turn]) -> list[Span]:
    found = list[Span]()
    for n, turn in enumerate(turns):
        for other in turns[n + 1 :]:
            if other.span.start >= turn.span.end:
                break
            if other.voice != turn.voice:
                found.append(_span(other.span.start, min(turn.span.end, other.span.end)))
    return found


def _span(start: float, end: float) -> Span:
    return Span(start=round(start, 3), end=round(max(start, end), 3))


def _useless(what: str) -> ModelMissing:
    return ModelMissing(f"{REPOSITORY} {what}", hint="unset HF_TOKEN, and the embedded clustering tells voices apart")

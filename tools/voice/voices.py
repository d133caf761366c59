"""Who is heard when, by voice alone: stretches of speech that sound like the same person share a number.

Another producer (the diarizer of a WhisperX profile) fills `Voices` in the same way and writes the same file.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from emoagent.schema import Clip, Model, Span
from emoagent.tools.workspace import workspace

FILE = "voices.json"


@dataclass(frozen=True)
class Turn:
    """A stretch in which one voice is heard. `voice`: 1, 2, … in order of first appearance; `certainty` 0..1."""

    span: Span
    voice: int
    certainty: float


@dataclass(frozen=True)
class Voices:
    """All turns in time order; `overlaps`: where two are heard at once. What describes a voice is never kept.

    `source`: the model that told them apart, where it is not the embedded one.
    """

    turns: tuple[Turn, ...] = ()
    overlaps: tuple[Span, ...] = ()
    source: str = ""

    def seconds(self, span: Span) -> dict[int, float]:
        """How long each voice is heard during `span`, in seconds; voices that are not heard are left out."""
        found: dict[int, float] = {}
        for turn in self.turns:
            if shared := turn.span.overlap(span):
                found[turn.voice] = found.get(turn.voice, 0.0) + shared
        return found

    def save(self, path: Path) -> None:
        """Writes JSON."""
        turns = [[t.span.start, t.span.end, t.voice, t.certainty] for t in self.turns]
        overlaps = [[s.start, s.end] for s in self.overlaps]
        source = {"source": self.source} if self.source else {}
        path.write_text(json.dumps({"turns": turns, "overlaps": overlaps, **source}), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Voices:
        """Reads what `save` wrote."""
        data = json.loads(path.read_text(encoding="utf-8"))
        turns = tuple(Turn(Span(start=a, end=b), voice, sure) for a, b, voice, sure in data["turns"])
        return cls(turns, tuple(Span(start=a, end=b) for a, b in data["overlaps"]), data.get("source", ""))


def voices_of(clip: Clip) -> Voices | None:
    """The voices that `emoagent.agents.turns` has found in this run; `None` where it did not look."""
    path = workspace().folder / "work" / FILE
    return Voices.load(path) if path.exists() else None


def find_voices(clip: Clip) -> Voices:
    """The voices of the current run's clip; the first call tells them apart, and fetches the model where it must.

    Ask for it only where `clip.audio` is not `None`. Raises `ModelMissing` where the model cannot be had, `MediaError`
    where the sound cannot be decoded.
    """
    return Voices.load(workspace().derived(FILE, lambda path: _found(clip).save(path)))


def voice_model() -> Model:
    """The model behind `find_voices`, for the provenance of the run."""
    from emoagent.tools.weights.assets import VOICES

    return Model(name=VOICES.name, sha256=VOICES.sha256, licence=VOICES.licence, source=str(VOICES.source))


def _found(clip: Clip) -> Voices:
    from emoagent.tools.media.audio import audio_of
    from emoagent.tools.progress import tell_fetched
    from emoagent.tools.voice.diarization import diarize
    from emoagent.tools.voice.voiceprint import Voiceprint
    from emoagent.tools.weights import assets
    from emoagent.tools.weights.network import Network

    path = assets.pull(assets.VOICES.name, tell_fetched)
    segmentation, speaker = (Network(path, f"{name}.onnx") for name in ("segmentation", "speaker"))
    return diarize(audio_of(clip), segmentation, Voiceprint(speaker))

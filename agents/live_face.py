"""The user's face in a running conversation: which of those in view it is, and what it does during a turn.

The largest face for the longest part of a turn is taken for the user's. Where another one is nearly as large, either
may speak: then every sentence says so, and its reliability is halved, as in a file whose speaker is not known.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING

from emoagent.affect import USER
from emoagent.agents import face
from emoagent.agents.face_look import Faces, speakers
from emoagent.agents.registry import Finding, blind
from emoagent.schema import Span, Utterance
from emoagent.tools.media.audio import HeldAudio
from emoagent.tools.sight.face_series import FaceSeries
from emoagent.tools.sight.talking import Pauses, silences

if TYPE_CHECKING:
    from emoagent.tools.sight.face_search import Picture
    from emoagent.tools.sight.watcher import Watcher

MOST_TURNS = 200  # that are remembered as times in which the user may have talked
RIVAL = 0.25  # size times quality, over time, as a share of the largest face's: from there on either may speak


class LiveFace:
    """The faces of one conversation so far. Safe to be used by several threads at once."""

    def __init__(self) -> None:
        self._watcher: Watcher | None = None
        self._busy = Lock()
        self._turns: deque[Utterance] = deque(maxlen=MOST_TURNS)
        self._pauses: deque[tuple[Span, Sequence[tuple[float, float]]]] = deque(maxlen=MOST_TURNS)

    def watch(self, time: float, rgb: Picture) -> None:
        """Takes a frame: seconds on the conversation's clock, ascending; RGB uint8 (height, width, 3)."""
        from emoagent.tools.sight.watcher import Watcher

        with self._busy:
            self._watcher = self._watcher or Watcher()
            self._watcher.add(time, rgb)

    def findings(self, utterance: Utterance, audio: HeldAudio | None) -> list[Finding]:
        """What the user's face does during `utterance`; nothing where none was watched. `audio`: what was said."""
        with self._busy:
            if self._watcher is None:
                return []
            series, groups = self._watcher.faces()
            cast, known = _cast(series, groups, utterance)
            said = blind(utterance).model_copy(update={"person": (utterance.person or USER) if known else None})
            faces = Faces(series, cast, *self._spoken(said, audio))
        return [found for each in speakers(faces, [said]) for found in face.findings(series, each, None)]

    def _spoken(self, said: Utterance, audio: HeldAudio | None) -> tuple[list[Utterance], Pauses]:
        """The turns until now with this one, and the silences of each."""
        self._turns.append(said)
        if audio is not None:
            self._pauses.append((said.span, silences(audio, said.span)))
        known = {(span.start, span.end): quiet for span, quiet in self._pauses}
        return list(self._turns), lambda span: known.get((span.start, span.end), ())

    def close(self) -> None:
        """Forgets all that was seen."""
        with self._busy:
            if self._watcher is not None:
                self._watcher.close()
            self._watcher = None
            self._turns.clear()
            self._pauses.clear()


def _cast(
    series: FaceSeries, groups: Sequence[Sequence[int]], utterance: Utterance
) -> tuple[dict[str, Sequence[int]], bool]:
    """Person id to face tracks, and whether the user's face is known to be the speaker's."""
    people = {f"other{number}": tracks for number, tracks in enumerate(groups, 1)}
    sizes = Faces(series, people, [utterance]).prominence(utterance.span)
    if not sizes:
        return {}, False
    largest, *others = sorted(sizes, key=lambda person: -sizes[person])
    known = all(sizes[other] < RIVAL * sizes[largest] for other in others)
    return {(utterance.person or USER) if name == largest else name: tracks for name, tracks in people.items()}, known

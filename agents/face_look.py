"""One face during one utterance: whose it is, what it is worth, and what its units do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from emoagent.schema import Span, Utterance
from emoagent.tools.media.audio import Audio
from emoagent.tools.sight.action_units import AuSeries, Expression
from emoagent.tools.sight.face_series import FaceSeries
from emoagent.tools.sight.talking import Pauses, talking

FEWEST = 2  # analysed frames with the face
ALONE, AMONG_OTHERS = 0.7, 0.5  # what a face is worth that is not known to be the speaker's
NOT_KNOWN = " (of a person in view, not known to speak)"
NO_EXPRESSION = ("AU43", "AU45")


@dataclass(frozen=True)
class Look:
    """`speaks`: whether the face is known to be the speaker's; `worth`: the factor on every reliability, below 1 where
    it is not. `units`: over the rest seen until the utterance ends."""

    utterance: Utterance
    person: str
    speaks: bool
    worth: float
    expression: Expression
    units: AuSeries
    shown: float  # share of the analysed frames in which the face is seen

    @property
    def aside(self) -> str:
        """What every sentence must add."""
        return "" if self.speaks else NOT_KNOWN

    @property
    def peak(self) -> int:
        """The row of `units` with the highest sum of intensities, each as far as it is reliable; shut eyes do not
        count."""
        counted = [name not in NO_EXPRESSION for name in self.units.names]
        return int(np.argmax((np.nan_to_num(self.units.value) * self.units.reliability)[:, counted].sum(axis=1)))


class Faces:
    """The faces of a clip's people. `cast`: person id -> face tracks; `audio`: the sound, or the silences of each
    utterance where they are known; None where there is no sound."""

    def __init__(
        self,
        series: FaceSeries,
        cast: Mapping[str, Sequence[int]],
        utterances: Sequence[Utterance],
        audio: Audio | Pauses | None = None,
    ) -> None:
        self.series, self.cast = series, cast
        self._utterances, self._audio = utterances, audio
        self._owner = {track: person for person, tracks in cast.items() for track in tracks}
        self._expressions: dict[str, Expression] = {}

    def expression(self, person: str) -> Expression:
        """What this person's face does over the clip, and when they talk."""
        if person not in self._expressions:
            spans = [u.span for u in self._utterances if u.person == person]
            talk = talking(self.series, self.cast[person], spans, self._audio)
            self._expressions[person] = Expression(self.series, self.cast[person], talk)
        return self._expressions[person]

    def prominence(self, span: Span) -> dict[str, float]:
        """Size times quality, summed over time, of every person whose face is in view."""
        series, rows = self.series, self.series.between(span.start, span.end)
        weight = np.nan_to_num(series.box[rows, 2] * series.box[rows, 3] * series.quality[rows])
        sizes: dict[str, float] = {}
        for track in np.unique(series.track[rows]).tolist():
            if track in self._owner:
                size = float(weight[series.track[rows] == track].sum())
                sizes[self._owner[track]] = sizes.get(self._owner[track], 0.0) + size
        return sizes

    def look(self, utterance: Utterance, person: str, speaks: bool, worth: float) -> Look | None:
        """This person's face during `utterance`; None where it is hardly seen. Nothing later is looked at."""
        expression = self.expression(person)
        units = expression.intensities(utterance.span, until=utterance.span.end)
        if len(units.time) < FEWEST:
            return None
        return Look(utterance, person, speaks, worth, expression, units, self._shown(utterance.span, units))

    def _shown(self, span: Span, units: AuSeries) -> float:
        first, last = np.searchsorted(self.series.frames, [span.start, span.end])
        return min(1.0, len(np.unique(units.time)) / max(1, int(last - first)))


def speakers(faces: Faces, utterances: Sequence[Utterance]) -> Iterator[Look]:
    """One look for each utterance in which the speaker's face, or some face if the speaker is unknown, is seen."""
    for utterance in utterances:
        sizes = faces.prominence(utterance.span)
        person = utterance.person or max(sizes, key=lambda each: sizes[each], default=None)
        if person not in sizes:
            continue
        speaks = utterance.person is not None
        worth = 1.0 if speaks else ALONE if len(sizes) == 1 else AMONG_OTHERS
        if (each := faces.look(utterance, person, speaks, worth)) is not None:
            yield each

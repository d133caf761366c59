"""Whose mouth goes with the sound: every face in view during an utterance, weighed in the order of time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from emoagent.schema import Utterance
from emoagent.tools.media.audio import Audio
from emoagent.tools.sampling import seconds_for
from emoagent.tools.sight.face_series import FaceSeries
from emoagent.tools.sight.lip_motion import DELAYS, LipCues, lip_cues, sound_of
from emoagent.tools.sight.speaker_model import Delay, Floats, log_odds

SHORTEST_FACE = 0.4  # seconds a face must be seen to become a person
Group = tuple[int, ...]


@dataclass(frozen=True)
class Judged:
    """What the lips say of one utterance, by group of tracks.

    `odds`: log-odds that the face talks, by itself. `share`: probability that it is the speaker's; what is missing to 1
    is for nobody's in view. `cues`: of the group's track that is seen longest. `delay`: of the sound, seconds.
    """

    utterance: Utterance
    odds: Mapping[Group, float]
    share: Mapping[Group, float]
    cues: Mapping[Group, LipCues]
    delay: float

    @property
    def offscreen(self) -> float | None:
        """Probability that nobody in view speaks; None where no face could be judged."""
        return max(0.0, 1 - sum(self.share.values())) if self.share else None

    def sync(self, group: Group) -> float | None:
        """The correlation of this group's mouth with the sound at the clip's delay."""
        sync = self.cues[group].sync
        return None if sync is None else float(sync[int(np.argmin(np.abs(DELAYS - self.delay)))])


def face_groups(series: FaceSeries, groups: Sequence[Sequence[int]] | None) -> list[Group]:
    """Groups of tracks in order of first appearance; tracks in no group stand alone; glimpses are left out."""
    given = [tuple(sorted(group)) for group in groups or ()]
    alone = set(series.tracks()) - {track for group in given for track in group}
    rows = {group: np.flatnonzero(np.isin(series.track, group)) for group in (*given, *((t,) for t in alone))}
    stands = seconds_for(series.time, series.frames)
    lasting = [group for group, at in rows.items() if len(at) and stands[at].sum() >= SHORTEST_FACE]
    return sorted(lasting, key=lambda group: (series.time[rows[group][0]], group))


def judge(
    utterances: Sequence[Utterance], faces: Sequence[Group], series: FaceSeries, audio: Audio | None
) -> Iterator[Judged]:
    """One `Judged` for each utterance, in their order; none looks at anything later."""
    delay = Delay()
    for utterance in utterances:
        cues = _cues(utterance, faces, series, audio)
        odds = {group: _joined(of) for group, of in cues.items()}
        shares = dict(zip(odds, delay.judge(list(odds.values())), strict=True))
        alone = {group: delay.expected(of) for group, of in odds.items()}
        longest = {group: max(of, key=lambda cue: (cue.seen, -cue.track)) for group, of in cues.items()}
        yield Judged(utterance, alone, shares, longest, delay.seconds)


def _cues(
    utterance: Utterance, faces: Sequence[Group], series: FaceSeries, audio: Audio | None
) -> dict[Group, list[LipCues]]:
    if utterance.source == "windows":  # nobody is known to speak then
        return {}
    sound = sound_of(audio, utterance.span) if audio is not None else None
    if audio is not None and sound is None:
        return {}
    present = set(series.track[series.between(utterance.span.start, utterance.span.end)].tolist())
    found: dict[Group, list[LipCues]] = {}
    for group in faces:
        tries = [lip_cues(series, track, utterance.span, sound) for track in group if track in present]
        if seen := [cues for cues in tries if cues is not None]:
            found[group] = seen
    return found


def _joined(cues: Sequence[LipCues]) -> Floats:
    """(delays,) log-odds of a face that is seen in several shots: each counts as long as it lasts."""
    return np.asarray(np.average([log_odds(each) for each in cues], axis=0, weights=[each.seen for each in cues]))

"""How likely a face is the one that talks: log-odds from the cues of its mouth, and the delay of the clip's sound.

The log-odds are a logistic regression, fitted by `emoagent.training.speaker` on GRID talkers with their own sound
against dubbed talkers and silent faces (docs/design/speakers.md). A clip has one delay between picture and sound; it is
not known, but each utterance tells something about it, and all faces are compared under the same delay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from emoagent.tools.sight.lip_motion import DELAYS, STILL, LipCues

Floats = NDArray[np.float64]

NOBODY = 0.3  # prior probability that who speaks is not in view
CEILING = 4.0  # log-odds; the data of the fit cannot vouch for more
MUTE = 1.5  # the same without sound: a smile moves the lips as fast as a word
SHARP, WIDE, USUALLY = 0.07, 0.14, 0.6  # seconds, seconds, weight: prior of the delay, a mixture of two normals
WEIGHTS = (0.66, 0.89, 0.35, 0.82, 3.73, 2.55, -1.32)  # of `inputs`
SOUNDLESS = (3.47, 1.93, 0.79)  # of the first three of `inputs`: where there is no sound


def inputs(cues: LipCues) -> Floats:
    """(7, delays) what is weighed: 1, log speed, plain model, contrast, sync · √seen, hiss · √seen, √seen."""
    silence = np.zeros(len(DELAYS))
    sync, hiss = (silence if row is None else row for row in (cues.sync, cues.hiss))
    contrast = 0.0 if cues.contrast is None else float(np.clip(cues.contrast, -1, 1.5))
    still = [1.0, np.log(max(cues.speed, STILL)), float(cues.plain), contrast]
    root = np.sqrt(cues.seen)
    return np.stack([*(np.full(len(DELAYS), value) for value in still), sync * root, hiss * root, silence + root])


def log_odds(cues: LipCues, weights: Sequence[float] = WEIGHTS) -> Floats:
    """(delays,) natural log-odds that this face talks if every answer were as likely before, for every delay."""
    given = inputs(cues)
    if cues.sync is None:
        return np.clip(np.asarray(SOUNDLESS) @ given[:3], -CEILING, MUTE)
    return np.clip(np.asarray(weights) @ given, -CEILING, CEILING)


@dataclass
class Delay:
    """What is known of a clip's delay; it learns from utterance after utterance and never looks ahead."""

    log_weight: Floats = field(default_factory=lambda: _prior())

    def judge(self, faces: Sequence[Floats]) -> list[float]:
        """Probability of each face, given its `log_odds`, to be the speaker's; what is missing to 1 is for nobody's.

        Takes the utterance into account for those that follow.
        """
        if not faces:
            return []
        share = (1 - NOBODY) / len(faces)
        odds = share * np.exp(np.stack(faces))
        total = NOBODY + odds.sum(axis=0)
        self.log_weight = self.log_weight + np.log(total)
        self.log_weight -= self.log_weight.max()
        weight = np.exp(self.log_weight)
        return [float(p) for p in (odds / total) @ (weight / weight.sum())]

    def expected(self, face: Floats) -> float:
        """Log-odds of one face under what is known of the delay."""
        weight = np.exp(self.log_weight)
        return float(np.log(np.exp(face) @ weight / weight.sum()))

    @property
    def seconds(self) -> float:
        """The most likely delay."""
        return float(DELAYS[int(np.argmax(self.log_weight))])


def _prior() -> Floats:
    sharp, wide = (np.exp(-0.5 * (DELAYS / width) ** 2) for width in (SHARP, WIDE))
    return np.asarray(np.log(USUALLY * sharp / sharp.sum() + (1 - USUALLY) * wide / wide.sum()))

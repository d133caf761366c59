"""One plain sentence about what an opinion rests on, with the evidence that the sentence names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from emoagent.agents import dialogue
from emoagent.agents.face_opinion import RULES, units, weight_for
from emoagent.agents.voice_opinion import KINDS, PROFILES, STEP, deviation
from emoagent.schema import Evidence, Modality, Opinion
from emoagent.tools.words.word_confidence import INAUDIBLE

LONGEST = 60  # characters of a quotation
NOTED = 0.67  # standard deviations from which a voice cue is worth a word, as in the voice agent
MOST = 3  # cues of a voice that are named
MOST_UNITS = 2  # action units that are named
AROUSED = 0.4  # an arousal closer to 0 than this is not worth a word

# What a viewer sees of each action unit, after the Facial Action Coding System (Ekman, Friesen & Hager 2002).
UNITS_SEEN: Mapping[int, str] = {
    1: "raised inner brows", 2: "raised outer brows", 4: "lowered brows", 5: "raised upper lids", 6: "raised cheeks",
    7: "tightened lids", 9: "a wrinkled nose", 10: "a raised upper lip", 12: "raised lip corners", 14: "dimpled cheeks",
    15: "lowered lip corners", 17: "a raised chin", 20: "stretched lips", 23: "tightened lips", 24: "pressed lips",
    25: "parted lips", 26: "a dropped jaw",
}  # fmt: skip
CUES_HEARD: Mapping[str, tuple[str, str]] = {
    "pitch": ("lower", "higher"), "pitch_variation": ("more monotonous", "livelier"), "loudness": ("quieter", "louder"),
    "effort": ("softer", "harder"), "rate": ("slower", "faster"), "pauses": ("fewer pauses", "more pauses"),
}  # fmt: skip


Stance = Literal["supports", "against", "context"]
Told = tuple[str, Sequence[Evidence]]


@dataclass(frozen=True)
class Reading:
    """An opinion with the label it is told by, another that it finds less likely, and what it does to the verdict's
    label: the log-odds it adds, and by how much it moves the probability. Where it takes away (below 0), `label` is
    what it prefers; if that is the verdict's label, it is only less sure than the others."""

    opinion: Opinion
    label: str
    rival: str
    adds: float
    moves: float
    verdict: str

    @property
    def stance(self) -> Stance:
        """What it does for the verdict; an opinion that agrees and is less sure is context."""
        if self.adds >= 0:
            return "supports"
        return "context" if self.label == self.verdict else "against"


def tell(reading: Reading, cited: Sequence[Evidence], text: str) -> Told | None:
    """The sentence and what of `cited`, the evidence of the opinion, it names; `None` without any. `text` are the
    words of the utterance."""
    return _TELLERS.get(reading.opinion.modality, _plain)(reading, cited, text) if cited else None


def undecided(reading: Reading, cited: Sequence[Evidence], text: str) -> Told | None:
    """The sentence for an opinion that makes next to no difference."""
    who = {"text": _quoted(text)[0], "face": "What the face shows", "voice": "The voice"}.get(reading.opinion.modality)
    if not cited:
        return None
    if who is None:
        return f"{cited[0].finding.rstrip('.')}, which makes next to no difference.", cited[:1]
    verb = "make" if who.startswith("The words") else "makes"
    return f"{who} {verb} next to no difference.", cited


def percent(share: float) -> str:
    """`62 %`; never all and never nothing."""
    if share >= 0.995:
        return "over 99 %"
    return "under 1 %" if share < 0.005 else f"{round(100 * share)} %"


def named(label: str) -> str:
    """The label as the object of a sentence."""
    return "a neutral expression" if label == "neutral" else label


def _suggests(reading: Reading, plural: bool = False) -> str:
    """`suggests joy (62 %)`; where another label leads the opinion, that one and the comparison that counts."""
    masses, verb = reading.opinion.distribution, "" if plural else "s"
    first = max(masses, key=lambda name: masses[name])
    share = masses.get(reading.label, 0.0)
    if reading.stance == "context":
        return f"suggest{verb} {named(reading.label)} as well, but less surely ({percent(share)})"
    leading = reading.label if share >= masses[first] else first
    told = f"suggest{verb} {named(leading)} ({percent(masses[leading])})"
    if leading == reading.label:
        return told
    return f"{told}, but fit{verb} {named(reading.label)} ({percent(share)}) better than {named(reading.rival)}"


def _words(reading: Reading, cited: Sequence[Evidence], text: str) -> Told:
    who, plural = _quoted(text)
    masses = reading.opinion.distribution
    leads = reading.stance == "supports" and masses[reading.label] >= max(masses.values())
    open_labels = [name for name in reading.opinion.open_labels if name not in masses]
    more = f", more closely {open_labels[0]}" if open_labels and leads else ""
    return f"{who} {_suggests(reading, plural)}{more}.", cited


def _quoted(text: str) -> tuple[str, bool]:
    """What was said as the subject of a sentence, and whether it is a plural."""
    plain = re.sub(r"…( …)+", "…", " ".join(text.replace(INAUDIBLE, " … ").split()))
    short = plain if len(plain) <= LONGEST else plain[: LONGEST - 1].rsplit(" ", 1)[0] + "…"
    spoken = [word for word in plain.split() if word != "…"]
    if len(spoken) == 1:
        return f"The word ‘{short}’", False
    return (f"The words ‘{short}’", True) if spoken else ("The words", True)


def _face(reading: Reading, cited: Sequence[Evidence], text: str) -> Told:
    def favours(item: Evidence) -> float:
        return _share(item, reading.label) - _share(item, reading.rival)

    items = sorted((item for item in cited if favours(item) > 0), key=lambda item: -favours(item))
    if not items:
        return f"What the face shows {_suggests(reading)}.", cited
    if items[0].kind == "face_at_rest":
        return f"The face is at rest, which {_suggests(reading)}.", items[:1]
    shown = [item for item in items if item.kind == "action_unit"][:MOST_UNITS]
    return f"The face shows {_listed([_unit(item) for item in shown])}, which {_suggests(reading)}.", shown


def _share(item: Evidence, label: str) -> float:
    """What an item adds to the score of a label's combination of units."""
    return weight_for(item, label) / sum(RULES.get(label, {0: 1.0}).values())


def _unit(item: Evidence) -> str:
    parts = [f"{UNITS_SEEN.get(unit, 'a movement')} (AU{unit}) at {value:.1f} of 5" for unit, value in units(item)]
    return " with ".join(parts)


def _voice(reading: Reading, cited: Sequence[Evidence], text: str) -> Told:
    noted = [item for item in cited if abs(deviation(item) or 0.0) > NOTED and _fits(item, reading) > 0]
    noted = sorted(noted, key=lambda item: -_fits(item, reading))[:MOST]
    if not noted:
        usual = all(abs(deviation(item) or 0.0) <= NOTED for item in cited)
        subject = "The voice is close to the usual, which" if usual else "The voice as a whole"
        return f"{subject} {_suggests(reading)}.", cited
    return f"The voice {_heard(noted)}, which {_aroused(reading)}.", noted


def _fits(item: Evidence, reading: Reading) -> float:
    """How much nearer a cue is to the profile of the label than to the rival's, in squared standard deviations times
    reliability."""
    if item.kind not in CUES_HEARD or not {reading.label, reading.rival} <= PROFILES.keys():
        return 0.0
    place, z = KINDS.index(item.kind), deviation(item) or 0.0
    near, far = (STEP * PROFILES[label][place] for label in (reading.label, reading.rival))
    return item.reliability * ((z - far) ** 2 - (z - near) ** 2)


def _heard(noted: Sequence[Evidence]) -> str:
    """`is higher and louder than usual, with more pauses`."""
    words = {item.kind: CUES_HEARD[item.kind][(deviation(item) or 0.0) > 0] for item in noted}
    pauses = words.pop("pauses", None)
    if not words:
        return f"has {pauses} than usual"
    return f"is {_listed(list(words.values()))} than usual{f', with {pauses}' if pauses else ''}"


def _aroused(reading: Reading) -> str:
    """`suggests high arousal and joy (31 %)`."""
    level, label = reading.opinion.arousal or 0.0, _suggests(reading)
    if abs(level) < AROUSED:
        return label
    return f"suggests {'high' if level > 0 else 'low'} arousal and {label.removeprefix('suggests ')}"


def _dialogue(reading: Reading, cited: Sequence[Evidence], text: str) -> Told:
    found = [item for item in cited if item.kind in dialogue.KINDS]
    if not found:
        return _plain(reading, cited, text)
    told = [found[0].finding.rstrip("."), *(f"{i.finding[0].lower()}{i.finding[1:].rstrip('.')}" for i in found[1:])]
    likely = "likelier" if reading.adds >= 0 else "less likely"
    return f"{', and '.join(told)}, which on balance makes {named(reading.verdict)} {likely}.", found


def _plain(reading: Reading, cited: Sequence[Evidence], text: str) -> Told:
    return f"{cited[0].finding.rstrip('.')}, which {_suggests(reading)}.", cited[:1]


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


_TELLERS: Mapping[Modality, Callable[[Reading, Sequence[Evidence], str], Told]] = {
    "text": _words,
    "face": _face,
    "voice": _voice,
    "dialogue": _dialogue,
}

"""Why a verdict is what it is: a few plain sentences from what carried it, each with the evidence it stands on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from emoagent.agents import dialogue
from emoagent.agents.face_opinion import units, weight_for
from emoagent.agents.fusion import Pool, Share, log_mass
from emoagent.agents.voice_opinion import CUES, deviation
from emoagent.schema import Claim, Conflict, Evidence, Modality, Opinion

MOST_FOR = 2  # sentences that support
LONGEST = 60  # characters of a quotation
NOTED = 0.67  # standard deviations from which a voice cue is worth a word, as in the voice agent
FEWEST = 0.03  # share of the leading contribution below which a modality is not worth a sentence

# Names of the Facial Action Coding System (Ekman, Friesen & Hager 2002).
UNIT_NAMES: Mapping[int, str] = {
    1: "inner brow raiser", 2: "outer brow raiser", 4: "brow lowerer", 5: "upper lid raiser", 6: "cheek raiser",
    7: "lid tightener", 9: "nose wrinkler", 10: "upper lip raiser", 12: "lip corner puller", 15: "lip corner depressor",
    17: "chin raiser", 20: "lip stretcher", 23: "lip tightener", 24: "lip pressor", 26: "jaw drop",
}  # fmt: skip
CUE_WORDS: Mapping[str, tuple[str, str]] = {
    "pitch": ("low", "high"), "pitch_variation": ("monotonous", "lively"), "loudness": ("quiet", "loud"),
    "effort": ("soft", "hard"), "rate": ("slow", "fast"), "pauses": ("with few pauses", "with many pauses"),
}  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """An opinion with the label it is asked about, the rival, and the log-odds it adds to the verdict's label."""

    opinion: Opinion
    label: str
    rival: str
    adds: float


def explain(pooled: Pool, evidence: Sequence[Evidence], text: str, conflict: Conflict | None) -> tuple[Claim, ...]:
    """The claims for the first label of `pooled` against the second. Where there is a conflict, both its readings are
    among them; under the policy `report-both` they come first."""
    label, rival = pooled.ranked[:2]
    readings = sorted((_reading(share, label, rival) for share in pooled.shares), key=lambda r: -abs(r.adds))
    leading = max((abs(reading.adds) for reading in readings), default=0.0)
    worth = [r for r in readings if abs(r.adds) >= FEWEST * leading]
    parties = conflict.kind.split("-") if conflict else []
    supports = ([r for r in worth if r.adds > 0] or [r for r in worth if not r.adds])[:MOST_FOR]  # or: a tie of two
    against = [r for r in worth if r.adds < 0][:1]
    missing = [r for r in readings if r.opinion.modality in parties and r not in (*supports, *against)]
    chosen = [*supports, *against, *missing]
    if conflict and conflict.policy == "report-both":
        chosen.sort(key=lambda r: r.opinion.modality not in parties)
    known = {item.id: item for item in evidence}
    claims = [_claim(r, [known[c] for c in r.opinion.cites if c in known], text) for r in chosen]
    return tuple(claim for claim in claims if claim is not None)


def _reading(share: Share, label: str, rival: str) -> Reading:
    adds = share.weight * (log_mass(share.opinion, label) - log_mass(share.opinion, rival))
    if adds >= 0:
        return Reading(share.opinion, label, rival, adds)
    best = max(share.opinion.distribution, key=lambda name: share.opinion.distribution[name])
    return Reading(share.opinion, rival if best == label else best, label, adds)


def _claim(reading: Reading, cited: Sequence[Evidence], text: str) -> Claim | None:
    told = _TELLERS.get(reading.opinion.modality, _plain)(reading, cited, text)
    if told is None:
        return None
    sentence, items = told
    cites = tuple(item.id for item in items)
    if reading.opinion.modality == "dialogue":
        return Claim(text=sentence, cites=cites, stance="context")
    if reading.adds < 0:
        return Claim(text=f"Against it: {sentence[0].lower()}{sentence[1:]}", cites=cites, stance="against")
    return Claim(text=sentence, cites=cites)


Told = tuple[str, Sequence[Evidence]] | None


def _suggests(reading: Reading, plural: bool = False) -> str:
    """`suggests joy (62 %)`, or the comparison where another label leads the opinion."""
    masses, verb = reading.opinion.distribution, "" if plural else "s"
    share = round(100 * masses[reading.label])
    if masses[reading.label] >= max(masses.values()):
        return f"suggest{verb} {reading.label} ({share} %)"
    return f"speak{verb} more for {reading.label} ({share} %) than for {reading.rival}"


def _words(reading: Reading, cited: Sequence[Evidence], text: str) -> Told:
    plain = " ".join(text.split())
    short = plain if len(plain) <= LONGEST else plain[: LONGEST - 1].rsplit(" ", 1)[0] + "…"
    return (f"The words ‘{short}’ {_suggests(reading, plural=True)}.", cited) if cited else None


def _face(reading: Reading, cited: Sequence[Evidence], text: str) -> Told:
    ranked = sorted(cited, key=lambda item: -weight_for(item, reading.label))
    items = [item for item in ranked if weight_for(item, reading.label) > 0][:2]
    if not items:
        return (f"What the face shows {_suggests(reading)}.", cited) if cited else None
    if items[0].kind == "face_at_rest":
        return f"The face is at rest, which speaks for {reading.label}.", items[:1]
    shown = [_unit(item) for item in items if item.kind == "action_unit"]
    return f"The face shows {' and '.join(shown)}, which speaks for {reading.label}.", items[: len(shown)]


def _unit(item: Evidence) -> str:
    parts = [f"{UNIT_NAMES.get(unit, 'a movement')} (AU{unit}) at {value:.1f} of 5" for unit, value in units(item)]
    return " with ".join(parts)


def _voice(reading: Reading, cited: Sequence[Evidence], text: str) -> Told:
    strength = {item.id: abs(deviation(item) or 0.0) * abs(CUES[item.kind]) for item in cited}
    noted = [item for item in cited if abs(deviation(item) or 0.0) > NOTED]
    noted = sorted(noted, key=lambda item: -strength[item.id])[:3]
    if not noted:
        return (f"The voice is as usual, which fits {reading.label}.", cited) if cited else None
    words = [CUE_WORDS[item.kind][(deviation(item) or 0.0) > 0] for item in noted]
    listed = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
    rival = f" better than {reading.rival}"
    return f"The voice is {listed} against what was heard before, which fits {reading.label}{rival}.", noted


def _dialogue(reading: Reading, cited: Sequence[Evidence], text: str) -> Told:
    return (cited[0].finding, cited[:1]) if cited and cited[0].kind == dialogue.KIND else None


def _plain(reading: Reading, cited: Sequence[Evidence], text: str) -> Told:
    return (f"{cited[0].finding.rstrip('.')}, which {_suggests(reading)}.", cited[:1]) if cited else None


_TELLERS: Mapping[Modality, Callable[[Reading, Sequence[Evidence], str], Told]] = {
    "text": _words,
    "face": _face,
    "voice": _voice,
    "dialogue": _dialogue,
}

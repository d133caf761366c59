"""Recorded evidence of a clip as typed evidence, as the program's own agents would give it.

Face: action units of `LEAST` or more, or a face at rest. A unit is trusted as far as our own table trusts it
(`tools/sight/action_unit_table.py`), less at the mouth because the person talks, and less because it was not recorded
whose face it is. Voice: what the description says of pitch, liveliness and pace, in steps as in docs/design/voice.md;
sentences that deny something are left out, and so is what names an emotion or a sentiment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from emoagent.agents.face_look import ALONE
from emoagent.evals.corpora.meld_evidence import Recorded
from emoagent.schema import Evidence, Measure, Modality, Producer, Span, Utterance
from emoagent.tools.sight.action_unit_table import UNITS

LEAST = 0.5  # intensity below which a unit is not told
AT_REST = 0.6  # reliability of a face at rest
DESCRIBED = 0.3  # reliability of a described voice: a language model's impression, with no speaker to compare with
CLEAR, SLIGHT = 1.28, 0.67  # standard deviations that "high" and "rather high" stand for
_TRUST = {int(unit.name[2:]): unit.trust * unit.in_speech for unit in UNITS}
_DENIED = re.compile(r"\b(no|not|without|nor)\b")
# Kind of cue -> (what is said, standard deviations from the usual).
CUES = {
    "pitch": ((r"high[ -]pitch", CLEAR), (r"low[ -]pitch|relatively low", -CLEAR), (r"pitch is consistent", 0.0)),
    "pitch_variation": ((r"monoton|\bflat\b", -CLEAR), (r"\bexpressive\b", SLIGHT), (r"\bnatural\b|\bnormal\b", 0.0)),
    "rate": ((r"\bfast|\brapid|\bquickly", CLEAR), (r"\bslow", -CLEAR), (r"normal (pace|rate)", 0.0)),
}


def face_evidence(utterance: Utterance, clip: Recorded) -> Iterator[Evidence]:
    """The units that are seen, one piece of evidence each; without one, a face at rest."""
    seen = {unit: value for unit, value in sorted(clip.units.items()) if value >= LEAST and unit in _TRUST}
    at = min(utterance.span.start + clip.peak, utterance.span.end)
    for number, (unit, value) in enumerate(seen.items(), start=1):
        told = f"AU{unit} reaches {value:.1f} of 5 at the peak frame"
        measures = {f"AU{unit}": Measure(value=value, unit="intensity 0-5")}
        yield _item(
            utterance, "face", number, "action_unit", told, ALONE * _TRUST[unit], measures, Span(start=at, end=at)
        )
    if not seen:
        yield _item(
            utterance, "face", 1, "face_at_rest", "No action unit is seen at the peak frame", ALONE * AT_REST, {}
        )


def voice_evidence(utterance: Utterance, clip: Recorded) -> Iterator[Evidence]:
    """What is said of the voice, one piece of evidence a cue; a cue that is told two ways is left out."""
    sentences = [s for s in re.split(r"(?<=[.!?]) ", clip.voice.lower()) if not _DENIED.search(s)]
    text = " ".join(sentences)
    for number, (kind, words) in enumerate(CUES.items(), start=1):
        steps = {step for pattern, step in words if re.search(pattern, text)}
        marked = {step for step in steps if step}
        if len(marked) <= 1 and steps:
            step = marked.pop() if marked else 0.0
            measures = {"z": Measure(value=step, unit="standard deviations")}
            told = (
                f"The description of the voice puts its {kind.replace('_', ' ')} {step:+.1f} deviations off the usual"
            )
            yield _item(utterance, "voice", number, kind, told, DESCRIBED, measures)


def _item(
    utterance: Utterance,
    modality: Modality,
    number: int,
    kind: str,
    finding: str,
    reliability: float,
    measures: dict[str, Measure],
    span: Span | None = None,
) -> Evidence:
    return Evidence(
        id=f"{utterance.id}.recorded-{modality}.{number}",
        utterance=utterance.id,
        modality=modality,
        kind=kind,
        span=span or utterance.span,
        finding=finding,
        measures=measures,
        reliability=reliability,
        saw_text=False,
        producer=Producer(name="meld-evidence", version="0", revision="recorded"),
    )

"""One utterance as a JSON object: what the JSON Lines and the metadata track carry."""

from __future__ import annotations

from typing import Any

from emoagent.schema import Claim, Evidence, Verdict
from emoagent.viewer.exports.cleaning import clean
from emoagent.viewer.exports.lines import Line
from emoagent.viewer.exports.result import Result

Record = dict[str, Any]


def record(result: Result, line: Line) -> Record:
    """Times in seconds, cleaned text, the label that stands, the machine's verdict with its claims."""
    who = {"utterance": line.id, "start": line.start / 1000, "end": line.end / 1000,
           "person": None if line.person is None else clean(line.person), "speaker": line.speaker}  # fmt: skip
    said = {"text": line.text, "label": line.label, "label_by": "person" if line.by_person else "machine"}
    verdict = _verdict(result, line.machine) if line.machine else None
    conflicts = [{"kind": each.kind, "divergence": each.divergence} for each in line.conflicts]
    return who | said | {"verdict": verdict, "conflicts": conflicts}


def _verdict(result: Result, verdict: Verdict) -> Record:
    kept = ("label", "confidence", "distribution", "alternatives", "valence", "arousal", "abstained", "invalid", "mode")
    told = verdict.model_dump(mode="json", include=set(kept))
    free = {"open_labels": [clean(each) for each in verdict.open_labels], "reasoner": clean(verdict.reasoner),
            "reason": None if verdict.reason is None else clean(verdict.reason)}  # fmt: skip
    links = {"causes": [clean(each) for each in verdict.causes]}
    return {name: told[name] for name in kept} | free | links | {"claims": [_claim(result, c) for c in verdict.claims]}


def _claim(result: Result, claim: Claim) -> Record:
    cited = (result.evidence.get(name) for name in claim.cites)
    evidence = [_evidence(each) for each in cited if each is not None]
    return {"text": clean(claim.text), "stance": claim.stance, "evidence": evidence}


def _evidence(item: Evidence) -> Record:
    span = {"start": round(item.span.start, 3), "end": round(item.span.end, 3)}
    return {"id": clean(item.id), "modality": item.modality, **span, "finding": clean(item.finding)}

"""The words of the report: numbers, names and findings as a reader meets them. Terminal and page share them."""

from __future__ import annotations

from typing import Final

from emoagent.schema import Audit, Claim, ClaimAudit, Conflict, Contribution, Verdict

SOURCES: Final = {"text": "words", "face": "face", "voice": "voice", "behavior": "behaviour", "dialogue": "dialogue"}
POLICIES: Final = {
    "reliability-weighted": "The verdict weighs each source by its reliability; both readings are kept.",
    "report-both": "Both readings are reported and neither is preferred.",
    "face-first": "The verdict gives the face precedence; both readings are kept.",
    "voice-first": "The verdict gives the voice precedence; both readings are kept.",
}
PURPOSES: Final = {
    "caption": "Describe the behaviour",
    "judge": "Judge",
    "repair": "Mend the answer",
    "ablate": "Judge without one source",
    "verify": "Second model",
}
DISPUTES: Final = {
    "valence": "one pleasant, one unpleasant",
    "neutral": "only one expresses anything",
    "category": "different labels",
}
NO_REASON: Final = "no reason given"


def clock(seconds: float) -> str:
    """`65.25` as `1:05.2`, one hour as `1:00:00.0`."""
    tenths = int(seconds * 10 + 1e-6)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    tail = f"{rest // 10:02d}.{rest % 10}"
    return f"{hours}:{minutes:02d}:{tail}" if hours else f"{minutes}:{tail}"


def percent(share: float) -> str:
    """`0.616` as `62 %`; a share that is not nothing is never shown as nothing, nor one that is not all as
    all."""
    if 0 < share < 0.005:
        return "<1 %"
    if 0.995 <= share < 1:
        return ">99 %"
    return f"{share * 100:.0f} %"


def signed(value: float) -> str:
    """`-0.24` as `−0.24`, with a real minus sign."""
    return f"{value:+.2f}".replace("-", "−") if round(value, 2) else "0.00"


def count(number: int, noun: str) -> str:
    """`1 conflict`, `2 conflicts`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def verdict_name(verdict: Verdict | None) -> str:
    """The label, or a word for its absence."""
    if verdict is None:
        return "no verdict"
    return verdict.label or ("invalid" if verdict.invalid else "abstained")


def silence(verdict: Verdict | None) -> str:
    """Why there is no label."""
    if verdict is None:
        return "this utterance was not judged"
    return verdict.reason or NO_REASON


def one_line(verdict: Verdict | None, audit: Audit | None = None) -> str:
    """The first claim that supports the label, or the reason of silence. A claim that the audit found supported goes
    before one that it did not, and the latter says so."""
    if verdict is None or verdict.label is None:
        return silence(verdict)
    failed = {mark.claim: mark for mark in audit.claims if mark.supported is False} if audit else {}
    ranked = sorted(enumerate(verdict.claims), key=lambda pair: (pair[0] in failed, _stance(pair[1])))
    if not ranked:
        return "no claim was made"
    place, claim = ranked[0]
    return f"{claim.text} ({unsupported(failed[place])})" if place in failed else claim.text


def conflict_title(conflict: Conflict) -> str:
    """`Words and face disagree`."""
    names = [SOURCES.get(part, part) for part in conflict.kind.split("-")]
    return f"{' and '.join(names)} disagree".capitalize()


def without_source(each: Contribution) -> str:
    """What the verdict would be without one source: `without it: sadness, 0.41 bits away`."""
    label = each.label or "no label"
    moved = "" if each.divergence is None else f", {each.divergence:.2f} bits away"
    return f"without it: {label}{moved}" if each.flipped else f"without it still {label}{moved}"


def audit_sentences(audit: Audit) -> tuple[str, str]:
    """A heading and a plain sentence for what the audit found."""
    if audit.finding == "not-tested" and audit.claims:
        return "Not tested", "The language model was not asked again without the evidence that it cites."
    if audit.finding == "not-tested":
        return "Not tested", "There was no cited evidence to take away."
    if audit.finding == "decoration":
        return "Decoration", f"{_moved(audit)}{_uncited(audit)} The explanation does not carry the verdict."
    return "Carried by its evidence", f"{_moved(audit)}{_uncited(audit)}"


def claim_audit(audit: ClaimAudit) -> str:
    """What one claim alone does to the verdict, or why it is not supported."""
    if audit.supported is False:
        return unsupported(audit)
    if audit.supported is None and not audit.flipped and not audit.divergence:
        return "not tested"
    if audit.flipped:
        return "without it the label changes"
    return f"without it {audit.divergence:.2f} bits move"


def rests_on(audit: ClaimAudit) -> str | None:
    """What of the words a claim about them rests on, or what was said before."""
    if audit.words:
        return f"it rests most on ‘{audit.words}’"
    if audit.alone is None:
        return None
    turns = "turn" if len(audit.earlier) == 1 else "turns"
    return f"without the {turns} before, the words would suggest {audit.alone}"


def unsupported(audit: ClaimAudit) -> str:
    """`not supported: without its evidence the verdict stays as it is`."""
    return f"not supported: {audit.reason or NO_REASON}"


def _stance(claim: Claim) -> int:
    return ("supports", "context", "against").index(claim.stance)


def _moved(audit: Audit) -> str:
    if audit.cited_flipped:
        return "Removing the cited evidence changes the verdict"
    if audit.cited_divergence >= 0.05:
        return f"Removing the cited evidence keeps the label but moves {_bits(audit)}"
    return "Removing the cited evidence changes next to nothing"


def _bits(audit: Audit) -> str:
    return f"{audit.cited_divergence:.2f} bits"


def _uncited(audit: Audit) -> str:
    if audit.uncited_divergence is None:
        return "; nothing uncited was left to compare with."
    others = "as many uncited items"
    if audit.uncited_removed and audit.cited_removed and audit.uncited_removed < audit.cited_removed:
        others = f"all there is besides, {count(audit.uncited_removed, 'uncited item')},"
    if not audit.uncited_flipped:
        also = "does not" if audit.cited_flipped else f"moves {audit.uncited_divergence:.2f} bits"
        return f"; removing {others} {also}."
    return f"; removing {others} changes the verdict in {percent(audit.uncited_flipped)} of the trials."

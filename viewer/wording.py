"""Numbers, names and findings in words, on the terminal and where a page runs no script; `wording.ts` has the rest."""

from __future__ import annotations

from typing import Final

from emoagent.schema import Audit, Claim, ClaimAudit, Conflict, Verdict

SOURCES: Final = {"text": "words", "face": "face", "voice": "voice", "behavior": "behaviour", "dialogue": "dialogue"}
NO_REASON: Final = "no reason given"


def percent(share: float) -> str:
    """`0.616` as `62 %`; what is not nothing is never shown as nothing, nor what is not all as all."""
    if 0 < share < 0.005:
        return "<1 %"
    if 0.995 <= share < 1:
        return ">99 %"
    return f"{share * 100:.0f} %"


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


def unsupported(audit: ClaimAudit) -> str:
    """`not supported: without its evidence the verdict stays as it is`."""
    return f"not supported: {audit.reason or NO_REASON}"


def _stance(claim: Claim) -> int:
    return ("supports", "context", "against").index(claim.stance)

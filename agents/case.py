"""What a reasoner is given and what it answers; the learned reasoner and the language model use the same interface."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from emoagent.schema import Conflict, Evidence, Mode, Opinion, Policy, Utterance, Verdict

QUOTATION = "quotation"  # the kind of evidence that holds what is said


@dataclass(frozen=True)
class Turn:
    """An utterance that has been judged. `quoted` are the ids of the evidence that quotes it."""

    utterance: Utterance
    verdict: Verdict
    quoted: tuple[str, ...] = ()


def turn_of(utterance: Utterance, verdict: Verdict, evidence: Iterable[Evidence]) -> Turn:
    """The turn, with its quotations among `evidence`."""
    return Turn(utterance, verdict, tuple(item.id for item in evidence if item.kind == QUOTATION))


@dataclass(frozen=True)
class Case:
    """One utterance with everything known about it. `history` holds the turns before it, oldest first."""

    utterance: Utterance
    evidence: tuple[Evidence, ...]
    opinions: tuple[Opinion, ...]
    history: tuple[Turn, ...]
    label_set: str
    policy: Policy
    mode: Mode


@dataclass(frozen=True)
class Judgement:
    """A verdict and the conflicts that it met."""

    verdict: Verdict
    conflicts: tuple[Conflict, ...] = ()


class Reasoner(Protocol):
    """Judges a case from the case alone; `name` goes into the verdict."""

    @property
    def name(self) -> str:
        """A short name, e.g. `embedded`."""

    def __call__(self, case: Case) -> Judgement:
        """The verdict; abstains rather than guesses."""

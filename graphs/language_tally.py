"""What became of the questions to a language model, counted: nothing that was lost on the way goes unsaid."""

from __future__ import annotations

from dataclasses import dataclass

from emoagent.schema import Fault

TWICE = "answered twice in a form that could not be used"


@dataclass
class Tally:
    """Verdicts: `judged`, `abstained`, `invalid` (of which `unanswered`), `not_asked`. The rest is of what else was
    asked, and of what was dropped."""

    judged: int = 0
    abstained: int = 0
    invalid: int = 0
    unanswered: int = 0
    not_asked: int = 0
    repaired: int = 0
    invented: int = 0
    bare: int = 0
    agreed: int = 0
    disagreed: int = 0
    unsettled: int = 0
    ablated: int = 0
    unreadable: int = 0

    def told(self, name: str) -> str:
        """One line, e.g. `8 utterances: 7 judged by NAME, 1 invalid; 2 invented citations dropped`."""
        total = self.judged + self.abstained + self.invalid + self.not_asked
        verdicts = (
            (self.abstained, "abstained"),
            (self.invalid, "invalid"),
            (self.not_asked, "without evidence and not asked about"),
        )
        parts = [f"{self.judged} judged by {name}", *(f"{number} {what}" for number, what in verdicts if number)]
        also = [_counted(number, one, more) for number, one, more in self._besides() if number]
        return "; ".join([f"{_counted(total, 'utterance', 'utterances')}: {', '.join(parts)}", *also])

    def faults(self, name: str) -> list[Fault]:
        """Where a verdict is missing for want of an answer: how many, why, and what can be done."""
        twice = self.invalid - self.unanswered
        beside = "the embedded verdicts stand beside them (baseline)"
        found = []
        if self.unanswered:
            hint = "a longer EMOAGENT_TIMEOUT, or a smaller EMOAGENT_AT_ONCE"
            found.append(_fault(name, "unanswered", self.unanswered, f"not answered; {beside}", hint))
        if twice:
            hint = "the trace holds question and answer (calls); a model of more parameters, or another server"
            found.append(_fault(name, "invalid_answer", twice, f"{TWICE}; {beside}", hint))
        return found

    def _besides(self) -> tuple[tuple[int, str, str], ...]:
        return (
            (self.repaired, "answer read at the second try", "answers read at the second try"),
            (self.invented, "invented citation dropped", "invented citations dropped"),
            (self.bare, "sentence without evidence dropped", "sentences without evidence dropped"),
            (self.agreed, "confirmed by a second model", "confirmed by a second model"),
            (self.disagreed, "contradicted by a second model", "contradicted by a second model"),
            (self.unsettled, "not usable from the second model", "not usable from the second model"),
            (self.ablated, "question without one source", "questions without one source"),
            (self.unreadable, "of these not usable", "of these not usable"),
        )


def _counted(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"


def _fault(name: str, code: str, number: int, what: str, hint: str) -> Fault:
    return Fault(source=name, code=code, message=f"{_counted(number, 'question', 'questions')} {what}", hint=hint)

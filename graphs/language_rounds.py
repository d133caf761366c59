"""The questions to language models, one round after the other: what is expressed, once more where the answer could not
be read, a second model where the first is unsure, and the same without each source. Within a round all are independent,
so that a server may work on many at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from emoagent.agents.case import Judgement
from emoagent.agents.conflict import divergence
from emoagent.agents.language.answer import LanguageAnswer, read_answer
from emoagent.agents.language.evidence import Shown
from emoagent.agents.language.question import again, question
from emoagent.agents.language.verdict import Reading, believed, second, weigh
from emoagent.graphs.language_tally import Tally
from emoagent.schema import Contribution, Modality
from emoagent.settings import Settings
from emoagent.tools.language.generation import Generator, Question, Reply, Unanswered
from emoagent.tools.language.json_answer import Unreadable
from emoagent.tools.progress import tell

K = TypeVar("K")


@dataclass(frozen=True)
class Asked:
    """What a language model is shown of an utterance, and what the embedded reasoner makes of it."""

    shown: Shown
    embedded: Judgement

    @property
    def worth(self) -> bool:
        """Whether there is anything to judge by: turns before alone are no evidence."""
        return bool(self.shown.parts)


@dataclass(frozen=True)
class Failed:
    """No answer, or none that could be used. `told`: what was answered; `None` where nothing was."""

    reason: str
    told: str | None = None


Found = LanguageAnswer | Failed


@dataclass
class Rounds:
    """Asks about the utterances in `asked`, and counts what comes of it."""

    asked: Sequence[Asked]
    reasoner: Generator
    verifier: Generator | None
    settings: Settings
    tally: Tally = field(default_factory=Tally)

    def answers(self) -> dict[int, Found]:
        """By the place of the utterance; those without evidence are not asked about. What cannot be read is asked once
        more, with the reason; what was not answered is not."""
        found = dict[int, Found]()
        worth = [place for place, each in enumerate(self.asked) if each.worth]
        for place, answer in _asked(self.reasoner, worth, self._question, self._shown):
            found[place] = answer
            tell(self.asked[place].shown.case.utterance.span.end)
        wrong = {place: each for place, each in found.items() if isinstance(each, Failed) and each.told is not None}

        def repair(place: int) -> Question:
            return again(self._shown(place), self.settings.seed, wrong[place].told or "", wrong[place].reason)

        for place, answer in _asked(self.reasoner, list(wrong), repair, self._shown):
            self.tally.repaired += isinstance(answer, LanguageAnswer)
            found[place] = answer
        return found

    def readings(self, answers: dict[int, Found]) -> dict[int, Reading]:
        """The answers as they are believed; where that is little, a second model is asked."""
        found = {
            place: weigh(answer, self.asked[place].embedded.verdict, self._label_set(place))
            for place, answer in answers.items()
            if isinstance(answer, LanguageAnswer)
        }
        return found if self.verifier is None else found | self._seconded(self.verifier, found)

    def contributions(self, readings: dict[int, Reading]) -> tuple[Contribution, ...]:
        """What each source adds to a label: the same question without it, where another source is left."""
        pairs = [
            (place, source)
            for place, reading in readings.items()
            if reading.label is not None
            for source in self._shown(place).sources
            if self._shown(place).without(source).parts
        ]

        def without(pair: tuple[int, Modality]) -> Shown:
            return self._shown(pair[0]).without(pair[1])

        def ask(pair: tuple[int, Modality]) -> Question:
            return question(without(pair), self.settings.seed, "ablate", f"ablate.{pair[1]}")

        found = list[Contribution]()
        for pair, answer in _asked(self.reasoner, pairs, ask, without):
            if isinstance(answer, LanguageAnswer):
                found.append(_contribution(without(pair), pair[1], readings[pair[0]], answer))
        self.tally.ablated += len(pairs)
        self.tally.unreadable += len(pairs) - len(found)
        return tuple(found)

    def _seconded(self, verifier: Generator, readings: dict[int, Reading]) -> dict[int, Reading]:
        below = self.settings.verify_below
        unsure = [p for p, each in readings.items() if each.label is not None and (each.confidence or 0) < below]

        def ask(place: int) -> Question:
            return question(self._shown(place), self.settings.seed, "verify", "verify")

        found = dict[int, Reading]()
        for place, answer in _asked(verifier, unsure, ask, self._shown):
            if isinstance(answer, LanguageAnswer):
                baseline = self.asked[place].embedded.verdict
                found[place] = second(readings[place], answer, baseline, self._label_set(place))
        self.tally.agreed += sum(each.verified is True for each in found.values())
        self.tally.disagreed += sum(each.verified is False for each in found.values())
        self.tally.unsettled += len(unsure) - len(found)
        return found

    def _question(self, place: int) -> Question:
        return question(self._shown(place), self.settings.seed)

    def _shown(self, place: int) -> Shown:
        return self.asked[place].shown

    def _label_set(self, place: int) -> str:
        return self._shown(place).case.label_set


def _asked(
    model: Generator, keys: Sequence[K], ask: Callable[[K], Question], shown: Callable[[K], Shown]
) -> Iterator[tuple[K, Found]]:
    for key, reply in zip(keys, model.answers(map(ask, keys)), strict=True):
        yield key, _read(reply, shown(key))


def _read(reply: Reply, shown: Shown) -> Found:
    if isinstance(reply, Unanswered):
        return Failed(f"the language model did not answer: {reply.message}")
    try:
        return read_answer(reply.text, reply.finish, shown.ids, shown.case.label_set)
    except Unreadable as error:
        return Failed(str(error), reply.text)


def _contribution(shown: Shown, source: Modality, reading: Reading, answer: LanguageAnswer) -> Contribution:
    label_set = shown.case.label_set
    moved = None if answer.label is None else divergence(reading.distribution, believed(answer, label_set))
    return Contribution(
        utterance=shown.case.utterance.id,
        modality=source,
        label=answer.label,
        divergence=moved,
        flipped=answer.label != reading.label,
    )

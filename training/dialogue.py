"""Measures what `emoagent.agents.dialogue` states: `python -m emoagent.training.dialogue --data DIR`.

DIR holds `ecf/`, `emorynlp/` and `meld/`. Prints how long an expression stays in a speaker and how far it spreads
(ECF train, by the seconds between two turns; EmoryNLP train, which has no times), what the text model usually says
(EmoryNLP train), and what the verdicts on earlier and on later turns are worth beside the text, for some weights
(MELD dev, EmoryNLP dev; test splits are not touched). A few minutes on one core.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from emoagent.agents import fusion
from emoagent.agents.case import Case, Turn
from emoagent.agents.dialogue import FARTHEST, recall
from emoagent.agents.reasoner import embedded
from emoagent.evals.benchmark import Options
from emoagent.evals.corpora.ecf import ecf
from emoagent.evals.corpora.emorynlp import emorynlp
from emoagent.evals.corpora.line import Line
from emoagent.evals.corpora.meld import meld
from emoagent.evals.replay import by_verdict, dialogues, episode, replay
from emoagent.evals.scoring.answer import Answer
from emoagent.evals.scoring.labels import weighted_f1
from emoagent.evals.scoring.rows import difference
from emoagent.graphs.judgement import opine_all
from emoagent.labels import DEFAULT, labels
from emoagent.schema import Opinion
from emoagent.settings import load_settings

BOUNDS = (1.0, 2.0, 4.0, 8.0, 60.0)  # seconds
WEIGHTS = (0.2, 0.4, 0.7, 1.0)
FIRST = 1000  # lines of EmoryNLP train on which the text model's usual answers are taken
# The nearest label of meld7: what is peaceful is closest to neutral, what is powerful to joy.
NEAREST: Mapping[str, str] = {
    "neutral": "neutral", "joyful": "joy", "peaceful": "neutral", "powerful": "joy", "scared": "fear", "mad": "anger",
    "sad": "sadness",
}  # fmt: skip


@dataclass(frozen=True)
class Pair:
    """Two turns of one dialogue: their labels, and the seconds between them where times are known."""

    earlier: str
    later: str
    gap: float | None
    same: bool


def pairs(lines: Sequence[Line]) -> Iterator[Pair]:
    """Each turn with the same speaker's latest, and with the turn just before where another said it."""
    for dialogue in dialogues(lines):
        for place, line in enumerate(dialogue):
            before = dialogue[max(0, place - FARTHEST) : place][::-1]
            own = [turn for turn in before if turn.speaker == line.speaker][:1]
            other = [turn for turn in before[:1] if turn.speaker != line.speaker]
            for turn in (*own, *other):
                gap = max(0.0, line.times[0] - turn.times[1]) if line.times and turn.times else None
                yield Pair(turn.labels[0], line.labels[0], gap, turn.speaker == line.speaker)


def stays(found: Sequence[Pair], usual: Mapping[str, float]) -> float:
    """The share of labels that stay beyond coincidence, (agreement - chance) / (1 - chance), where chance is how often
    the earlier label occurs at all. 0 where there is nothing to go by."""
    chance = sum(usual[pair.earlier] for pair in found)
    agree = sum(pair.earlier == pair.later for pair in found)
    return (agree - chance) / (len(found) - chance) if found else 0.0


def shares(names: Iterable[str]) -> dict[str, float]:
    """How often each label occurs, as a share."""
    counts = Counter(names)
    return {name: count / counts.total() for name, count in counts.items()}


def lines_of_ecf(data: Path) -> list[Line]:
    """ECF train as lines with times."""
    return [
        Line(turn.text, (turn.emotion,), turn.speaker, each.key, "", (turn.start, turn.end))
        for each in ecf(data / "ecf", "train")
        for turn in each.turns
    ]


def persistence(lines: Sequence[Line]) -> None:
    """Prints how much stays, by the seconds between."""
    usual, found = shares(line.labels[0] for line in lines), list(pairs(lines))
    for same, whom in ((True, "same speaker"), (False, "other, just before")):
        mine = [pair for pair in found if pair.same is same]
        print(f"  {whom}: {stays(mine, usual):.3f} (n {len(mine)})")
        low = 0.0
        for high in BOUNDS:
            near = [pair for pair in mine if pair.gap is not None and low <= pair.gap < high]
            if near:
                print(f"    {low:g} to {high:g} s: {stays(near, usual):.3f} (n {len(near)})")
            low = high


def usually(lines: Sequence[Line]) -> dict[str, float]:
    """The mean distribution of the opinion on the text alone."""
    said = [answer.distribution for answer in replay(lines, Options()).text if answer.distribution]
    return {name: round(sum(masses[name] for masses in said) / len(said), 3) for name in labels()}


def remembering(lines: Sequence[Line], truths: Mapping[str, str]) -> list[Answer]:
    """What the reasoner would answer if the memory of an earlier verdict were pooled, which it is not."""
    settings, found = load_settings(), list[Answer]()
    for dialogue in dialogues(lines):
        state, turns = episode(dialogue), list[Turn]()
        thought = list[Opinion](opine_all(state, settings)["opinions"])
        for line, utterance in zip(dialogue, state.utterances, strict=True):
            evidence = [item for item in state.evidence if item.utterance == utterance.id]
            opinions = [opinion for opinion in thought if opinion.utterance == utterance.id]
            if memory := recall(utterance, turns):
                evidence, opinions = [*evidence, memory[0]], [*opinions, memory[1]]
            case = Case(utterance, tuple(evidence), tuple(opinions), tuple(turns), DEFAULT, settings.policy, "causal")
            turns.append(Turn(utterance, embedded(case).verdict))
            found.append(by_verdict(line, truths.get(line.labels[0], line.labels[0]), turns[-1].verdict))
    return found


def worth(lines: Sequence[Line], truths: Mapping[str, str], weights: Sequence[float] = WEIGHTS) -> None:
    """Prints the weighted F1 without dialogue, and what each weight adds in points by a paired bootstrap: to the memory
    of an earlier verdict, and in hindsight to a later one."""
    plain = replay(lines, Options(mode="causal"), truths)
    print(f"  text {100 * weighted_f1(plain.text):.2f}, judged without dialogue {100 * weighted_f1(plain.fused):.2f}")
    for weight in weights:
        with patch.dict(fusion.MODALITY, {"dialogue": weight}):
            earlier = remembering(lines, truths)
            later = replay(lines, Options(mode="offline"), truths).fused
        print(f"  weight {weight:g}: earlier {_points(earlier, plain.fused)}, later {_points(later, plain.fused)}")


def _points(found: Sequence[Answer], plain: Sequence[Answer]) -> str:
    more = difference("", found, plain, Options().seed).figures["weighted F1"]
    return f"{100 * weighted_f1(found):.2f} ({more.value:+.2f}, {more.low or 0:+.2f} to {more.high or 0:+.2f})"


def report(data: Path) -> None:
    """Prints everything."""
    friends = emorynlp(data / "emorynlp", "train")
    mapped = [Line(x.text, (NEAREST[x.labels[0]],), x.speaker, x.dialogue, x.key) for x in friends]
    print("ECF train")
    persistence(lines_of_ecf(data))
    print("EmoryNLP train")
    persistence(mapped)
    print("EmoryNLP train, usual:", usually(friends[:FIRST]))
    print("MELD dev")
    worth(meld(data / "meld", "dev"), {})
    print("EmoryNLP dev")
    worth(emorynlp(data / "emorynlp", "dev"), NEAREST)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds ecf/, emorynlp/ and meld/")
    report(parser.parse_args().data)

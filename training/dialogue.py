"""Measures what `emoagent.agents.dialogue` states: `python -m emoagent.training.dialogue --data DIR`.

DIR holds `ecf/`, `emorynlp/` and `meld/`. Prints how long an expression stays in a speaker and how far it spreads
(ECF train, by the seconds between two turns; EmoryNLP train, which has no times), what the text model usually says
(EmoryNLP train), and what the memory of verdicts is worth beside the text alone, for some weights, causal and offline
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
from emoagent.agents.dialogue import FARTHEST
from emoagent.evals.benchmark import Options
from emoagent.evals.corpora.ecf import ecf
from emoagent.evals.corpora.emorynlp import emorynlp
from emoagent.evals.corpora.line import Line
from emoagent.evals.corpora.meld import meld
from emoagent.evals.replay import dialogues, replay
from emoagent.evals.scoring.answer import Answer
from emoagent.evals.scoring.labels import weighted_f1
from emoagent.evals.scoring.rows import difference
from emoagent.labels import labels
from emoagent.schema import Mode

BOUNDS = (1.0, 2.0, 4.0, 8.0, 60.0)  # seconds
WEIGHTS = (0.2, 0.4, 0.7, 1.0, 1.5)
MODES: tuple[Mode, ...] = ("causal", "offline")
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


def worth(lines: Sequence[Line], truths: Mapping[str, str], weights: Sequence[float] = WEIGHTS) -> None:
    """Prints the weighted F1 of text with dialogue for each weight, and its paired difference from the text alone."""
    for weight in weights:
        with patch.dict(fusion.MODALITY, {"dialogue": weight}):
            found = {mode: replay(lines, Options(mode=mode), truths) for mode in MODES}
        text = found["causal"].text
        told = [f"{mode} {_points(found[mode].fused, text)}" for mode in MODES]
        later = _difference(found["offline"].fused, found["causal"].fused)
        print(f"  weight {weight:g}: text {100 * weighted_f1(text):.2f}, {', '.join(told)}; offline - causal {later}")


def _points(fused: Sequence[Answer], text: Sequence[Answer]) -> str:
    return f"{100 * weighted_f1(fused):.2f} ({_difference(fused, text)})"


def _difference(first: Sequence[Answer], second: Sequence[Answer]) -> str:
    found = difference("", first, second, Options().seed).figures["weighted F1"]
    return f"{found.value:+.2f}, {found.low or 0:+.2f} to {found.high or 0:+.2f}"


def report(data: Path) -> None:
    """Prints everything."""
    friends = emorynlp(data / "emorynlp", "train")
    mapped = [Line(x.text, (NEAREST[x.labels[0]],), x.speaker, x.dialogue, x.key) for x in friends]
    print("ECF train")
    persistence(lines_of_ecf(data))
    print("EmoryNLP train")
    persistence(mapped)
    print("EmoryNLP train, usual:", usually(friends))
    print("MELD dev")
    worth(meld(data / "meld", "dev"), {})
    print("EmoryNLP dev")
    worth(emorynlp(data / "emorynlp", "dev"), NEAREST)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds ecf/, emorynlp/ and meld/")
    report(parser.parse_args().data)

"""What of the words carries the text opinion: parts of the utterance left out in turn, and what was said before left
out, each read again by the opiner itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from emoagent.agents.case import Case, Turn
from emoagent.agents.opinion import opine as opine_anew
from emoagent.schema import Evidence, Opinion, Utterance
from emoagent.tools.words.text_input import TURNS

PARTS = 4  # of an utterance that are left out in turn, at most; each costs a reading
FEWEST = 3  # words of an utterance that has parts
LEAST = 0.05  # of the label's probability; a part that matters less is not told
_CLAUSE = re.compile(r"(?<=[.!?…,;:])\s+")

Opine = Callable[[Utterance, Sequence[Evidence], Sequence[Utterance]], tuple[Opinion, ...]]


def strongest_part(case: Case, opine: Opine = opine_anew) -> str | None:
    """The part of the utterance without which the likeliest label of the text opinion loses most; `None` where the text
    has no opinion, is too short to have parts, or can spare any one of them. At most five readings, all without the
    turns before, which take most of the time; so `None` as well where these decide the label."""
    opinion = _text(case.opinions)
    alone = _text(opine(case.utterance, _quotations(case), ())) if opinion else None
    if opinion is None or alone is None or _first(alone) != _first(opinion):
        return None
    label, losses = _first(alone), {}
    for part, rest in parts(case.utterance.text):
        without = _text(opine(case.utterance.model_copy(update={"text": rest}), _quotations(case), ()))
        left = without.distribution[label] if without else 1 / len(alone.distribution)
        losses[part] = alone.distribution[label] - left
    best = max(losses, key=lambda part: losses[part], default=None)
    return best if best is not None and losses[best] >= LEAST else None


def parts(text: str) -> Iterator[tuple[str, str]]:
    """Parts of a text, each with what is left without it: its clauses, or where it has but one, a few words each."""
    words = text.split()
    if len(words) < FEWEST:
        return
    pieces = [piece for piece in _CLAUSE.split(" ".join(words)) if piece]
    pieces = pieces if len(pieces) > 1 else words
    count = min(PARTS, len(pieces))
    bounds = [round(i * len(pieces) / count) for i in range(count + 1)]
    for start, end in pairwise(bounds):
        yield " ".join(pieces[start:end]), " ".join([*pieces[:start], *pieces[end:]])


def carried_by_earlier(case: Case, opine: Opine = opine_anew) -> tuple[str, tuple[Turn, ...]] | None:
    """The label that the words suggest on their own, and the turns before that make them suggest another: the turn just
    before where it does so alone, else all that are read. `None` where the words say the same without them. One
    reading of the words alone, and a second where the label differs."""
    opinion, read = _text(case.opinions), case.history[-TURNS:]
    if opinion is None or not read:
        return None
    alone = _text(opine(case.utterance, _quotations(case), ()))
    if alone is None or _first(alone) == _first(opinion):
        return None
    after_one = _text(opine(case.utterance, _quotations(case), [read[-1].utterance]))
    enough = after_one is not None and _first(after_one) == _first(opinion)
    return _first(alone), (read[-1:] if enough else read)


def _quotations(case: Case) -> list[Evidence]:
    return [item for item in case.evidence if item.modality == "text"]


def _text(opinions: Sequence[Opinion]) -> Opinion | None:
    return next((o for o in opinions if o.modality == "text" and not o.abstained), None)


def _first(opinion: Opinion) -> str:
    return max(opinion.distribution, key=lambda label: opinion.distribution[label])

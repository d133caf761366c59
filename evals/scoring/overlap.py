"""How much two texts share, by their words alone: the judge that needs no model.

It knows no paraphrase, so that it mostly rates lower than a reader would; and no irony, so that it can be fooled. It is
deterministic and costs nothing. Its numbers are not comparable with those of a language model as judge.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from emoagent.evals.scoring.emotion_words import canonical_or_self, forms, named
from emoagent.evals.scoring.open_sets import f1

_WORD = re.compile(r"[^\W\d_]+")
_SMALL = """
a about all also an and any are as at be been being both but by can could did do does for from further had has have
he her here hers him his how i if in indicate indicates indicating into is it its itself just may me might more most
my not of on one or our out overall over person s she should showing shows so some such suggest suggesting suggests
than that the their them then there these they this those through to toward towards video was we were what when
where which while who whose will with would you your
"""
_ENDINGS = ("ingly", "edly", "ness", "ing", "ies", "ied", "ly", "ed", "es", "s")
SHORTEST = 3  # letters that must stay of a word


@cache
def _small() -> frozenset[str]:
    return frozenset(_SMALL.split())


def lemmas(text: str) -> frozenset[str]:
    """The words of a text that carry meaning, without their endings; emotion words by their group."""
    words = (word for word in _WORD.findall(text.casefold()) if word not in _small())
    return frozenset(canonical_or_self(word) if word in forms() else _stem(word) for word in words)


def shared_words(truth: str, said: str) -> float | None:
    """F1 of the lemmas that two texts share, 0 to 1. `None` where `truth` has none."""
    return _set_f1(lemmas(truth), lemmas(said))


def shared_emotions(truth: str, said: str) -> float | None:
    """F1 of the emotions that two texts name, 0 to 1. `None` where `truth` names none."""
    return _set_f1(frozenset(named(truth)), frozenset(named(said)))


def rated_steps(steps: Sequence[str], truth: Sequence[str], choices: Sequence[str], clues: str) -> tuple[float, ...]:
    """A rating of each step, 0 to 1: a step but the last is right where it shares a lemma with the clues; the last by
    the right labels that it names. A single right label only counts where no other of the choices is named with it."""
    heard = lemmas(clues)
    reasons = tuple(float(bool(lemmas(step) & heard)) for step in steps[:-1])
    said = labels_in(steps[-1], choices) if steps else frozenset[str]()
    right = frozenset(_plain(label) for label in truth)
    if len(right) == 1:
        return (*reasons, float(said == right))
    return (*reasons, len(said & right) / len(right))


def labels_in(text: str, choices: Sequence[str]) -> frozenset[str]:
    """Which of the choices a text names, longest first, so that "weak positive" is not also "positive"; emotion words
    also by their group ("joy" names "happiness")."""
    rest, found = text.casefold(), set()
    for choice in sorted(choices, key=len, reverse=True):
        pattern = rf"\b{re.escape(choice.casefold())}\b"
        if re.search(pattern, rest):
            found.add(_plain(choice))
            rest = re.sub(pattern, " ", rest)
    groups = frozenset(named(text))
    return frozenset(found) | {_plain(choice) for choice in choices if _plain(choice) in groups}


def sentences(text: str) -> tuple[str, ...]:
    """The sentences of a text."""
    return tuple(part.strip() for part in re.split(r"(?<=[.!?])\s+|\n+", text) if part.strip())


def _plain(label: str) -> str:
    return canonical_or_self(label)


def _set_f1(truth: frozenset[str], said: frozenset[str]) -> float | None:
    if not truth:
        return None
    shared = len(truth & said)
    return f1(shared / len(said), shared / len(truth)) if said else 0.0


def _stem(word: str) -> str:
    for ending in () if word.endswith("ss") else _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST:
            stem = word[: -len(ending)]
            return stem + "y" if ending in ("ies", "ied") else stem.rstrip("e")
    return word.rstrip("e") if len(word) > SHORTEST else word

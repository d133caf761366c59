"""Answers with their labels as integers, so that a thousand samples of them are counted in a moment."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import overload

import numpy as np
from numpy.typing import NDArray

from emoagent.evals.scoring.answer import Answer

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


class Coded(Sequence[Answer]):
    """Some of a list of answers, by their `places`. It is a sequence like any other; metrics that know of it count
    `truth` and `label` instead, which index `names` (a missing label has the number after the last)."""

    def __init__(self, base: Sequence[Answer], names: tuple[str, ...], codes: Integers, places: Integers) -> None:
        self.base, self.names, self.codes, self.places = base, names, codes, places

    def at(self, places: Integers) -> Coded:
        """The answers at these of its places."""
        return Coded(self.base, self.names, self.codes, self.places[places])

    @cached_property
    def truth(self) -> Integers:
        """The code of what is right, for each answer."""
        codes: Integers = self.codes[0, self.places]
        return codes

    @cached_property
    def label(self) -> Integers:
        """The code of what was said, for each answer."""
        codes: Integers = self.codes[1, self.places]
        return codes

    @cached_property
    def confusion(self) -> Integers:
        """How often each label (row) was answered by each label (column); the last column counts missing ones."""
        width = len(self.names) + 1
        return np.bincount(self.truth * width + self.label, minlength=width * (width - 1)).reshape(-1, width)

    @cached_property
    def f1(self) -> tuple[Floats, Floats]:
        """F1 of every label, 0 where it neither occurs nor is said, and how often it occurs."""
        table = self.confusion.astype(float)
        counts, said = table.sum(axis=1), table[:, :-1].sum(axis=0)
        return 2 * table.diagonal() / np.maximum(counts + said, 1), counts

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, place: int) -> Answer: ...
    @overload
    def __getitem__(self, place: slice) -> Coded: ...
    def __getitem__(self, place: int | slice) -> Answer | Coded:
        if isinstance(place, slice):
            return Coded(self.base, self.names, self.codes, self.places[place])
        return self.base[int(self.places[place])]


def coded(answers: Sequence[Answer]) -> Coded:
    """`answers` with their codes; as they are where they have them."""
    if isinstance(answers, Coded):
        return answers
    names = tuple(sorted({a.truth for a in answers} | {a.label for a in answers if a.label is not None}))
    number: dict[str | None, int] = {name: i for i, name in enumerate(names)} | {None: len(names)}
    codes = np.array([[number[a.truth] for a in answers], [number[a.label] for a in answers]], dtype=np.int64)
    return Coded(list(answers), names, codes, np.arange(len(answers)))

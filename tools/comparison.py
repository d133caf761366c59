"""Where a number stands among those that the same person gave before, however few they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import hypot, sqrt
from statistics import NormalDist, median

PRIOR_WEIGHT = 4.0  # values that the published spread counts for, and what is usual of people in a percentile


@dataclass(frozen=True)
class Norm:
    """What is known of people in general: the standard deviation between persons' typical values and within one
    person's values, and the typical value. None in `usual`: there is none. Several: a person is of one of these types,
    and then other persons say nothing of this one.
    """

    between: float
    within: float
    usual: tuple[float, ...] = ()


@dataclass(frozen=True)
class Standing:
    """`z` and `percentile` (0..100) are `None` where there is nothing to compare a value with."""

    z: float | None
    earlier: int
    percentile: float | None


@dataclass
class History:
    """The values of one measure so far, by person. People who are not known (`None`) share one list.

    `most`: how many values of one person are remembered, the latest ones; None: all."""

    norm: Norm
    most: int | None = None
    values: dict[str | None, list[float]] = field(default_factory=dict)

    def add(self, person: str | None, value: float) -> None:
        """Takes `value` into account from now on."""
        own = self.values.setdefault(person, [])
        own.append(value)
        if self.most is not None and len(own) > self.most:
            del own[0]

    def forget(self, person: str | None) -> None:
        """As if the person had never been heard."""
        self.values.pop(person, None)

    def standing(self, person: str | None, value: float) -> Standing:
        """Compares `value` with what the person's earlier values lead one to expect.

        A normal model with a normal prior: the expectation is drawn from the person's median so far towards the others
        here and towards the norm, the more so the fewer values there are. The spread is the predictive one, so that
        few values make for a small `z`.

        The percentile is the rank among the person's own values, mid-rank for equal ones, drawn towards the quantile
        that the norm gives: with n earlier values and k = 4, (rank + k Φ) / (n + k). It assumes no shape once there
        are many values, is there from the first on, and an outlier counts as one value however far off it lies.
        """
        own, norm = self.values.get(person, []), self.norm
        base = self._base(value, own, [v for key, vs in self.values.items() if key != person for v in vs])
        if base is None:
            return Standing(None, 0, None)
        n, weight = len(own), (norm.within / norm.between) ** 2
        centre = (weight * base + n * median(own)) / (weight + n) if own else base
        variance = self._variance_within(own) + norm.between**2 * weight / (weight + n)
        expected = NormalDist(base, hypot(norm.within, norm.between)).cdf(value)
        return Standing((value - centre) / sqrt(variance), n, _percentile(value, own, expected))

    def _base(self, value: float, own: list[float], others: list[float]) -> float | None:
        """What to expect of a person of whom nothing is known."""
        usual, weight = self.norm.usual, (self.norm.within / self.norm.between) ** 2
        if len(usual) > 1:
            typical = median(own) if own else value
            return min(usual, key=lambda kind: abs(kind - typical))
        if usual and others:
            return (weight * usual[0] + len(others) * median(others)) / (weight + len(others))
        if usual:
            return usual[0]
        return median(others or own) if others or own else None

    def _variance_within(self, own: list[float]) -> float:
        """The norm's, and the person's own (from the median absolute deviation) as it becomes known.

        The own one counts for at least a quarter of the norm's: a few values that happen to agree, such as no pauses,
        do not make the next one a marvel.
        """
        if len(own) < 3:
            return self.norm.within**2
        middle = median(own)
        deviation = 1.4826 * median(abs(v - middle) for v in own)
        variance = max(deviation**2, self.norm.within**2 / 4)
        return (PRIOR_WEIGHT * self.norm.within**2 + len(own) * variance) / (PRIOR_WEIGHT + len(own))


def _percentile(value: float, own: list[float], expected: float) -> float:
    """`expected`: the quantile, 0..1, of `value` among people in general."""
    rank = sum(v < value for v in own) + sum(v == value for v in own) / 2
    return 100 * (rank + PRIOR_WEIGHT * expected) / (len(own) + PRIOR_WEIGHT)

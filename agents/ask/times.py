"""Times in a question, as people write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import inf

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0}
_NUMBER = r"\d+(?:[.,]\d+)?"
_UNIT = r"(?:h(?:ours?|rs?)?|m(?:in(?:ute)?s?)?|s(?:ec(?:ond)?s?)?)(?![a-z])"
_CLOCK = r"(?:\d{1,2}:)?\d{1,3}:[0-5]\d(?:[.,]\d+)?(?![\d:])"
_SPOKEN = rf"{_NUMBER}\s*{_UNIT}(?:(?:\s+and)?\s*{_NUMBER}\s*{_UNIT})*"
_LINK = rf"t={_NUMBER}"
_PLAIN = rf"(?:second|minute)\s+{_NUMBER}"
_TIME = rf"(?<![\w:.,])(?:{_LINK}|{_CLOCK}|{_SPOKEN}|{_PLAIN})"
_PART = re.compile(rf"({_NUMBER})\s*([hms])")
_BETWEEN = re.compile(rf"\bbetween\s*(?P<a>{_TIME})\s*(?:and|to|-|–|—)\s*(?P<b>{_TIME})", re.IGNORECASE)
_RANGE = re.compile(rf"(?:\bfrom\s*)?(?P<a>{_TIME})\s*(?:-|–|—|to|until|till)\s*(?P<b>{_TIME})", re.IGNORECASE)
_EDGE = re.compile(rf"\b(?P<edge>first|last)\s+(?P<a>{_TIME})", re.IGNORECASE)
_SIDE = re.compile(rf"\b(?P<side>after|since|before|until|till)\s+(?P<a>{_TIME})", re.IGNORECASE)
_MOMENT = re.compile(rf"(?P<a>{_TIME})", re.IGNORECASE)


@dataclass(frozen=True)
class When:
    """A stretch of the clip in seconds; a moment where `start` is `end`."""

    start: float
    end: float

    @property
    def moment(self) -> bool:
        """Whether it is one point in time."""
        return self.start == self.end


def times_in(text: str, duration: float) -> tuple[tuple[When, ...], str]:
    """The times in `text`, and the text without them. `duration`: of the clip, in seconds."""
    found = list[tuple[int, When]]()

    def taken(match: re.Match[str]) -> str:
        found.append((match.start(), _when(match, duration)))
        return " " * len(match[0])

    for pattern in (_EDGE, _BETWEEN, _RANGE, _SIDE, _MOMENT):
        text = pattern.sub(taken, text)
    return tuple(when for _, when in sorted(found, key=lambda pair: pair[0])), text


def _when(match: re.Match[str], duration: float) -> When:
    told, start = match.groupdict(), _seconds(match["a"])
    if "edge" in told:
        return When(0.0, start) if told["edge"].lower() == "first" else When(max(0.0, duration - start), inf)
    if "side" in told:
        return When(start, inf) if told["side"].lower() in ("after", "since") else When(0.0, start)
    if "b" in told:
        return When(*sorted((start, _seconds(told["b"]))))
    return When(start, start)


def _seconds(text: str) -> float:
    text = text.lower().replace(",", ".")
    if ":" in text:
        total = 0.0
        for part in text.split(":"):
            total = total * 60 + float(part)
        return total
    if text.startswith("t="):
        return float(text[2:])
    if text.startswith(("second", "minute")):
        unit, number = text.split()
        return float(number) * _UNITS[unit[0]]
    return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))

"""Small pictures in SVG: bars, stacks, swatches. Every one has its numbers beside it as text.

Sizes are attributes, never `style`: the page's policy forbids inline styles.
"""

from __future__ import annotations

from collections.abc import Mapping

from emoagent.schema import Probability
from emoagent.viewer.markup import Markup, join, tag
from emoagent.viewer.wording import percent, signed

# Labels that look alike share a class; no label set holds two labels of one class. Colours after Okabe and Ito (2008).
_CLASSES = {
    "neutral": "neutral", "joy": "joy", "joyful": "joy", "anger": "anger", "mad": "anger", "surprise": "surprise",
    "sadness": "sadness", "sad": "sadness", "disgust": "disgust", "peaceful": "disgust", "fear": "fear",
    "scared": "fear", "worry": "fear", "excitement": "bright", "anticipation": "bright", "powerful": "bright",
    "frustration": "deep", "trust": "deep",
}  # fmt: skip
_PATTERNS = {
    "joy": "M4 3a1 1 0 1 0 .01 0z",
    "anger": "M-1 9L9 -1M-5 5L5 -5M3 13L13 3",
    "surprise": "M4 1V7M1 4H7",
    "sadness": "M0 2H8M0 6H8",
    "disgust": "M0 8L4 2L8 8",
    "fear": "M2 0V8M6 0V8",
    "bright": "M-1 -1L9 9M-5 3L5 13M3 -5L13 5",
    "deep": "M0 0H8M0 0V8",
}


def label_class(label: str | None) -> str:
    """The class that colours a label; labels from outside the known sets share one, no label has its own."""
    return "l-none" if label is None else f"l-{_CLASSES.get(label, 'other')}"


def patterns() -> Markup:
    """The hatchings behind the colours, defined once per page."""
    drawn = (
        tag("pattern", tag("rect", class_=f"l-{name}", width=8, height=8), tag("path", d=path), id=f"pat-{name}",
            width=8, height=8, patternUnits="userSpaceOnUse")
        for name, path in _PATTERNS.items()
    )  # fmt: skip
    return tag("svg", tag("defs", join(drawn)), class_="defs", width=0, height=0, aria_hidden="true")


def hatching(label: str | None, **place: str | float) -> Markup:
    """A rectangle in the colour and pattern of a label (the style sheet knows both)."""
    return tag("rect", class_=label_class(label), **place)


def swatch(label: str | None) -> Markup:
    """A small square in the colour and pattern of a label."""
    return tag("svg", hatching(label, width=14, height=14, rx=3), class_="swatch", width=14, height=14,
               aria_hidden="true")  # fmt: skip


def bar(share: Probability, name: str = "l-plain") -> Markup:
    """A horizontal bar that fills `share` of its width."""
    return tag("svg", tag("rect", class_=name, width=f"{share * 100:.1f}%"), class_="bar", aria_hidden="true")


def stack(distribution: Mapping[str, float]) -> Markup:
    """One bar made of all labels, in the order of the distribution."""
    parts = []
    x = 0.0
    for label, share in distribution.items():
        if share >= 0.005:
            parts.append(hatching(label, x=f"{x * 100:.1f}%", width=f"{share * 100:.1f}%"))
        x += share
    return tag("svg", *parts, class_="bar stack", aria_hidden="true")


def signed_bar(name: str, low: str, high: str, value: float | None) -> Markup:
    """A value in -1..1 on a line from `low` to `high`; without a value, a dash."""
    if value is None:
        shown, mark = "—", None
    else:
        shown = signed(value)
        mark = tag("circle", cx=f"{(value + 1) * 50:.1f}%", cy="50%", r=4.5)
    chart = tag("svg", mark, class_="axis", aria_hidden="true")
    scale = tag("span", tag("span", low), tag("span", high), class_="ends")
    return tag("div", tag("span", name, class_="k"), tag("span", shown, class_="n"), chart, scale, class_="signed")


def ranking(distribution: Mapping[str, float]) -> Markup:
    """A list of labels with bars, most probable first; labels below 1 % are summed up in one line."""
    ranked = sorted(distribution.items(), key=lambda item: -item[1])
    shown = [(label, share) for label, share in ranked if share >= 0.01][:8]
    rest = [label for label, _ in ranked[len(shown):]]  # fmt: skip
    items = [
        tag("li", tag("span", label), bar(share, label_class(label)), tag("span", percent(share), class_="n"))
        for label, share in shown
    ]
    if rest:
        items.append(tag("li", tag("span", f"{', '.join(rest)}: 1 % or less", class_="rest"), class_="wide"))
    return tag("ul", *items, class_="ranking")

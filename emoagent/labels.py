"""Closed, versioned label sets, one alias map, and where each label lies in the valence-arousal plane."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

DEFAULT = "meld7"

LABEL_SETS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "meld7": ("neutral", "joy", "anger", "surprise", "sadness", "disgust", "fear"),
        "iemocap6": ("neutral", "joy", "anger", "excitement", "sadness", "frustration"),
        "emorynlp7": ("neutral", "joyful", "peaceful", "powerful", "scared", "mad", "sad"),
        "mer6": ("neutral", "joy", "anger", "surprise", "sadness", "worry"),
        "dfew7": ("neutral", "joy", "anger", "surprise", "sadness", "disgust", "fear"),
        "plutchik8": ("joy", "trust", "fear", "surprise", "sadness", "disgust", "anger", "anticipation"),
    }
)

ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "angry": "anger", "happy": "joy", "happiness": "joy", "sad": "sadness", "disgusted": "disgust",
        "fearful": "fear", "afraid": "fear", "surprised": "surprise", "excited": "excitement",
        "frustrated": "frustration", "worried": "worry",
    }
)  # fmt: skip

# Valence and arousal in -1..1, after the circumplex of Russell (1980); ordinal positions, not measurements.
CIRCUMPLEX: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "neutral": (0.0, 0.0), "joy": (0.8, 0.5), "anger": (-0.6, 0.7), "surprise": (0.1, 0.8),
        "sadness": (-0.7, -0.4), "disgust": (-0.7, 0.2), "fear": (-0.7, 0.6),
    }
)  # fmt: skip


def labels(name: str = DEFAULT) -> tuple[str, ...]:
    """The labels of a set, in their fixed order. Raises `KeyError` for an unknown set."""
    return LABEL_SETS[name]


def resolve(word: str, name: str = DEFAULT) -> str | None:
    """The label that `word` stands for in the set `name`, or `None`: then it belongs to the open labels."""
    key = word.strip().casefold()
    for candidate in (key, ALIASES.get(key)):
        if candidate in LABEL_SETS[name]:
            return candidate
    return None

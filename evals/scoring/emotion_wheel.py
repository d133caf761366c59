"""Emotion wheels: words on an outer ring, grouped under those of an inner one.

The rings follow Plutchik (1980, 2001: eight primary emotions in three strengths each), Willcox (1982: six feelings and
what lies under them) and the Geneva Emotion Wheel (Scherer 2005; Scherer et al. 2013: four quadrants of pleasantness
and control, twenty families). Words that do not stand on the published wheel are put where their authors' text or
common sense puts them: these are our wheels, in the structure of the published metric (Lian et al. 2025), not its
files.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal

from emoagent.evals.scoring.emotion_words import canonical

Level = Literal[1, 2]
Ring = Mapping[str, Mapping[str, str]]

PLUTCHIK: Ring = {
    "joy": {
        "ecstasy": "ecstasy delight excitement",
        "joy": "joy pleasure amusement pride gratitude love",
        "serenity": "serenity calm contentment relief",
    },
    "trust": {
        "admiration": "admiration",
        "trust": "trust confidence compassion",
        "acceptance": "acceptance approval submission kindness",
    },
    "fear": {
        "terror": "terror",
        "fear": "fear anxiety helplessness",
        "apprehension": "apprehension worry insecurity shyness hesitation embarrassment suspicion",
    },
    "surprise": {
        "amazement": "amazement awe shock",
        "surprise": "surprise realization",
        "distraction": "distraction confusion doubt",
    },
    "sadness": {
        "grief": "grief despair depression",
        "sadness": "sadness hurt distress loneliness shame guilt remorse rejection",
        "pensiveness": "pensiveness nostalgia regret disappointment tiredness",
    },
    "disgust": {
        "loathing": "loathing hatred",
        "disgust": "disgust contempt aversion",
        "boredom": "boredom indifference",
    },
    "anger": {
        "rage": "rage hostility",
        "anger": "anger resentment jealousy",
        "annoyance": "annoyance frustration disapproval",
    },
    "anticipation": {
        "vigilance": "vigilance determination courage power",
        "anticipation": "anticipation hope desire",
        "interest": "interest seriousness",
    },
}
WILLCOX: Ring = {
    "mad": {
        "hurt": "hurt jealousy resentment",
        "hostile": "hostility contempt disgust loathing",
        "angry": "anger frustration annoyance",
        "rage": "rage",
        "hateful": "hatred aversion",
        "critical": "disapproval suspicion",
    },
    "sad": {
        "sleepy": "tiredness",
        "bored": "boredom indifference",
        "lonely": "loneliness nostalgia",
        "depressed": "sadness depression despair grief disappointment pensiveness distress",
        "ashamed": "shame",
        "guilty": "guilt remorse regret",
    },
    "scared": {
        "confused": "confusion doubt shock surprise amazement distraction",
        "rejected": "rejection",
        "helpless": "helplessness",
        "submissive": "submission shyness",
        "insecure": "insecurity embarrassment hesitation",
        "anxious": "anxiety worry apprehension fear terror",
    },
    "joyful": {
        "excited": "excitement ecstasy",
        "energetic": "interest desire",
        "cheerful": "joy delight pleasure amusement",
        "hopeful": "hope anticipation",
    },
    "powerful": {
        "aware": "realization vigilance awe",
        "proud": "pride power courage determination",
        "respected": "admiration approval",
        "appreciated": "gratitude",
        "important": "confidence seriousness",
    },
    "peaceful": {
        "nurturing": "compassion kindness",
        "trusting": "trust acceptance",
        "loving": "love",
        "content": "contentment calm serenity relief",
    },
}
GENEVA: Ring = {
    "pleasant, in control": {
        "interest": "interest anticipation desire vigilance determination",
        "amusement": "amusement",
        "pride": "pride power confidence courage",
        "joy": "joy ecstasy excitement delight",
        "pleasure": "pleasure",
    },
    "pleasant, not in control": {
        "contentment": "contentment calm serenity",
        "love": "love trust",
        "admiration": "admiration awe approval gratitude acceptance",
        "relief": "relief hope",
        "compassion": "compassion kindness",
    },
    "unpleasant, not in control": {
        "sadness": "sadness grief despair depression loneliness pensiveness helplessness nostalgia hurt distress",
        "guilt": "guilt remorse",
        "regret": "regret",
        "shame": "shame embarrassment shyness submission",
        "disappointment": "disappointment rejection",
    },
    "unpleasant, in control": {
        "fear": "fear terror anxiety worry apprehension insecurity",
        "disgust": "disgust loathing aversion",
        "contempt": "contempt disapproval",
        "hate": "hatred hostility jealousy",
        "anger": "anger rage annoyance frustration resentment",
    },
}
WHEELS: Mapping[str, Ring] = {"plutchik": PLUTCHIK, "willcox": WILLCOX, "geneva": GENEVA}


def on_wheel(word: str, wheel: str, level: Level) -> str | None:
    """Where `word` lies: its group on the inner ring (level 1) or the outer one (level 2), `None` off the wheel. Raises
    `KeyError` for a wheel that is not known."""
    places = _places(wheel)
    found = canonical(word)
    return places[found][level - 1] if found in places else None


@cache
def _places(wheel: str) -> dict[str | None, tuple[str, str]]:
    return {
        word: (inner, f"{inner}/{outer}")
        for inner, ring in WHEELS[wheel].items()
        for outer, words in ring.items()
        for word in words.split()
    }

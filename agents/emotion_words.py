"""Words that name an emotion or a state of mind: perception must not use them, so what contains one is not a percept.

The labels of all label sets with their aliases, and common words beside them. Words for what a muscle does (tense,
relaxed, smiling, frowning) are not among them.
"""

from __future__ import annotations

import re
from functools import cache

from emoagent.labels import ALIASES, LABEL_SETS

# Beginnings of words; `$` ends a word that must stand alone.
COMMON = """
affection afraid aggress agitat alarmed ambivalen amaz amus anger angr anguish annoy anticipat anxi apath
apprehens asham astonish awe$ awkward bewilder bitter bored boredom calm cheer comfortable compassion concerned
confiden confus contempt content$ contented curious curiosity defensive defian deject delight depress despair
desperat determined disappoint disbelie discomfort disdain disgust dismay displeas distraught distress doubt
dread$ dreaded eager ecsta elat embarrass emotion empath engaged$ enjoy enthusias envious envy exasperat excite
fear feel feels felt fond friendl fright frustrat furious fury gloom glad grateful gratitude grief griev grumpy
guilt happi happy hate hatred heartbroken hesitan hope horrif horror hostil humiliat hurt$ impatien indifferen
indignan insecur interested$ irrita jealous joy jubila lonely loneliness love$ loving mad$ melanchol miser mood
mournful nervous neutral nostalg outrage overjoyed overwhelm pain$ panic passion peaceful perplex pessimis
playful pleas powerful proud pride$ puzzl rage regret relief relieved reluctan remorse resent resign reassur
sad$ sadden sadly sadness sarcas satisf scare scorn seren serious$ shame shock shy$ shyness skeptic sceptic
sincer smug sorrow startl stress stunned sulk surpris suspic sympath tearful tender terrif terror thoughtful
thrill tranquil trust uncomfortable uneas unhapp upset vulnerab warmth weary worr wrath
"""


def names_emotion(sentence: str) -> bool:
    """Whether a word in it names an emotion."""
    return _pattern().search(sentence.casefold()) is not None


@cache
def _pattern() -> re.Pattern[str]:
    labels = {f"{word}$" for words in LABEL_SETS.values() for word in words} | {f"{word}$" for word in ALIASES}
    parts = sorted({*COMMON.split(), *labels})
    return re.compile(r"\b(?:" + "|".join(part[:-1] + r"\b" if part[-1] == "$" else part for part in parts) + ")")

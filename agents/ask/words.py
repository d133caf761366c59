"""The words that a question about a result can be made of. English alone; what is in none of these lists, and in no
transcript, name or label, has not been understood, and the answer says so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal

from emoagent.agents.emotion_words import names_emotion
from emoagent.labels import ALIASES, labels
from emoagent.schema import Modality

Want = Literal["valence", "why", "cause", "who", "when", "label", "sure", "against", "change", "count", "said",
               "evidence", "other", "overview"]  # fmt: skip

_PATTERNS: Mapping[Want, str] = {
    "cause": r"caus\w+|trigger\w*|sets? off|brought (?:it |this |that )?(?:on|about)|le(?:d|ads?) to|provok\w+"
    r"|(?:what|who) (?:made|makes)|react\w* to|reaction to|because of what|due to what|what for",
    "why": r"why|how come|reasons?|reasoning|explain\w*|explanations?|what makes you (?:say|think|believe)"
    r"|on what grounds|justif\w+",
    "who": r"who|whose|whom|which (?:person|speaker|one)",
    "valence": r"valence|arousal",
    "when": r"(?<!\w )when|and when|since when|what times?|at which (?:time|moment)s?|which moments?"
    r"|where in the (?:clip|video|recording)",
    "sure": r"how (?:sure|certain|confident|likely|probable|reliable|safe)|confidence|certainty|probabilit\w+"
    r"|are you sure|can (?:i|we|one) trust|trustworthy|percent(?:age)?",
    "against": r"contradict\w*|conflict\w*|disagree\w*|against|speaks? against|doubts?|inconsisten\w+|clash\w*"
    r"|do(?:es)? not fit|doesn't fit|mixed|ambiguous|ambivalen\w+",
    "change": r"chang\w+|shift\w*|becomes?|became|becoming|turn(?:s|ed)?|differ\w*|develop\w*|evolv\w+|goes from"
    r"|went from",
    "count": r"how many|how often|number of|count",
    "said": r"what\s+(?:did|does|do|is|was|were|has|had)\s+(?:[\w']+\s+){0,3}(?:say|says|said|saying)|what was said"
    r"|which words|transcript|what (?:are|were) the words",
    "evidence": r"evidence|cues?|signs?|findings?|what (?:does|did|do) the \w+ (?:show|reveal|suggest|say)"
    r"|seen|heard|observed|measured",
    "other": r"alternatives?|what else|instead|other (?:emotions?|labels?|readings?)|second (?:choice|most likely)"
    r"|next likeliest|could it be|why not",
    "label": r"(?:what|which) (?:emotions?|feelings?|labels?|moods?|expressions?)|emotions?|express\w*|labels?"
    r"|moods?|feel\w*|felt|verdicts?|judged|judgements?|how (?:is|was|are|were|does|did|do)",
    "overview": r"overview|summar\w+|what happens|what happened|what is going on|tell me|list|show me",
}
WANTS: Final[Mapping[Want, re.Pattern[str]]] = {
    name: re.compile(rf"\b(?:{pattern})\b") for name, pattern in _PATTERNS.items()
}
EXTREME: Final = re.compile(
    r"\b(?P<way>most|least|more|less) (?:sure|certain|confident|reliable)|\bmost (?P<label>\w+)"
)
NEXT_TO: Final = re.compile(
    r"\b(?:(?:right|just|immediately|shortly) )?(?:(?P<before>before|preced(?:es?|ed|ing))"
    r"|(?P<after>after|follow(?:s|ed|ing)?))\b"
)  # fmt: skip
CHECK: Final = re.compile(r"^\W*(?:is|was|are|were|does|did|do|has|had|can|could|would|isn't|wasn't)\b")

SOURCES: Final[Mapping[str, Modality]] = {
    "word": "text", "words": "text", "text": "text", "wording": "text",
    "face": "face", "facial": "face", "smile": "face", "eyebrows": "face", "brows": "face", "mouth": "face",
    "voice": "voice", "vocal": "voice", "tone": "voice", "pitch": "voice", "prosody": "voice", "loudness": "voice",
    "behavior": "behavior", "behaviour": "behavior", "gesture": "behavior", "gestures": "behavior",
    "posture": "behavior", "body": "behavior", "gaze": "behavior", "hands": "behavior",
    "dialogue": "dialogue", "context": "dialogue", "conversation": "dialogue",
}  # fmt: skip

ORDINALS: Final[Mapping[str, int]] = {
    "first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "sixth": 5, "last": -1, "final": -1,
}  # fmt: skip
NUMBERED: Final = re.compile(rf"\b(?:{'|'.join(ORDINALS)}) (?:one|utterance|turn|sentence|line)\b")
END: Final = re.compile(r"\b(?:(?:at|in|near|towards?|by) the (?:very )?end|in the end|at last)\b")
BEGINNING: Final = re.compile(
    r"\b(?:(?:at|in|near) the (?:very )?(?:beginning|start)|at first|to begin with)\b"
)  # fmt: skip
PRONOUNS: Final = frozenset({"he", "she", "him", "her", "his", "hers", "they", "them", "their"})
PEOPLE: Final = frozenset({"anybody", "anyone", "somebody", "someone", "everybody", "everyone", "people", "person",
                           "persons", "speaker", "speakers"})  # fmt: skip

_PLAIN = """
a an the this that these those there here it its is was are were be been being am do does did done doing have has
had having can could would should will shall may might must and or but so then than as at in on of to for from by
with about into over under up down out off not no n't isn't wasn't doesn't didn't don't any some all each every
both either much many more most very really quite just only also too again still even ever never now i you we us our
your my me one what which how if because while during after before between until since near around moment moments
time times clip video recording scene part utterance utterances turn turns sentence sentences line lines say says
said saying speak speaks speaking spoke talk talks talking sound sounds sounding look looks looking seem seems
seemed seeming show shows showed shown get gets got getting give gives make makes made suggest suggests suggested
mean means meant think thinks believe like s t please tell let same other another thing things something anything
go goes went kind sort way analysis result report model emoagent shows appear appears such name names called know
happen happens happened supposed actually suddenly exactly sure certain likely alone each overall whole end ends
when beginning start starts where anywhere somewhere there source sources modality modalities signal signals without
beginning start starts starting emotional emotionally expressed expresses likeliest probable strongest most least
"""
PLAIN: Final = frozenset(_PLAIN.split())

# Words for the same expression; the label of the set that is in use is one of them.
FEELINGS: Final = tuple(
    frozenset(group.split())
    for group in (
        "neutral unemotional expressionless",
        "joy joyful joyous happy happily happiness happier glad cheerful delighted delight enjoyment",
        "anger angry angrily angrier mad furious fury rage enraged irate",
        "surprise surprised surprising astonished astonishment startled",
        "sadness sad sadly sadder unhappy sorrow sorrowful",
        "disgust disgusted revolted revulsion",
        "fear fearful afraid scared frightened terrified terror",
        "excitement excited excitedly",
        "frustration frustrated",
        "worry worried worries",
        "peaceful peacefully calm calmly",
        "powerful",
        "trust trusting",
        "anticipation anticipating",
    )
)


def label_for(word: str, label_set: str) -> str | None:
    """The label of the set that a word stands for, whatever its form; `None` where it has none."""
    names, word = labels(label_set), highest(word) or word
    if word in names:
        return word
    groups = [group for group in FEELINGS if word in group or ALIASES.get(word) in group]
    return next((name for group in groups for name in names if name in group), None)


def highest(word: str) -> str | None:
    """The plain form of a superlative: `happy` for `happiest`."""
    for end, plain in (("iest", "y"), ("dest", ""), ("est", "")):
        stem = word.removesuffix(end) + plain
        if word.endswith(end) and any(stem in group for group in FEELINGS):
            return stem
    return None


def is_feeling(word: str) -> bool:
    """Whether a word names an emotion or a state of mind at all."""
    return any(word in group for group in FEELINGS) or names_emotion(word)

"""Words for emotions, grouped by meaning: a line is a word and others that are counted as the same.

A list of our own, written for the open-vocabulary metrics. It covers the label sets and GoEmotions' names, and is far
smaller than the published ones (7,386 forms, by GPT-3.5 and GPT-4o; Lian et al. 2025), so scores are not comparable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

GROUPS = """
acceptance: accepting accepted
admiration: admiring admire admired respect respectful reverence
amazement: amazed astonished astonishment astounded stunned dumbfounded flabbergasted
amusement: amused entertained playful playfulness laughter mirth teasing
anger: angry angrily angered mad
annoyance: annoyed irritated irritation irritable irritability displeased displeasure exasperated exasperation
annoyance: impatient impatience
anticipation: anticipating anticipate anticipatory expectant expectation expecting
anxiety: anxious anxiously nervous nervously nervousness stressed stress tense tension restless restlessness
apprehension: apprehensive uneasy unease uneasiness wary wariness
approval: approving agreement agreeing supportive
aversion: averse dislike disliking distaste
awe: awed awestruck wonder wonderment
boredom: bored boring
calm: calmness calmly composed composure relaxed relaxation
compassion: compassionate sympathy sympathetic empathy empathetic pity caring
confidence: confident confidently self-confident self-confidence assured assurance self-assured certainty
confusion: confused bewildered bewilderment perplexed perplexity puzzled puzzlement baffled
contempt: contemptuous contemptuously scorn scornful disdain disdainful mockery mocking sarcastic sarcasm ironic
contentment: content contented satisfied satisfaction fulfilled fulfilment fulfillment
courage: courageous brave bravery
delight: delighted delightful
depression: depressed
desire: desirous longing yearning craving
despair: despairing desperate desperation hopeless hopelessness
determination: determined resolute resolve firm
disappointment: disappointed disappointing disillusioned dissatisfied dissatisfaction discontent let-down
disapproval: disapproving disapprove critical criticism blaming accusing accusatory reproach reproachful complaining
disgust: disgusted disgusting disgustedly
distraction: distracted absent-minded
distress: distressed upset agitated agitation
doubt: doubtful sceptical skeptical scepticism skepticism uncertain uncertainty unsure questioning
ecstasy: ecstatic elated elation euphoria euphoric bliss blissful overjoyed exhilarated exhilaration jubilant jubilation
embarrassment: embarrassed embarrassing awkward awkwardness
excitement: excited exciting excitedly enthusiasm enthusiastic enthusiastically eager eagerness thrilled thrill
fear: fearful fearfully afraid scared frightened fright
frustration: frustrated frustrating
gratitude: grateful gratefully thankful thankfulness appreciation appreciative
grief: grieving mourning bereaved anguish anguished
guilt: guilty
hatred: hate hateful
helplessness: helpless powerless powerlessness
hesitation: hesitant hesitating hesitance reluctant reluctance
hope: hopeful hopefully optimism optimistic
hostility: hostile aggressive aggression aggressiveness
hurt: wounded
indifference: indifferent apathy apathetic uninterested detached
insecurity: insecure inadequate inadequacy vulnerable vulnerability
interest: interested curious curiosity fascinated fascination intrigued attentive inquisitive engaged focused
jealousy: jealous envious envy
joy: joyful joyfully joyous happy happily happiness glad gladness cheerful cheerfully cheerfulness cheer merry
joy: pleased gleeful glee
kindness: kind friendly friendliness gentle gentleness
loathing: loathe detest revulsion repulsed repulsion repelled revolted
loneliness: lonely isolated isolation abandoned
love: loving affection affectionate fond fondness tenderness tender adoration adoring romantic
neutral: neutrality unemotional
nostalgia: nostalgic sentimental
pensiveness: pensive wistful wistfulness melancholy melancholic
pleasure: enjoyment pleasant
power: powerful empowered
pride: proud proudly triumphant triumph smug complacent
rage: furious fury enraged outraged outrage irate wrath
realization: realisation realizing realising
regret: regretful regretting rueful
rejection: rejected
relief: relieved
remorse: remorseful contrite contrition apologetic
resentment: resentful bitter bitterness indignant indignation aggrieved grievance
sadness: sad sadly sorrow sorrowful unhappy unhappiness miserable misery downcast gloomy gloom
sadness: dejected dejection heartbroken heartbreak
serenity: serene tranquil tranquility tranquillity peaceful peace peacefulness
seriousness: serious solemn solemnity stern earnest
shame: ashamed humiliated humiliation
shock: shocked startled
shyness: shy bashful timid timidity
submission: submissive obedient resigned resignation
surprise: surprised surprising surprisingly
suspicion: suspicious suspiciously distrust distrustful mistrust
terror: terrified horrified horror panic panicked petrified dread
tiredness: tired fatigue fatigued exhausted exhaustion weary weariness
trust: trusting trustful
vigilance: vigilant alert watchful
worry: worried worriedly worrying concerned concern
"""
_WORD = re.compile(r"[a-z]+(?:[-'’][a-z]+)*")
_DENIED = re.compile(r"^(?:not|no|never|without|neither|nor|hardly|\w+n['’]t)$")
REACH = 3  # words after a denial that it still covers


@cache
def forms() -> dict[str, str]:
    """Each form to the word that stands for its group."""
    found: dict[str, str] = {}
    for line in GROUPS.strip().splitlines():
        word, _, others = line.partition(":")
        found |= dict.fromkeys([word, *others.split()], word)
    return found


def canonical(word: str) -> str | None:
    """The word that stands for the group of `word`, `None` outside the list."""
    return forms().get(" ".join(word.casefold().split()))


def canonical_or_self(word: str) -> str:
    """The same, or the word itself in lower case."""
    plain = " ".join(word.casefold().split())
    return forms().get(plain, plain)


def named(text: str) -> tuple[str, ...]:
    """The emotions that a text names, in its order and once each; not those within three words after a denial
    ("not angry"). Irony, quotation and other people's emotions are not told apart."""
    return tuple(dict.fromkeys(word for word, denied in _mentions(text) if not denied))


def _mentions(text: str) -> Iterator[tuple[str, bool]]:
    for sentence in re.split(r"[.;:!?,\n]|\bbut\b", text.casefold()):
        left = 0
        for word in _WORD.findall(sentence):
            left = REACH if _DENIED.match(word) else left - 1
            if found := forms().get(word):
                yield found, 0 <= left < REACH

"""What a subtitle cue says and who says it: markup, labels, dashes, notes and music taken apart.

A name at the start of a line is taken for the speaker where it stands
- before a colon and a blank or the line's end (`ANNA: Hi`, `Dr. Grey (on phone): Hi`), or in brackets before speech
  (`[Anna] Hi`, `(ANNA) Hi`);
- in one to four words, each beginning with a capital, a digit or `#` (`MAN 2`), or joining names (`de`, `van`, `and`);
- and is none of the words that often stand before a colon or in brackets without being a name (`Note:`, `[Music]`,
  `[Whispering]`); in brackets, several words in capitals are a note (`[DOOR SLAMS]`) unless a title begins them.
So `At 10:30`, `https://…`, `Here's the thing: …` and `Note: …` stay text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from emoagent.tools.plain_text import one_line

_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?[ \t]+([^<>]*)>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<\d[\d:.]*>")
_OVERRIDE = re.compile(r"\{[^{}]*\}")
_MUSIC = re.compile(r"[♪♫♬♩][^♪♫♬♩]*[♪♫♬♩]?")
_NOTE = re.compile(r"\[[^\[\]]*\]|(?<!\w)\([^()]*\)")
_DASH = re.compile(r"\s*[-‐–—](?![-‐–—\d])\s*(?=\S)")
_COLON = re.compile(r"\s*([^\s:\[\]()][^:\[\]()\n]{0,39}?)\s*(?:[\[(][^\[\]()\n]{0,40}[\])]\s*)?:(?:\s+|$)")
_BRACKET = re.compile(
    r"\s*(?:\[([^\[\]\n,]{1,40})(?:,[^\[\]\n]*)?\]|\(([^()\n,]{1,40})(?:,[^()\n]*)?\)):?\s*(?=[\w\[(\"“'‘¿¡.…])"
)
_TITLES = {"mr", "mrs", "ms", "miss", "dr", "prof", "sir", "lady", "lord", "sgt", "capt", "captain", "officer",
           "detective", "judge", "agent", "aunt", "uncle", "father", "mother", "sister", "brother"}  # fmt: skip
_JOINS = {"de", "da", "di", "del", "la", "le", "van", "von", "der", "den", "bin", "al", "of", "and", "&", "the"}
_NO_NAME_WORDS = (
    "a about after again all also although an any applause as ask at attention because before both bravo breaking but "
    "buzz cc caption captions caution chapter cheering cheers chuckles clears click closed conclusion continued "
    "coughs cries cut danger date day dear e.g episode etc everyone example exactly except exclamation fact final "
    "finally first for from gasp gasps grunts he hence here hint his how however i i.e if important in inaudible "
    "indistinct info instead is it item just last laughs laughter lesson let level like listen location look maybe me "
    "method moans more music my name never news next no noise not notice now note notes okay ok on one online only or "
    "our p.s page pants part please point problem ps question quote reason remember result rule sniffs sobs second see "
    "she shouts sighs silence since singing siren so solution some song source static step subject subtitle subtitles "
    "synopsis that the then there therefore these they thing things third this those time tip title to today "
    "tomorrow translation translator unintelligible unless update verse version warning we well what when where "
    "which whispers who whoops why wind with yeah yells yes yesterday yet you your"
)
_NO_NAMES = frozenset(_NO_NAME_WORDS.split())
_UNSEEN = "\u200b\u200e\u200f\ufeff\xad"
_SOUND = re.compile(r"\w{2,}(ing|ed)$")


def said(raw: str, actor: str = "") -> list[tuple[str | None, str]]:
    """The parts of one cue, each with its speaker's name or `None`, in order; nothing where nobody speaks.

    `raw` may hold HTML, WebVTT or SubStation markup; `actor` is the cue's own name field. A new part begins where the
    speaker changes and at each further dash. Text between music notes (sung, or played) and notes in brackets are
    left out.
    """
    lines = _voiced(_OVERRIDE.sub("", raw)).split("\n")
    parts: list[tuple[str | None, list[str]]] = [(shown_name(actor) or None, [])]
    for speaker, text, begins in _labelled([line for line in lines if line.strip()]):
        if begins:
            parts.append((speaker, []))
        parts[-1][1].append(text)
    cleaned = [(speaker, clean(" ".join(texts))) for speaker, texts in parts]
    return [(speaker, text) for speaker, text in cleaned if text]


def clean(text: str) -> str:
    """Text without markup, music, notes in brackets and spare blanks; empty where no letter or digit is left."""
    text = _NOTE.sub(" ", _MUSIC.sub(" ", html.unescape(_TAG.sub("", text))))
    text = one_line("".join(c for c in text if c not in _UNSEEN))
    return text if any(c.isalnum() for c in text) else ""


def is_name(words: str, *, bracketed: bool = False) -> bool:
    """Whether `words` before a colon or in brackets name a speaker, by the rules above."""
    tokens = words.replace(",", " ").split()
    if not 1 <= len(tokens) <= 4 or not tokens[0][0].isalpha() or tokens[0] != tokens[0].strip('!?…"“'):
        return False
    bare = [re.split("['’]", token.casefold().rstrip("."))[0] for token in tokens]
    known = bare[0] in _NO_NAMES and not (words in "ABCDEFGH" and not bracketed)
    if known or not all(_name_token(token) for token in tokens) or bare[-1] in _JOINS:
        return False
    if not bracketed:
        return True
    sound = any(_SOUND.fullmatch(token) or token in _NO_NAMES for token in bare)
    shouted = words.isupper() and len([t for t in tokens if t[0].isalpha()]) > 1 and bare[0] not in _TITLES
    return not sound and not shouted


def shown_name(words: str) -> str:
    """A name as shown: as it is written, but `ANNA O'NEIL` as `Anna O'Neil`; without markup and spare blanks."""
    name = clean(words)[:60].strip(" -:")
    if not name.isupper() or len(name) < 2:
        return name
    return re.sub(r"(['’]S\b)|[^\W\d_]+", lambda m: m[0].lower() if m[1] else m[0].capitalize(), name)


def _name_token(token: str) -> bool:
    if ".." in token or token.endswith(("!", "?", "…")):
        return False
    return token[0].isupper() or token[0].isdigit() or token[0] == "#" or token.casefold() in _JOINS or _uncased(token)


def _uncased(token: str) -> bool:
    return token[0].isalpha() and token[0].lower() == token[0].upper()


def _voiced(raw: str) -> str:
    """WebVTT voice tags as lines of their own, marked so that no text can be mistaken for them."""
    return _VOICE.sub(lambda m: f"\n\x00{m[1].strip()}\n", raw.replace("\x00", ""))


def _labelled(lines: list[str]) -> Iterator[tuple[str | None, str, bool]]:
    """(speaker, text, whether a new part begins here) for each line."""
    plain = [line if line.startswith("\x00") else html.unescape(_TAG.sub("", line)).strip() for line in lines]
    dashed = any(_DASH.match(line) for line in plain[1:])
    after_voice = False
    for number, line in enumerate(plain):
        if line.startswith("\x00"):
            after_voice = True
            yield shown_name(line[1:]) or None, "", True
            continue
        dash = _DASH.match(line)
        if dash and _turn(plain, number):
            line = line[dash.end() :]
        name, rest = _label(line)
        begins = name is not None or (dash is not None and dashed and not after_voice and _turn(plain, number))
        after_voice = False
        yield name, rest, begins


def _turn(lines: list[str], number: int) -> bool:
    """A dash opens a turn; a long dash only where the first line has one too: else it carries a sentence on."""
    return lines[number].lstrip()[0] != "—" or lines[0].lstrip().startswith("—")


def _label(line: str) -> tuple[str | None, str]:
    colon = _COLON.match(line)
    if colon and is_name(colon[1]):
        return shown_name(colon[1]), line[colon.end() :]
    bracket = _BRACKET.match(line)
    if bracket and is_name(bracket[1] or bracket[2], bracketed=True):
        return shown_name(bracket[1] or bracket[2]), line[bracket.end() :]
    return None, line

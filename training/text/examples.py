"""What the text model learns from: each corpus turned into rows of tokens with the targets of one or more heads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from emoagent.evals.corpora.emobank import emobank
from emoagent.evals.corpora.emorynlp import emorynlp
from emoagent.evals.corpora.goemotions import GROUP, goemotions, names
from emoagent.evals.corpora.line import Line, with_history
from emoagent.evals.corpora.meld import Split, meld
from emoagent.evals.corpora.xed import xed
from emoagent.labels import LABEL_SETS
from emoagent.tools.words.text_input import Row, Said, encode

MELD7, EMORY7 = LABEL_SETS["meld7"], LABEL_SETS["emorynlp7"]
DOMAINS = ("dialogue", "subtitles", "reddit")
HELD_OUT = 10  # every tenth line of XED, by hash, is kept for calibration

# An EmoryNLP label leaves several meld7 labels open: it has no surprise and no disgust, and "peaceful" and "powerful"
# are no emotions of meld7. The loss asks for the sum of what is open; the other corpora settle the rest.
OPEN: Mapping[str, tuple[str, ...]] = {
    "neutral": ("neutral",),
    "joyful": ("joy", "surprise"),
    "peaceful": ("neutral", "joy"),
    "powerful": ("neutral", "joy", "anger", "surprise"),
    "scared": ("fear", "surprise"),
    "mad": ("anger", "disgust"),
    "sad": ("sadness",),
}


@dataclass(frozen=True)
class Example:
    """A row and its targets; a head without a target is not asked. `allowed` are the meld7 labels that would be right,
    `rated` valence, arousal and dominance from -1 to 1."""

    row: Row
    domain: int = 0
    allowed: tuple[int, ...] = ()
    weight: float = 1.0
    emory: int | None = None
    open: tuple[int, ...] | None = None
    rated: tuple[float, float, float] | None = None


def permissive(data: Path) -> list[Example]:
    """GoEmotions, XED, EmoBank, and EmoryNLP without any line that occurs in MELD dev or test."""
    film, _ = xed_parts(data / "xed")
    found = [*dialogues(emorynlp(data / "emorynlp", "train"), banned(data)), *film]
    return [*found, *reddit(data / "goemotions", "train"), *rated(data / "emobank", "train")]


def banned(data: Path) -> frozenset[str]:
    """The lines of MELD dev and test, which nothing that is shipped may learn from."""
    return frozenset(plain(line.text) for part in ("dev", "test") for line in meld(data / "meld", part))


def dialogues(lines: Sequence[Line], without: frozenset[str] = frozenset()) -> Iterator[Example]:
    """EmoryNLP; a line in `without` is neither learned from nor shown as history."""
    kept = [line for line in lines if plain(line.text) not in without]
    for line, before in with_history(kept):
        allowed = tuple(MELD7.index(name) for name in OPEN[line.labels[0]])
        yield Example(said(line, before), 0, allowed, emory=EMORY7.index(line.labels[0]))


def meld_lines(data: Path, split: Split) -> list[Example]:
    """MELD with its own labels: for the research recipe, and for measuring."""
    lines = with_history(meld(data / "meld", split))
    return [Example(said(line, before), 0, (MELD7.index(line.labels[0]),)) for line, before in lines]


def xed_parts(folder: Path) -> tuple[list[Example], list[Example]]:
    """Film subtitles for fitting, and a tenth of them held out. Lines of trust or anticipation alone are dropped."""
    fitted, held = list[Example](), list[Example]()
    for line in xed(folder):
        if allowed := tuple(sorted(MELD7.index(name) for name in line.labels if name in MELD7)):
            part = held if crc32(line.text.encode()) % HELD_OUT == 0 else fitted
            part.append(Example(said(line), 1, allowed))
    return fitted, held


def reddit(folder: Path, split: Split) -> list[Example]:
    """GoEmotions: its own 28 labels, and their groups after Ekman."""
    known = names(folder)
    found = []
    for line in goemotions(folder, split):
        allowed = tuple(sorted({MELD7.index(GROUP[name]) for name in line.labels}))
        found.append(Example(said(line), 2, allowed, open=tuple(known.index(name) for name in line.labels)))
    return found


def rated(folder: Path, split: Split) -> list[Example]:
    """EmoBank, ratings of 1 to 5 brought to -1 to 1."""
    lines = emobank(folder, split)
    return [
        Example(encode(Said(x.text)), 2, rated=tuple((v - 3) / 2 for v in (x.valence, x.arousal, x.dominance)))  # type: ignore[arg-type]
        for x in lines
    ]


def said(line: Line, before: Sequence[Line] = ()) -> Row:
    """The tokens of a line and of what was said before it."""
    return encode(Said(line.text, line.speaker), [Said(turn.text, turn.speaker) for turn in before])


def plain(text: str) -> str:
    """Letters and digits alone, lower case: two spellings of one line are the same line."""
    return re.sub(r"[^a-z0-9]", "", text.lower())

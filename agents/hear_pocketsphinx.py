"""Hears by PocketSphinx: rough, US English only, but always at hand. What was hardly understood is `[inaudible]`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from emoagent.agents.registry import Heard, hearer
from emoagent.schema import Clip, Span, Utterance, Word
from emoagent.tools.media.audio import audio_of
from emoagent.tools.words import sphinx
from emoagent.tools.words.word_confidence import INAUDIBLE, PAUSE


@hearer("pocketsphinx", needs={"audio"}, cost="0.2 to 0.35 x real time on one core")
def pocketsphinx(clip: Clip) -> Heard | None:
    """Recognises US English roughly with the model in PocketSphinx's wheel; marks what it has not understood."""
    if clip.audio is None:
        return None
    heard = tuple(_numbered(sphinx.recognise(audio_of(clip)), clip.duration))
    return Heard(heard) if heard else None


def turns(words: Sequence[Word], pause: float = PAUSE) -> list[tuple[Word, ...]]:
    """The words in groups, parted where nobody speaks for more than `pause` seconds."""
    groups: list[list[Word]] = []
    for word in words:
        if groups and word.span.start - groups[-1][-1].span.end <= pause:
            groups[-1].append(word)
        else:
            groups.append([word])
    return [tuple(group) for group in groups]


def text_of(words: Sequence[Word], kept: Sequence[bool]) -> str:
    """The kept words, with `[inaudible]` for each run of others."""
    shown = [word.text if keep else INAUDIBLE for word, keep in zip(words, kept, strict=True)]
    return " ".join(text for i, text in enumerate(shown) if text != INAUDIBLE or i == 0 or shown[i - 1] != INAUDIBLE)


def kept(words: Sequence[Word]) -> list[bool]:
    """Which words are in a stretch that is not hopeless."""
    return [(word.probability or 0.0) > 0 for word in words]


def _numbered(stretches: Iterable[tuple[Span, tuple[Word, ...]]], duration: float) -> Iterator[Utterance]:
    parts = [part for span, words in stretches for part in _parts(span, words)]
    inside = [(span, words) for span, words in parts if span.start < duration]
    for number, (span, words) in enumerate(inside, 1):
        within = Span(start=span.start, end=min(span.end, max(duration, span.start)))
        keep = kept(words)
        sure = tuple(word for word, yes in zip(words, keep, strict=True) if yes)
        yield Utterance(id=f"u{number}", span=within, text=text_of(words, keep), words=sure, source="pocketsphinx")


def _parts(span: Span, words: tuple[Word, ...]) -> list[tuple[Span, tuple[Word, ...]]]:
    if not words:
        return [(span, ())]
    groups = turns(words)
    return [(Span(start=group[0].span.start, end=group[-1].span.end), group) for group in groups]

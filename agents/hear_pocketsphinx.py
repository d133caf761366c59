"""Hears by PocketSphinx: rough, US English only, but always at hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from emoagent.agents.registry import Heard, hearer
from emoagent.schema import Clip, Span, Utterance, Word
from emoagent.tools import sphinx
from emoagent.tools.audio import audio_of

PAUSE = 0.6


@hearer("pocketsphinx", needs={"audio"}, cost="0.2 to 0.3 x real time on one core")
def pocketsphinx(clip: Clip) -> Heard | None:
    """Recognises US English roughly with the model in PocketSphinx's wheel; marks speech it does not understand."""
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


def _numbered(stretches: Iterable[tuple[Span, tuple[Word, ...]]], duration: float) -> Iterator[Utterance]:
    parts = [part for span, words in stretches for part in _parts(span, words)]
    kept = [(span, words) for span, words in parts if span.start < duration]
    for number, (span, words) in enumerate(kept, 1):
        text = " ".join(word.text for word in words)
        within = Span(start=span.start, end=min(span.end, max(duration, span.start)))
        yield Utterance(id=f"u{number}", span=within, text=text, words=words, source="pocketsphinx")


def _parts(span: Span, words: tuple[Word, ...]) -> list[tuple[Span, tuple[Word, ...]]]:
    if not words:
        return [(span, ())]
    groups = turns(words)
    return [(Span(start=group[0].span.start, end=group[-1].span.end), group) for group in groups]

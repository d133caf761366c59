"""Hears by WhisperX: many languages, the time of each word. What was hardly understood is `[inaudible]`.

A stretch of speech is hopeless by the measures at which Whisper itself would try again (Radford et al. 2023, "Robust
Speech Recognition via Large-Scale Weak Supervision"): a mean log probability of its tokens below -1, or text that says
the same over and over, so that it can be packed to less than 1/2.4 of its size.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Iterator, Sequence

from emoagent.agents.hear_pocketsphinx import turns
from emoagent.agents.hear_subtitles import interpolated
from emoagent.agents.registry import Heard, hearer
from emoagent.errors import ModelMissing
from emoagent.schema import Clip, Span, Utterance, Word
from emoagent.tools.media.audio import Audio, audio_of
from emoagent.tools.voice import pyannote_voices
from emoagent.tools.voice.voices import FILE
from emoagent.tools.words.hearing import hearing
from emoagent.tools.words.whisperx_transcript import Recognised, Stretch, Timed, transcribe
from emoagent.tools.words.word_confidence import INAUDIBLE
from emoagent.tools.workspace import workspace

LEAST_LIKELY = -1.0  # mean log probability of the tokens
REPETITIVE = 2.4  # how many times smaller the text gets when it is packed
SHORTEST = 0.4  # seconds; no sentence is an utterance of its own if it, or what is left, is shorter
UNSPACED = frozenset({"ja", "yue", "zh"})  # languages written without spaces, whose words are single characters
_END = re.compile(r"(?:[.?!…]|[。？！])[\"'”’»)\]」』]*$")
_NO_END = re.compile(r"(?:^(?:Mr|Mrs|Ms|Dr|Prof|Sgt|Capt|St|Jr|Sr|vs|e\.g|i\.e|z\.B|[^\W\d_])\.)$")


@hearer("whisperx", needs={"audio"}, cost="the models of the extra whisperx; about real time on a processor")
def whisperx(clip: Clip) -> Heard | None:
    """Recognises many languages with Whisper and times each word with wav2vec2; needs the extra `whisperx`."""
    if clip.audio is None:
        return None
    audio = audio_of(clip)
    recognised = transcribe(audio, hearing())
    heard = tuple(utterances(recognised, clip.duration))
    if not heard:
        return None
    return Heard(heard, models=recognised.models, note=f"{note(recognised)}; {_told_apart(audio)}")


def _told_apart(audio: Audio) -> str:
    """Lets pyannote find the voices where it can, for `emoagent.agents.turns`, which otherwise does so itself."""
    why_not, weights = pyannote_voices.why_not(), pyannote_voices.folder()
    if why_not or weights is None:
        return f"voices told apart by the embedded clustering, not by pyannote: {why_not}"
    try:
        workspace().derived(FILE, lambda path: pyannote_voices.diarize(audio, weights).save(path))
    except ModelMissing as error:
        return f"voices told apart by the embedded clustering, not by pyannote: {error.message}"
    return "voices told apart by pyannote"


def note(found: Recognised) -> str:
    """What a reader should know of how it was heard: the language, and whose times the words have."""
    sure = "" if found.certainty is None else f", found out with a chance of {found.certainty:.0%}"
    times = f"times of words spread over their stretch, because {found.untimed}" if found.untimed else "words aligned"
    return f"language {found.language}{sure}; {times}"


def utterances(found: Recognised, duration: float) -> Iterator[Utterance]:
    """Utterances u1, u2, … in order: stretches parted at pauses and at ends of sentences, inside the clip."""
    glue = "" if found.language in UNSPACED else " "
    inside = (stretch for stretch in found.stretches if stretch.span.start < duration)
    parts = (part for stretch in inside for part in _parts(stretch, duration, glue))
    for number, (span, text, words) in enumerate(parts, 1):
        yield Utterance(id=f"u{number}", span=span, text=text, words=words, source="whisperx")


def hopeless(stretch: Stretch) -> bool:
    """Whether the words of the stretch are not worth showing."""
    text = stretch.text.encode()
    return stretch.log_probability < LEAST_LIKELY or len(text) / len(zlib.compress(text)) > REPETITIVE


def _parts(stretch: Stretch, duration: float, glue: str) -> Iterator[tuple[Span, str, tuple[Word, ...]]]:
    span = Span(start=stretch.span.start, end=min(stretch.span.end, duration))
    if hopeless(stretch):
        yield span, INAUDIBLE, ()
        return
    for group in turns(timed(stretch, span, glue)):
        for words in sentences(group):
            yield Span(start=words[0].span.start, end=words[-1].span.end), glue.join(w.text for w in words), words


def timed(stretch: Stretch, span: Span, glue: str = " ") -> list[Word]:
    """The words of a stretch in order, all inside `span`. Those without a time share what is between their neighbours;
    those whose letters the aligner does not know keep its guess, but count as interpolated."""
    chance = round(math.exp(min(0.0, stretch.log_probability)), 4)
    words = stretch.words or [Timed(text) for text in (stretch.text.split() if glue else stretch.text)]
    found, waiting, end = list[Word](), list[str](), span.start
    for word in words:
        if word.start is None or word.end is None:
            waiting.append(word.text)
            continue
        start = min(max(end, round(word.start, 3)), span.end)
        found += _spread(waiting, Span(start=end, end=start), chance)
        end, waiting = min(max(start, round(word.end, 3)), span.end), []
        found.append(_word(word, Span(start=start, end=end), chance))
    return [*found, *_spread(waiting, Span(start=end, end=span.end), chance)]


def _word(word: Timed, span: Span, chance: float) -> Word:
    if word.score is None:
        return Word(text=word.text, span=span, probability=chance, time_source="interpolated")
    score = round(min(1.0, max(0.0, word.score)), 4)
    return Word(text=word.text, span=span, probability=score, time_source="aligned")


def _spread(texts: Sequence[str], span: Span, chance: float) -> Iterator[Word]:
    return (word.model_copy(update={"probability": chance}) for word in interpolated(" ".join(texts), span))


def sentences(words: tuple[Word, ...]) -> list[tuple[Word, ...]]:
    """The words parted after each end of a sentence, where both sides last long enough to be told apart."""
    groups, first = list[tuple[Word, ...]](), 0
    for at in range(1, len(words)):
        long = min(words[at - 1].span.end - words[first].span.start, words[-1].span.end - words[at].span.start)
        if long >= SHORTEST and _END.search(words[at - 1].text) and not _NO_END.match(words[at - 1].text):
            groups.append(words[first:at])
            first = at
    return [*groups, words[first:]]

"""The words: which way of hearing is used, and what was said as evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from emoagent.agents import hear_pocketsphinx, hear_subtitles, hear_whisperx, hear_windows
from emoagent.agents.registry import Finding, Heard, hearers, perceiver
from emoagent.errors import MediaError, ModelMissing, ResourceLimit, TranscriptError, UsageError
from emoagent.schema import Clip, Utterance
from emoagent.tools.words.hearing import hearing
from emoagent.tools.words.subtitles import find_subtitles
from emoagent.tools.words.word_confidence import INAUDIBLE
from emoagent.tools.workspace import workspace

READ_RELIABILITY = 0.95
HEARD_RELIABILITY = 0.9  # at most, where words were recognised
ROUGH_RELIABILITY = 0.7  # at most; the chances of the words are averages over many voices
INAUDIBLE_RELIABILITY = 0.1
_ROUGH = "as heard by a rough recogniser of US English"
_HINTS = {
    "subtitles": "Put a subtitle file beside the media file under the same name (.srt, .vtt, .ass), "
    "or use --transcript auto",
    "pocketsphinx": "Use --transcript windows, or give subtitles",
    "whisperx": "Use --transcript windows, or give subtitles",
}
Step = Callable[[Clip], tuple[Heard | None, str]]


def hear(clip: Clip, choice: str = "auto") -> tuple[Heard, str]:
    """What was said, and one sentence on how it was heard and why so.

    `auto`: subtitles beside the file, else inside it, else, where there is sound, WhisperX in the larger profiles if it
    can run, else PocketSphinx; or, where nobody was heard, fixed windows. Any other choice names one hearer and is
    kept to. Raises `UsageError` for an unknown hearer, or one that needs sound where there is none; `TranscriptError`
    where the chosen one finds nothing; `ModelMissing` where it lacks its package or its models.
    """
    return _auto(clip) if choice == "auto" else _chosen(clip, choice)


@perceiver(modality="text", needs={"text"}, cost="nothing")
def transcript(clip: Clip, utterances: Sequence[Utterance]) -> Iterator[Finding]:
    """Quotes what was said, and says how far the words can be trusted."""
    yield from quoted(utterances)


def quoted(utterances: Iterable[Utterance]) -> Iterator[Finding]:
    """The same of utterances that belong to no clip, e.g. the turns of a chat."""
    for utterance in utterances:
        if utterance.text.replace(INAUDIBLE, "").strip():
            yield _quotation(utterance)
        elif utterance.text:
            yield _inaudible(utterance)


def _quotation(utterance: Utterance) -> Finding:
    known = [word.probability for word in utterance.words if word.probability is not None]
    mean = sum(known) / len(known) if known else None
    rough = utterance.source == "pocketsphinx"
    text = f"Said ({_ROUGH}): “{utterance.text}”" if rough else f"Said: “{utterance.text}”"
    reliability = READ_RELIABILITY if mean is None else min(HEARD_RELIABILITY, mean)
    return Finding(
        utterance=utterance,
        kind="quotation",
        text=text,
        reliability=min(ROUGH_RELIABILITY, mean or 0.0) if rough else reliability,
        measures=_measures(utterance, mean),
        person=utterance.person,
    )


def _measures(utterance: Utterance, mean: float | None) -> dict[str, tuple[float, str]]:
    gaps = utterance.text.count(INAUDIBLE)
    count = len(utterance.words) or len(utterance.text.split()) - gaps
    measures = {"words": (float(count), "words")}
    if mean is not None:
        measures["probability"] = (mean, "probability")
    return measures | ({"inaudible": (float(gaps), "stretches")} if gaps else {})


def _inaudible(utterance: Utterance) -> Finding:
    text = "Something like speech is heard, but the words could not be made out."
    return Finding(utterance, "inaudible", text, INAUDIBLE_RELIABILITY, person=utterance.person)


def _chosen(clip: Clip, choice: str) -> tuple[Heard, str]:
    ways = hearers()
    if choice not in ways:
        names = ", ".join(["auto", *ways])
        raise UsageError(
            f"this version has no way to hear called {choice!r}", hint=f"Use --transcript with one of: {names}"
        )
    if "audio" in ways[choice].needs and clip.audio is None:
        raise UsageError(f"{clip.name} has no sound, which {choice!r} needs", hint="Use --transcript auto or windows")
    found = ways[choice].run(clip)
    if found is None or not found.utterances:
        hint = _HINTS.get(choice, "Use --transcript auto")
        raise TranscriptError(f"{clip.name}: no {_sought(choice)} found", hint=hint, where=clip.name)
    return found, f"Transcript by {choice}, as asked for{f': {found.note}' if found.note else ''}."


def _sought(choice: str) -> str:
    return "subtitles beside or inside the file were" if choice == "subtitles" else f"speech for {choice} was"


def _auto(clip: Clip) -> tuple[Heard, str]:
    passed: list[str] = []
    steps: tuple[Step, ...] = (_beside, _inside, _recognised)
    for step in steps:
        try:
            found, why = step(clip)
        except MediaError as error:
            found, why = None, error.message
        if found is not None and found.utterances:
            return found, _sentence(why, passed)
        passed.append(why)
    return hear_windows.windows.run(clip) or Heard(()), _sentence("Fixed windows instead of utterances", passed)


def _sentence(picked: str, passed: Sequence[str]) -> str:
    return f"{picked}, because {' and '.join(passed)}." if passed else f"{picked}."


def _beside(clip: Clip) -> tuple[Heard | None, str]:
    path = find_subtitles(workspace().source)
    if path is None:
        return None, "there are no subtitles beside the file"
    return hear_subtitles.beside(clip, path), f"Transcript from the subtitles beside the file, {path.name}"


def _inside(clip: Clip) -> tuple[Heard | None, str]:
    if not clip.subtitles:
        return None, "none inside it"
    found = hear_subtitles.inside(clip)
    return found, "Transcript from the subtitles inside the file" if found else "those inside it hold no speech"


def _recognised(clip: Clip) -> tuple[Heard | None, str]:
    if clip.audio is None:
        return None, "there is no sound"
    if not hearing().large:
        return _roughly(clip)
    try:
        found = hear_whisperx.whisperx.run(clip)
    except (ModelMissing, ResourceLimit) as error:
        rough, why = _roughly(clip)
        return rough, f"{why}; not by WhisperX: {error.message} ({error.hint})"
    return (found, f"Transcript by WhisperX ({found.note})") if found else (None, "WhisperX heard no speech")


def _roughly(clip: Clip) -> tuple[Heard | None, str]:
    found = hear_pocketsphinx.pocketsphinx.run(clip)
    if found is None or not any(utterance.text for utterance in found.utterances):
        return None, "no words were heard"
    if not any(utterance.words for utterance in found.utterances):
        return found, "Utterances by PocketSphinx, which could make out no words (it knows US English only)"
    return found, "Transcript by PocketSphinx (rough, US English only)"

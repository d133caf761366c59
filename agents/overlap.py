"""Where two people speak at once: what is measured of a voice there is partly another's.

It is a finding about the sound, so its modality is the voice, though lips may be what shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from emoagent.agents.registry import Finding, perceiver
from emoagent.schema import Clip, Span, Utterance
from emoagent.tools.sight.cast import SpeakerScore, names_of, speaker_scores
from emoagent.tools.voice.voices import Voices, voices_of

BRIEFEST = 0.1  # seconds of overlap that are worth a finding
BY_VOICE, BY_LIPS, BY_BOTH = 0.5, 0.3, 0.6  # reliability (docs/design/speakers.md)


@perceiver(modality="voice", needs={"audio"}, cost="nothing: it reads what was found when the speakers were bound")
def overlap(clip: Clip, utterances: Sequence[Utterance]) -> Iterator[Finding]:
    """Two people who speak at once, by their voices or by two pairs of lips that go with the sound."""
    scores, names, voices = speaker_scores(clip), names_of(clip), voices_of(clip)
    for utterance in utterances:
        score = scores.get(utterance.id)
        spans = _shared(voices, utterance)
        if score is not None and (spans or score.rival):
            yield _finding(utterance, score, spans, names.get(score.rival or "") or score.rival)


def _shared(voices: Voices | None, utterance: Utterance) -> list[Span]:
    """The parts of the utterance in which two voices are heard."""
    start, end = utterance.span.start, utterance.span.end
    inside = [(max(start, s.start), min(end, s.end)) for s in (voices.overlaps if voices else ())]
    spans = [Span(start=a, end=b) for a, b in inside if b > a]
    return spans if sum(span.duration for span in spans) >= BRIEFEST else []


def _finding(utterance: Utterance, score: SpeakerScore, spans: Sequence[Span], rival: str | None) -> Finding:
    seconds = sum(span.duration for span in spans)
    if spans:
        text = f"Two people are heard at once for {seconds:.1f} s"
        trust = BY_BOTH if rival else BY_VOICE
        when = Span(start=spans[0].start, end=spans[-1].end)
        measures = {"seconds": (seconds, "s"), "share": (score.overlap, "ratio")}
    else:
        text, trust, when, measures = "The lips of two people move with the sound", BY_LIPS, utterance.span, {}
    if spans and rival:
        text += ", and the lips of two move with the sound"
    measures["faces"] = (float(score.faces), "count")
    return Finding(utterance, "overlapping_speech", text, trust, measures, when, utterance.person)

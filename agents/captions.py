"""What a vision-language model sees the speaker do: small changes of the face, gestures, posture and gaze.

The model is shown frames with the tracked face in a box. With `captions = blind` it is told no word of the dialogue,
with `bemerc` it is given this turn and those before it, and the evidence says so. Who is not tracked is not described.
Nothing has been measured about such captions here, so their reliability is capped low and no opinion is made of them:
they go to a language model that reasons, as evidence among other evidence (docs/design/captions.md).
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from emoagent.agents.caption_answer import Reading, Seen, counted, read
from emoagent.agents.caption_question import ECHOED, again, question, revision, with_pictures, without_pictures
from emoagent.agents.registry import Finding, perceiver
from emoagent.errors import Incomplete
from emoagent.schema import Clip, Span, Utterance
from emoagent.tools.language.backends import Budget, backends
from emoagent.tools.language.caption_frames import Plan, pictures, plan
from emoagent.tools.language.generation import Generator, Question, Unanswered
from emoagent.tools.language.json_answer import Unreadable
from emoagent.tools.progress import tell
from emoagent.tools.remarks import remark
from emoagent.tools.workspace import workspace

UNMEASURED = 0.4  # the most that a caption is worth: nobody has measured here how often such sentences are right
VISIBLE = {"clear": 1.0, "partly": 0.5}
SEEN_WELL = 0.5  # quality of a face from which on it is seen well
NAMED = 5  # utterances that are named where an answer was of no use


@dataclass(frozen=True)
class Asked:
    """One question and what it shows; without the pictures themselves, which lie in the run folder."""

    utterance: Utterance
    plan: Plan
    question: Question


@dataclass
class Tally:
    """What became of the questions. `lost`: utterance id -> why its answer could not be used."""

    shown: int = 0
    findings: int = 0
    repaired: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    lost: dict[str, str] = field(default_factory=dict)


@perceiver(modality="behavior", needs={"faces", "vision"}, cost="one question with up to 8 frames for each utterance")
def captions(clip: Clip, utterances: Sequence[Utterance]) -> Iterator[Finding]:
    """The speaker's face, gestures, posture and gaze in a vision-language model's words; only where one is named."""
    from emoagent.tools.sight.cast import cast_of
    from emoagent.tools.sight.faces import faces_of

    vision, budget = backends().vision, backends().budget
    assert vision is not None
    series, cast = faces_of(clip), cast_of(clip)
    tracks = {each.id: cast.get(each.person or "", ()) for each in utterances}
    plans = [p for each in utterances if (p := plan(each.id, each.span, series, tracks[each.id], budget)) is not None]
    tally = Tally()
    yield from _findings(vision, _questions(clip, utterances, plans, budget), tally, any(u.text for u in utterances))
    _report(vision, tally, len(utterances))


def _questions(
    clip: Clip, utterances: Sequence[Utterance], plans: Sequence[Plan], budget: Budget
) -> Iterator[tuple[Asked, Question]]:
    """One for each plan, made when it is asked for, so that few frames are in memory at a time."""
    place = {each.id: number for number, each in enumerate(utterances)}
    told = any(each.text for each in utterances)
    for each, shown in pictures(clip, plans, budget):
        number = place[each.name]
        asked = question(utterances[number], shown, utterances[:number] if told else None)
        yield Asked(utterances[number], each, without_pictures(asked)), asked


def _findings(
    vision: Generator, questions: Iterable[tuple[Asked, Question]], tally: Tally, told: bool
) -> Iterator[Finding]:
    """Those of all questions. Where an answer cannot be used, the model is asked once more, after all others."""
    version = revision(vision.name, blind=not told)
    failed = list[tuple[Asked, str, str]]()
    for asked, text, reading in _readings(vision, questions):
        tally.shown += 1
        if isinstance(reading, Reading):
            yield from _told(asked, reading, version, tally)
        elif text is None:
            tally.lost[asked.utterance.id] = reading
        else:
            failed.append((asked, text[:ECHOED], reading))
    folder = workspace().folder
    repairs = ((asked, again(with_pictures(asked.question, folder), text, why)) for asked, text, why in failed)
    for asked, _, reading in _readings(vision, repairs):
        if isinstance(reading, Reading):
            tally.repaired += 1
            yield from _told(asked, reading, version, tally)
        else:
            tally.lost[asked.utterance.id] = reading


def _readings(
    vision: Generator, questions: Iterable[tuple[Asked, Question]]
) -> Iterator[tuple[Asked, str | None, Reading | str]]:
    """With each question its answer as text (`None`: there was none), and how it reads, or why it cannot be used."""
    waiting = deque[Asked]()

    def each() -> Iterator[Question]:
        for asked, complete in questions:
            waiting.append(asked)
            yield complete

    for reply in vision.answers(each()):
        asked = waiting.popleft()
        tell(asked.utterance.span.end)
        if isinstance(reply, Unanswered):
            yield asked, None, reply.message
            continue
        try:
            yield asked, reply.text, read(reply.text, reply.finish, len(asked.plan.times))
        except Unreadable as error:
            yield asked, reply.text, str(error)


def _told(asked: Asked, reading: Reading, version: str, tally: Tally) -> Iterator[Finding]:
    tally.dropped += reading.dropped
    tally.findings += len(reading.seen)
    for seen in reading.seen:
        yield _finding(asked, seen, version)


def _finding(asked: Asked, seen: Seen, version: str) -> Finding:
    plan, whole = asked.plan, asked.utterance.span
    start, end = (plan.times[place] for place in (seen.first, seen.last))
    start, end = max(whole.start, start - plan.part / 2), min(whole.end, end + plan.part / 2)
    quality = min(1.0, plan.quality / SEEN_WELL)
    return Finding(
        utterance=asked.utterance,
        kind=f"caption_{seen.channel}",
        text=seen.sentence,
        reliability=UNMEASURED * VISIBLE[seen.visibility] * quality,
        measures={"frames": (len(plan.times), "frames shown"), "face_quality": (plan.quality, "0-1")},
        span=Span(start=round(min(start, end), 3), end=round(end, 3)),
        person=asked.utterance.person,
        media_ref=f"media/captions/{plan.name}.{(seen.first + seen.last) // 2 + 1}.jpg",
        revision=version,
    )


def _report(vision: Generator, tally: Tally, utterances: int) -> None:
    """Counts for the provenance of the run. Raises `Incomplete` where answers were of no use."""
    asked = f"{tally.shown} of {utterances} utterances shown to {vision.name}, the others without a tracked speaker"
    left = ", ".join(counted(tally.dropped)) or "none"
    remark("captions", f"{asked}; {tally.findings} sentences kept, {tally.repaired} answers repaired; left out: {left}")
    if tally.lost:
        some = "; ".join(f"{name}: {why}" for name, why in list(tally.lost.items())[:NAMED])
        more = f"; and {len(tally.lost) - NAMED} more" if len(tally.lost) > NAMED else ""
        raise Incomplete(
            f"{len(tally.lost)} of {tally.shown} captions could not be used ({some}{more})",
            hint="the raw answers are in the trace, under calls; a larger model or --captions off may help",
        )

"""Causal means: whatever is changed, added or removed after turn t, nothing that is said about t or before changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import get_args

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from judging import heard, said, seen, voiced
from scripted import Scripted, ids, reply

from emoagent.graphs.judgement import audit_all, judge_all, opine_all
from emoagent.graphs.state import Episode
from emoagent.labels import labels
from emoagent.schema import Audit, Conflict, Contribution, Evidence, Mode, Opinion, Utterance, Verdict
from emoagent.settings import Settings
from emoagent.tools.language.backends import Backends, served_by
from emoagent.tools.language.generation import Question

LINES = ("", "?!", "Oh my God!", "I am so sorry.", "You idiot, get out!", "So happy for you, wonderful!", "At ten.",
         "I love it when you do that thing with the train, it makes my whole day so much better!")  # fmt: skip


@dataclass(frozen=True)
class Said:
    """A turn before it has a place: who, what, after which pause in seconds, and what is seen and heard."""

    text: str
    person: str | None
    pause: float
    units: tuple[tuple[str, float], ...] = ()
    pitch: float | None = None
    reliability: float = 0.9


units = st.tuples(st.sampled_from(("AU4", "AU9", "AU12", "AU15")), st.floats(0.5, 5))
turns = st.builds(
    Said,
    text=st.sampled_from(LINES),
    person=st.sampled_from((None, "p1", "p2")),
    pause=st.sampled_from((0.0, 0.5, 4.0, 90.0)),
    units=st.lists(units, max_size=2).map(tuple),
    pitch=st.none() | st.floats(-3, 3),
    reliability=st.floats(0.1, 1),
)


def _placed(dialogue: Sequence[Said]) -> tuple[list[Utterance], list[Evidence]]:
    utterances, evidence, start = list[Utterance](), list[Evidence](), 0.0
    for number, turn in enumerate(dialogue):
        start += turn.pause
        u = said(turn.text, f"u{number}", turn.person, round(start, 3))
        start = u.span.end
        shown = [e for name, value in turn.units for e in seen(u, None, turn.reliability, **{name: value})]
        faces = [e.model_copy(update={"id": f"{u.id}.face.{i}"}) for i, e in enumerate(shown)]
        voices = [] if turn.pitch is None else voiced(u, turn.reliability, pitch=turn.pitch)
        utterances.append(u)
        evidence += [heard(u, turn.reliability), *faces, *voices]
    return utterances, evidence


@dataclass(frozen=True)
class Told:
    """All that is said about the first turns."""

    verdicts: tuple[Verdict, ...]
    audits: tuple[Audit, ...]
    opinions: tuple[Opinion, ...]
    conflicts: tuple[Conflict, ...]
    evidence: tuple[Evidence, ...]
    baseline: tuple[Verdict, ...]
    contributions: tuple[Contribution, ...]


def told(dialogue: Sequence[Said], first: int, mode: Mode = "causal", ablate: bool = False) -> Told:
    """What the stages of the graph say about the first turns of a dialogue."""
    utterances, evidence = _placed(dialogue)
    how, state = Settings(mode=mode, ablate=ablate), Episode(utterances=tuple(utterances), evidence=evidence)
    for work in (opine_all, judge_all, audit_all):
        for name, value in work(state, how).items():
            if name in ("faults", "notes"):
                assert name == "notes" or ablate or not value
                continue
            grows = isinstance(getattr(state, name), list)
            setattr(state, name, getattr(state, name) + value if grows else value)
    about = {u.id for u in utterances[:first]}
    found = (state.opinions, state.conflicts, state.evidence, state.baseline, state.contributions)
    parts = [tuple(each for each in records if each.utterance in about) for records in found]
    return Told(state.verdicts[:first], state.audits[:first], *parts)  # type: ignore[arg-type]


@settings(max_examples=40)
@given(st.lists(turns, min_size=1, max_size=4), st.lists(turns, max_size=2), st.lists(turns, max_size=2))
def test_what_comes_later_never_changes_what_was_said(
    first: list[Said], after: list[Said], instead: list[Said]
) -> None:
    assume(after != instead)
    assert told(first + after, len(first)) == told(first + instead, len(first))


def _as_asked(asked: Question) -> str:
    """An answer that depends on every letter of the question; some cannot be read."""
    drawn = int(sha256(repr(asked.messages).encode()).hexdigest(), 16)
    return "?" if drawn % 5 == 0 else reply(labels()[drawn % 7], ids(asked)[:1])


def _told_by_model(dialogue: Sequence[Said], first: int, mode: Mode = "causal") -> tuple[Told, list[Question]]:
    model = Scripted(_as_asked)
    with served_by(Backends(model, verifier=model)):
        found = told(dialogue, first, mode, ablate=True)
    asked = [each for each in model.asked if int(str(each.utterance)[1:]) < first]
    return found, sorted(asked, key=lambda each: each.id)


@settings(max_examples=20)
@given(st.lists(turns, min_size=1, max_size=4), st.lists(turns, max_size=2), st.lists(turns, max_size=2))
def test_what_comes_later_never_changes_what_a_language_model_is_asked(
    first: list[Said], after: list[Said], instead: list[Said]
) -> None:
    assume(after != instead)
    assert _told_by_model(first + after, len(first)) == _told_by_model(first + instead, len(first))


PLAIN = Said("At ten.", "p1", 0.0)
OUTBURST = Said("You idiot, get out!", "p1", 0.0, units=(("AU9", 4.0),))


@pytest.mark.parametrize("instead", [[], [PLAIN]], ids=["removed", "changed"])
def test_hindsight_does_look_ahead_so_the_comparison_can_fail(instead: list[Said]) -> None:
    first = [Said("I love it when you do that thing with the train.", "p1", 0.0)]
    assert told([*first, OUTBURST], 1) == told([*first, *instead], 1)
    assert told([*first, OUTBURST], 1, "offline") != told([*first, *instead], 1, "offline")
    asked = [_told_by_model([*first, *after], 1, "offline")[1] for after in ([OUTBURST], instead)]
    assert asked[0] != asked[1]


@pytest.mark.parametrize("mode", get_args(Mode))
def test_both_ways_of_reading_say_which_they_are(mode: Mode) -> None:
    assert {verdict.mode for verdict in told([PLAIN, OUTBURST], 2, mode).verdicts} == {mode}

"""Turns of a conversation: what comes out, what is refused, what is late, and what is remembered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Event

import numpy as np
import pytest
from conftest import SAMPLE
from judging import said
from sounds import load

from emoagent import TurnAnalyzer
from emoagent.affect import EXPLANATION, SENSES, AffectTurn, Consent
from emoagent.agents.transcript import quoted, transcript
from emoagent.bridges.session import Session
from emoagent.bridges.turn_input import given_of
from emoagent.bridges.turns import EVERYTHING
from emoagent.errors import Clash, NoConsent, NotFound, Refused, ResourceLimit, UsageError
from emoagent.graphs.judgement import judge_all, opine_all
from emoagent.graphs.state import Episode
from emoagent.settings import Settings
from emoagent.tools.media.frame import Frame
from emoagent.tools.media.sound import Sound

PATIENT = 30.0  # seconds; the machine that runs the tests may be busy
RATE = 16_000


@pytest.fixture(scope="module")
def analyzer() -> Iterator[TurnAnalyzer]:
    with TurnAnalyzer(deadline=PATIENT) as analyzer:
        analyzer.warm()
        yield analyzer


@pytest.fixture(scope="module")
def speech() -> Sound:
    """Three seconds of talk."""
    return Sound(load(SAMPLE)[: 3 * RATE], RATE)


def settled(session: Session, turn: int) -> AffectTurn:
    """The turn once everything has arrived for it."""
    for _ in range(600):
        affect = session.record(turn).affect
        late = set(affect.latency.late)
        if all(vote.modality not in late or vote.reason != "late" for vote in affect.votes):
            return affect
        time.sleep(0.05)
    raise AssertionError("nothing arrived")


def test_words_alone(analyzer: TurnAnalyzer) -> None:
    session = analyzer.open()
    affect = session.turn("Oh my God, I'm so happy!")
    assert (affect.session, affect.turn, affect.person, affect.label) == (session.id, 1, "user", "joy")
    assert not affect.abstained
    assert affect.confidence is not None
    assert affect.valence is not None
    assert affect.valence > 0
    assert [vote.modality for vote in affect.votes] == list(SENSES)
    assert [vote.reason for vote in affect.votes] == [None, "not given", "not given"]
    assert 0 < len(affect.explanation) <= EXPLANATION
    assert "happy" in affect.explanation
    assert any(name.startswith("text-minilm@") for name in affect.models)
    record = session.record(1)
    assert record.affect == affect
    assert set(affect.evidence) <= {item.id for item in record.evidence}


def test_the_sound_is_heard_without_the_words(analyzer: TurnAnalyzer, speech: Sound) -> None:
    session = analyzer.open()
    affect = session.turn("You did what?", speech)
    record = session.record(1)
    assert {item.modality for item in record.evidence} == {"text", "voice"}
    assert all(not item.saw_text for item in record.evidence if item.modality == "voice")
    assert {item.id.rsplit(".", 1)[0] for item in record.evidence} == {"t1.transcript", "t1.voice"}
    assert record.utterance.span.duration == pytest.approx(3.0)
    assert {"text", "voice", "judge"} <= set(affect.latency.stages)


def test_words_are_judged_as_the_lines_of_a_file_are(analyzer: TurnAnalyzer) -> None:
    lines = ("Where have you been?", "You idiot!", "Well, I found them, hooray!")
    said_so = tuple(said(text, f"u{n}", "p1", 3.0 * n) for n, text in enumerate(lines))
    file = Episode(utterances=said_so, evidence=list(transcript.evidence(quoted(said_so))))
    file.opinions = opine_all(file, analyzer.settings)["opinions"]
    verdicts = judge_all(file, analyzer.settings)["verdicts"]
    session = analyzer.open()
    turns = [session.turn(text) for text in lines]
    assert [affect.distribution for affect in turns] == [verdict.distribution for verdict in verdicts]
    assert [affect.confidence for affect in turns] == [verdict.confidence for verdict in verdicts]


def test_the_trend_is_told_against_the_same_person(analyzer: TurnAnalyzer) -> None:
    session = analyzer.open()
    assert session.turn("I'm so happy, this is wonderful!").trend is None
    assert session.turn("I hate you, get out of here!", person="other").trend is None
    trend = session.turn("This is terrible, I'm so sad.").trend
    assert trend is not None
    assert (trend.turns, trend.before, trend.changed) == (1, "joy", True)
    assert trend.valence is not None
    assert trend.valence < 0


def test_what_was_answered_is_context_and_no_turn(analyzer: TurnAnalyzer) -> None:
    alone = analyzer.open().turn("Yes.")
    session = analyzer.open()
    session.turn("Did he pass?")
    session.reply("Oh my God, he won the first prize, how wonderful!")
    after = session.turn("Yes.")
    assert after.turn == 2
    assert after.distribution != alone.distribution
    assert [affect.turn for affect in session.timeline()] == [1, 2]


@pytest.mark.parametrize("text", ["Ich bin heute sehr traurig darüber", "今日はとても悲しいです", "😀", "…?!"])
def test_words_that_the_model_does_not_know_abstain_and_are_not_neutral(analyzer: TurnAnalyzer, text: str) -> None:
    affect = analyzer.open().turn(text)
    assert affect.abstained
    assert affect.label is None
    assert affect.reason is not None
    assert "text" in affect.reason
    assert affect.votes[0].reason


@pytest.mark.parametrize("given", [{}, {"text": ""}, {"text": " \n"}, {"text": "x" * 4001}, {"text": "a", "person": ""},
                                   {"text": "a", "turn_id": "a\nb"}, {"text": "a", "deadline": -1.0},
                                   {"text": "a", "deadline": float("nan")}])  # fmt: skip
def test_input_that_makes_no_sense(analyzer: TurnAnalyzer, given: dict[str, str]) -> None:
    session = analyzer.open()
    with pytest.raises(UsageError):
        session.turn(**given)  # type: ignore[arg-type]
    assert session.timeline() == []


def test_silence_and_too_much_sound(analyzer: TurnAnalyzer) -> None:
    session = analyzer.open()
    silent = session.turn("Hello there.", Sound(np.zeros(RATE, np.float32), RATE))
    assert silent.votes[1].abstained
    assert session.record(1).utterance.span.duration == pytest.approx(1.0)
    given = given_of(None, Sound(np.zeros(61 * RATE, np.int16), RATE), (), "user", None, 0.3)
    assert given.seconds == 60


def test_a_deadline_of_nothing_abstains_and_the_next_turn_tells(analyzer: TurnAnalyzer, speech: Sound) -> None:
    session = analyzer.open()
    at_once = session.turn("I'm so happy for you!", speech, deadline=0)
    assert at_once.abstained
    assert at_once.latency.late == ("text", "voice")
    assert [vote.reason for vote in at_once.votes] == ["late", "late", "not given"]
    assert settled(session, 1).label == "joy"
    told = session.turn("I hate it.").late
    assert [(each.turn, each.before, each.label) for each in told] == [(1, None, "joy")]
    assert set(told[0].arrived) == {"text", "voice"}
    assert session.turn("Really?").late == ()
    assert session.timeline()[0].label == "joy"


def test_what_is_late_is_judged_by_what_was_said_until_then(analyzer: TurnAnalyzer) -> None:
    session = analyzer.open()
    session.turn("I hate you so much, you idiot!", deadline=0)
    settled(session, 1)
    session.turn("I'm so happy!")
    alone = analyzer.open().turn("I hate you so much, you idiot!")
    assert session.record(1).affect.distribution == alone.distribution


def test_the_same_id_is_the_same_turn(analyzer: TurnAnalyzer) -> None:
    session = analyzer.open()
    first = session.turn("What a day!", turn_id="a")
    assert session.turn("Something else.", turn_id="a") == first
    assert len(session.timeline()) == 1


def test_turns_that_come_at_once_are_taken_one_after_another(analyzer: TurnAnalyzer, speech: Sound) -> None:
    session = analyzer.open()
    with ThreadPoolExecutor(6) as callers:
        given = [callers.submit(session.turn, f"This is number {n}.", speech if n % 2 else None) for n in range(6)]
        numbers = sorted(each.result().turn for each in given)
    assert numbers == list(range(1, 7)) == [affect.turn for affect in session.timeline()]
    spans = [session.record(n).utterance.span for n in numbers]
    assert all(a.end <= b.start for a, b in pairwise(spans))


def test_awaited(analyzer: TurnAnalyzer) -> None:
    async def talk() -> list[AffectTurn]:
        sessions = [analyzer.open() for _ in range(4)]
        return await asyncio.gather(*(each.aturn("I'm so happy!") for each in sessions))

    assert [affect.label for affect in asyncio.run(talk())] == ["joy"] * 4


def test_nothing_is_used_without_consent(analyzer: TurnAnalyzer, speech: Sound) -> None:
    session = analyzer.open(consent=Consent(text=True))
    with pytest.raises(NoConsent, match="voice"):
        session.turn("Hello.", speech)
    with pytest.raises(NoConsent, match="face"):
        session.turn("Hello.", frames=[Frame(0.0, np.zeros((64, 64, 3), np.uint8))])
    with pytest.raises(NoConsent, match="voice"):
        session.listen().audio(speech)
    assert [vote.reason for vote in session.turn("Hello.").votes][1:] == ["no consent", "no consent"]
    session.agree(EVERYTHING)
    assert session.turn("Hello.", speech).votes[1].reason != "no consent"
    session.agree(Consent())
    with pytest.raises(NoConsent, match="text"):
        session.turn("Hello.")


def test_where_the_law_forbids_it_only_words_are_used(speech: Sound) -> None:
    with TurnAnalyzer(settings=Settings(context="workplace"), deadline=PATIENT) as analyzer:
        session = analyzer.open()
        assert session.turn("I'm so happy!").label == "joy"
        with pytest.raises(Refused):
            session.turn("Hello.", speech)
        with pytest.raises(Refused):
            session.listen().audio(speech)


def test_a_session_is_its_owners_and_gone_once_deleted(analyzer: TurnAnalyzer) -> None:
    session = analyzer.open("mine", owner="a")
    session.turn("Hello.")
    with pytest.raises(NotFound):
        analyzer.get("mine", "b")
    assert analyzer.open("mine", owner="a").timeline()
    session.delete()
    for gone in (lambda: session.turn("Hello?"), lambda: session.reply("Hi."), lambda: analyzer.get("mine", "a")):
        with pytest.raises(NotFound):
            gone()
    with pytest.raises(UsageError):
        analyzer.open("no such/name")


def test_a_session_may_be_opened_by_several_at_once(analyzer: TurnAnalyzer) -> None:
    with ThreadPoolExecutor(8) as callers:
        opened = list(callers.map(lambda _: analyzer.open("shared", owner="a"), range(16)))
    assert {session.info.created for session in opened} == {opened[0].info.created}
    with pytest.raises(Clash):
        analyzer.open("shared", owner="b")
    less = analyzer.open("shared", owner="a", consent=Consent(text=True))
    assert not analyzer.get("shared", "a").info.consent.voice
    assert less.turn("Hello.").votes[1].reason == "no consent"


def test_too_many_at_once_is_said(analyzer: TurnAnalyzer) -> None:
    with TurnAnalyzer(at_once=1, deadline=PATIENT) as busy, ThreadPoolExecutor(1) as other:
        session, entered, over = busy.open(), Event(), Event()

        def hold() -> None:
            with busy.live.entered(session.id):
                entered.set()
                over.wait(PATIENT)

        held = other.submit(hold)
        entered.wait(PATIENT)
        with pytest.raises(ResourceLimit):
            session.turn("Hello.")
        over.set()
        held.result()
        assert session.turn("Hello.").turn == 1


def test_late_work_does_not_pile_up(speech: Sound) -> None:
    with TurnAnalyzer(at_once=2, deadline=PATIENT) as analyzer:
        analyzer.warm()
        over = Event()
        held = [analyzer.threads.media.submit(over.wait, PATIENT) for _ in range(2)]
        sessions = [analyzer.open() for _ in range(3)]
        for session in sessions[:2]:
            assert session.turn("I'm so happy!", speech, deadline=1).latency.late[-1:] == ("voice",)
        with pytest.raises(ResourceLimit):
            sessions[2].turn("I'm so happy!", speech)
        assert sessions[2].turn("I'm so happy!").turn == 1
        over.set()
        assert all(each.result() for each in held)
        settled(sessions[0], 1)
        settled(sessions[1], 1)
        assert sessions[2].turn("I'm so happy!", speech).turn == 2


def test_idle_sessions_do_not_stay_in_memory() -> None:
    with TurnAnalyzer(held=2, deadline=PATIENT) as analyzer:
        sessions = [analyzer.open() for _ in range(6)]
        for session in (*sessions, *sessions):
            session.turn("I'm so happy!")
        assert len(analyzer.live) == 2
        assert all(session.turn("So sad.").trend is not None for session in sessions)

"""A language model judges a prepared dialogue, through the stages of the graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from judging import heard, said
from language_cases import CLIP, dialogue, judged, opinion, texts
from report_page import read
from scripted import Scripted, ids, reply
from test_language_answer import hostile

from emoagent.agents.opinion import silent
from emoagent.analysis import analyze, trace_json
from emoagent.assembly import assemble
from emoagent.errors import BackendUnreachable
from emoagent.graphs.judgement import judge_all
from emoagent.graphs.state import Episode
from emoagent.labels import labels
from emoagent.prompts.template import prompt
from emoagent.settings import Settings
from emoagent.tools.language.backends import Backends, served_by
from emoagent.tools.language.generation import Question, Unanswered
from emoagent.tools.language.journal import Journal, Remembering, calls_in


def test_one_question_an_utterance_with_the_same_beginning() -> None:
    model = Scripted()
    state = judged(dialogue(), model)
    assert [asked.id for asked in model.asked] == ["u1.judge", "u2.judge", "u3.judge"]
    assert len({texts(asked)[0] for asked in model.asked}) == 1
    assert [v.label for v in state.verdicts] == ["joy"] * 3
    assert {v.reasoner for v in state.verdicts} == {"language:scripted"}
    assert {v.reasoner for v in state.baseline} == {"embedded"}
    assert [v.utterance for v in state.baseline] == [v.utterance for v in state.verdicts]
    assert state.notes["judged"] == "3 utterances: 3 judged by scripted"
    assert not state.faults
    assert model.asked[0].prompts == {name: prompt(name).fingerprint for name in ("language_system", "language_case")}


def test_the_state_makes_a_trace() -> None:
    model = Scripted()
    how = Settings(ablate=True)
    trace = assemble(judged(dialogue(), model, how), how)
    assert trace.provenance.settings["found.judged"].startswith("3 utterances: 3 judged by scripted; 11 questions")
    assert trace.baseline
    assert b"language:scripted" in trace_json(trace)


def test_without_a_model_or_where_it_is_not_wanted_all_is_as_before() -> None:
    model = Scripted()
    wanted = judged(dialogue(), model, Settings(reasoner="embedded"))
    assert not model.asked
    assert not wanted.baseline
    assert {v.reasoner for v in wanted.verdicts} == {"embedded"}


def test_an_utterance_without_evidence_is_not_asked_about() -> None:
    state = dialogue()
    state.evidence = [each for each in state.evidence if each.utterance != "u2"]
    state.opinions = [each for each in state.opinions if each.utterance != "u2"]
    state.opinions.append(silent(state.utterances[1], "text", "no words"))
    model = Scripted()
    judged(state, model)
    assert [asked.id for asked in model.asked] == ["u1.judge", "u3.judge"]
    assert state.verdicts[1] == state.baseline[1]
    assert state.verdicts[1].abstained
    assert state.notes["judged"] == "3 utterances: 2 judged by scripted, 1 without evidence and not asked about"


def test_an_answer_that_cannot_be_read_is_asked_for_once_more_with_the_reason() -> None:
    def script(asked: Question) -> str:
        if asked.id == "u2.judge":
            return reply("boredom")
        return reply(cites=ids(asked)[:1])

    model = Scripted(script)
    state = judged(dialogue(), model)
    assert model.purposes() == ["judge"] * 3 + ["repair"]
    last = model.asked[-1]
    assert last.messages[:2] == model.asked[1].messages
    assert [message.role for message in last.messages] == ["system", "user", "assistant", "user"]
    assert 'there is no label "boredom"' in texts(last)[-1]
    assert last.id == "u2.repair"
    assert "language_repair" in last.prompts
    assert [v.label for v in state.verdicts] == ["joy"] * 3
    assert state.notes["judged"] == "3 utterances: 3 judged by scripted; 1 answer read at the second try"


def test_then_it_is_invalid_with_the_embedded_verdict_beside() -> None:
    model = Scripted(lambda asked: "joy" if asked.utterance == "u2" else reply(cites=ids(asked)[:1]))
    state = judged(dialogue(), model)
    verdict = state.verdicts[1]
    assert (verdict.label, verdict.invalid, verdict.abstained) == (None, True, False)
    assert verdict.reason == "it is not one JSON object and nothing else"
    assert state.baseline[1].label == "joy"
    assert state.verdicts[2].shift is None
    [fault] = state.faults
    assert fault.code == "invalid_answer"
    assert fault.message.startswith("1 question answered twice")
    assert state.notes["judged"] == "3 utterances: 2 judged by scripted, 1 invalid"
    assert model.purposes().count("repair") == 1


def test_what_is_not_answered_is_invalid_and_not_asked_again() -> None:
    model = Scripted(lambda asked: Unanswered("too slow") if asked.utterance == "u1" else reply(cites=ids(asked)[:1]))
    state = judged(dialogue(), model)
    assert state.verdicts[0].invalid
    assert state.verdicts[0].reason == "the language model did not answer: too slow"
    assert [fault.code for fault in state.faults] == ["unanswered"]
    assert model.purposes() == ["judge"] * 3


def test_every_hostile_answer_is_counted_and_none_becomes_neutral() -> None:
    hostiles = [text for _, text in hostile() if len(text) < 10**6]
    state = Episode(clip=CLIP)
    for number in range(len(hostiles)):
        u = said("We won!", f"u{number}", "p1", 3.0 * number)
        state.utterances += (u,)
        state.evidence += (words := [heard(u)])
        state.opinions.append(opinion(u, "text", "joy", *words))
    model = Scripted(lambda asked: hostiles[int(str(asked.utterance)[1:])])
    judged(state, model)
    assert len(hostiles) >= 200
    assert Counter((v.label, v.invalid) for v in state.verdicts) == {(None, True): len(hostiles)}
    assert Counter(v.label for v in state.baseline) == {"joy": len(hostiles)}
    assert Counter(model.purposes()) == {"judge": len(hostiles), "repair": len(hostiles)}
    assert state.notes["judged"] == f"{len(hostiles)} utterances: 0 judged by scripted, {len(hostiles)} invalid"
    assert all(v.reason for v in state.verdicts)


@pytest.mark.parametrize("text", ["\ud800", "\x00\x1b[31m", reply(conflict="\ud800"), "\u202e" * 50])
def test_whatever_was_answered_can_be_kept(text: str, tmp_path: Path) -> None:
    def run() -> bytes:
        state = judged(dialogue(), Remembering(Scripted(lambda asked: text), Journal(tmp_path / "calls.jsonl")))
        return trace_json(assemble(state, Settings(), calls_in(tmp_path)))

    assert run() == run()


def test_invented_cites_are_dropped_and_counted() -> None:
    model = Scripted(lambda asked: reply(cites=["E1", "E99"]) if asked.utterance == "u1" else reply(cites=["E99"]))
    state = judged(dialogue(), model)
    assert len(state.verdicts[0].claims[0].cites) == 1
    assert state.verdicts[1].claims == ()
    told = "3 utterances: 3 judged by scripted; 3 invented citations dropped; 2 sentences without evidence dropped"
    assert state.notes["judged"] == told


def test_an_earlier_turn_can_be_cited() -> None:
    model = Scripted(lambda asked: reply(cites=["T1"] if "T1" in ids(asked) else ["E1"]))
    state = judged(dialogue(), model)
    assert state.verdicts[2].claims[0].cites == ("u1.text.1",)
    assemble(state, Settings())


def test_claims_are_not_reported_as_tested() -> None:
    state = judged(dialogue(), Scripted())
    assert {audit.finding for audit in state.audits} == {"not-tested"}
    assert {claim.supported for audit in state.audits for claim in audit.claims} == {None}


def test_confidence_does_not_rest_on_what_the_model_says_of_itself() -> None:
    masses = dict.fromkeys(labels(), 0)
    sure = Scripted(lambda asked: reply("anger", ids(asked)[:1], probabilities={**masses, "anger": 100}))
    unsure = Scripted(
        lambda asked: reply("anger", ids(asked)[:1], probabilities={**dict.fromkeys(labels(), 15), "anger": 16})
    )
    agrees = judged(dialogue(), Scripted())
    assert [v.confidence for v in agrees.verdicts] == [v.confidence for v in agrees.baseline]
    for model in (sure, unsure):
        for verdict, baseline in zip((state := judged(dialogue(), model)).verdicts, state.baseline, strict=True):
            assert verdict.label == "anger"
            assert max(verdict.distribution, key=lambda name: verdict.distribution[name]) == "anger"
            assert verdict.confidence is not None
            assert verdict.confidence < 0.35 < (baseline.confidence or 0)
            assert "joy" in verdict.alternatives


def test_a_model_that_contradicts_itself_is_believed_less() -> None:
    masses = {**dict.fromkeys(labels(), 0), "joy": 100}
    model = Scripted(lambda asked: reply("anger", ids(asked)[:1], probabilities=masses))
    for verdict in judged(dialogue(), model).verdicts:
        assert verdict.label == "anger"
        assert verdict.distribution["anger"] > verdict.distribution["joy"] > 0.25


def test_shift_and_memory_are_of_the_models_own_verdicts() -> None:
    model = Scripted(lambda asked: reply("anger" if asked.utterance == "u1" else "joy", ids(asked)[:1]))
    state = judged(dialogue(), model)
    assert state.verdicts[2].shift is not None
    assert (state.verdicts[2].shift.before, state.verdicts[2].shift.after) == ("anger", "joy")
    recalled = [each.finding for each in state.evidence if each.modality == "dialogue" and each.utterance == "u3"]
    assert recalled == ["An earlier turn of the same speaker (u1) was judged anger."]


def test_abstaining_is_a_legal_answer() -> None:
    state = judged(dialogue(), Scripted(lambda asked: reply("abstain", ids(asked)[:1])))
    assert {(v.label, v.abstained, v.invalid) for v in state.verdicts} == {(None, True, False)}
    assert state.verdicts[0].reason == "the language model abstains: The words are warm."
    assert state.notes["judged"] == "3 utterances: 0 judged by scripted, 3 abstained"
    assert not state.faults


def test_each_source_is_left_out_in_turn_and_nothing_else_changes() -> None:
    def script(asked: Question) -> str:
        return reply("anger" if asked.id == "u3.ablate.text" else "joy", ids(asked)[:1])

    model = Scripted(script)
    state = judged(dialogue(), model, Settings(ablate=True))
    asked = {each.id: each for each in model.asked}
    assert {n for n in asked if n.startswith("u3")} == {
        "u3.judge", "u3.ablate.text", "u3.ablate.face", "u3.ablate.voice", "u3.ablate.dialogue",
    }  # fmt: skip
    assert {n for n in asked if n.startswith("u1.ablate")} == {"u1.ablate.text", "u1.ablate.face", "u1.ablate.voice"}
    whole, without = texts(asked["u3.judge"])[1].split("\n"), texts(asked["u3.ablate.face"])[1].split("\n")
    gone = [line for line in whole if line not in without]
    assert [line for line in without if line not in whole] == []
    assert {line.split(" ")[0] for line in gone} == {"face:", "-", *(each for each in _faces(whole))}
    found = {(c.utterance, c.modality): c for c in state.contributions}
    assert found["u3", "text"].flipped
    assert found["u3", "text"].label == "anger"
    assert (found["u3", "text"].divergence or 0) > 0.05
    assert not found["u3", "face"].flipped
    assert found["u3", "face"].divergence == 0
    assert len(found) == 11


def _faces(lines: list[str]) -> list[str]:
    return [line.split(" ")[0] for line in lines if "Something about the face" in line]


def test_an_ablation_that_cannot_be_read_is_counted_and_tells_nothing() -> None:
    model = Scripted(lambda asked: "?" if asked.purpose == "ablate" else reply(cites=ids(asked)[:1]))
    state = judged(dialogue(), model, Settings(ablate=True))
    assert state.contributions == ()
    assert state.notes["judged"].endswith("11 questions without one source; 11 of these not usable")
    assert not state.faults


def _says(label: str) -> Callable[[Question], str]:
    return lambda asked: reply(label, ids(asked)[:1])


def test_a_second_model_is_asked_where_the_first_is_unsure() -> None:
    first = Scripted(lambda asked: reply("anger" if asked.utterance == "u2" else "joy", ids(asked)[:1]))
    agreeing = Scripted(_says("anger"), name="other")
    state = judged(dialogue(), first, verifier=agreeing)
    assert [asked.id for asked in agreeing.asked] == ["u2.verify"]
    assert agreeing.asked[0].messages == first.asked[1].messages
    assert [v.verified for v in state.verdicts] == [None, True, None]
    assert state.notes["judged"].endswith("1 confirmed by a second model")


@pytest.mark.parametrize("said_second", ["joy", "fear", "abstain"])
def test_where_neither_a_second_model_nor_the_sources_agree_there_is_no_label(said_second: str) -> None:
    state = judged(dialogue(), Scripted(_says("anger")), verifier=Scripted(_says(said_second)))
    for verdict in state.verdicts:
        assert (verdict.label, verdict.abstained, verdict.verified) == (None, True, False)
        assert "one language model says anger, a second one" in (verdict.reason or "")
    assert state.notes["judged"].endswith("3 contradicted by a second model")


def test_a_second_model_that_disagrees_where_the_sources_agree_lowers_the_confidence() -> None:
    how = Settings(verify_below=1.0)
    alone, doubted = judged(dialogue(), Scripted()), judged(dialogue(), Scripted(), how, Scripted(_says("fear")))
    for verdict, before in zip(doubted.verdicts, alone.verdicts, strict=True):
        assert (verdict.label, verdict.verified) == ("joy", False)
        assert 0 < (verdict.confidence or 0) < (before.confidence or 0)


def test_a_second_model_that_cannot_be_read_changes_nothing_but_is_counted() -> None:
    state = judged(dialogue(), Scripted(), Settings(verify_below=1.0), Scripted(lambda asked: "?"))
    assert [v.verified for v in state.verdicts] == [None] * 3
    assert state.notes["judged"].endswith("3 not usable from the second model")


def test_a_server_that_is_gone_stops_the_run_and_nothing_is_asked_twice(tmp_path: Path) -> None:
    def dies(asked: Question) -> str:
        if asked.utterance == "u3":
            raise BackendUnreachable("gone")
        return reply(cites=ids(asked)[:1])

    def run(model: Scripted) -> Episode:
        with served_by(Backends(Remembering(model, Journal(tmp_path / "calls.jsonl")))):
            state = dialogue()
            state.verdicts = judge_all(state, Settings())["verdicts"]
            return state

    first, second = Scripted(dies), Scripted()
    with pytest.raises(BackendUnreachable):
        run(first)
    resumed = run(second)
    assert [asked.id for asked in second.asked] == ["u3.judge"]
    assert resumed.verdicts == judged(dialogue(), Scripted()).verdicts
    again = Scripted()
    assert run(again).verdicts == resumed.verdicts
    assert not again.asked
    assert [call.id for call in calls_in(tmp_path)] == ["u1.judge", "u2.judge", "u3.judge"]


def test_the_whole_run_is_resumed_to_the_same_bytes(
    brief: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = list[Scripted]()
    url = "http://127.0.0.1:9/v1"
    how = Settings(agents=("transcript",), profile="server", reasoner_url=url, reasoner_model="scripted")

    def opened(settings: Settings, folder: Path) -> Backends:
        return Backends(Remembering(models[-1], Journal(folder / "calls.jsonl")))

    def dies(asked: Question) -> str:
        if asked.utterance == "u2":
            raise BackendUnreachable("gone")
        return reply(cites=ids(asked)[:1])

    monkeypatch.setattr("emoagent.analysis.open_backends", opened)
    models.append(Scripted())
    whole = analyze(brief, tmp_path / "whole", settings=how)
    models.append(Scripted(dies))
    with pytest.raises(BackendUnreachable):
        analyze(brief, tmp_path / "out", settings=how)
    models.append(Scripted())
    resumed = analyze(brief, tmp_path / "out", settings=how, resume=True)
    assert trace_json(resumed) == trace_json(whole)
    assert [asked.id for asked in models[-1].asked] == ["u2.judge", "u3.judge"]
    assert {call.purpose for call in whole.calls} == {"judge"}
    assert whole.calls[0].messages[1].parts[0].text == texts(models[0].asked[0])[1]
    shown = read(tmp_path / "out" / "report.html").payload
    assert {verdict["reasoner"] for verdict in shown["trace"]["verdicts"]} == {"language:scripted"}
    assert [other["name"] for other in shown["others"]] == ["embedded reasoner"]
    assert shown == read(tmp_path / "whole" / "report.html").payload

"""The main job on real clips: the whole flow, and what every trace promises."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import shortened

from emoagent import analyze
from emoagent.labels import labels
from emoagent.schema import Trace
from emoagent.settings import Settings

pytestmark = pytest.mark.real


def evidence_of(trace: Trace, utterance: str) -> set[str]:
    return {item.modality for item in trace.evidence if item.utterance == utterance}


def check_promises(trace: Trace) -> None:
    """A label of the set or an abstention; no claim without evidence; blind agents saw no text; no emotion words."""
    assert [v.utterance for v in trace.verdicts] == [u.id for u in trace.utterances]
    known = {item.id for item in trace.evidence}
    for verdict in trace.verdicts:
        assert verdict.abstained or verdict.label in labels()
        assert verdict.abstained == bool(verdict.reason)
        for claim in verdict.claims:
            assert set(claim.cites) <= known
        if verdict.label:
            assert verdict.claims
    words = set(labels()) - {"neutral"}
    for item in trace.evidence:
        assert item.saw_text == (item.modality in ("text", "dialogue"))
        if item.modality in ("face", "voice"):
            assert not words & set(item.finding.lower().replace(".", " ").replace(",", " ").split())


def test_the_sample(sampled: tuple[Trace, Path]) -> None:
    trace, out = sampled
    check_promises(trace)
    assert not trace.faults
    assert [p.name for p in trace.people if p.name] == ["Grace", "Eileen"]
    assert len(trace.utterances) == 8
    for utterance in trace.utterances:
        assert {"text", "face", "voice"} <= evidence_of(trace, utterance.id)
    assert (out / "report.html").stat().st_size > 10_000
    assert Trace.model_validate_json((out / "trace.json").read_text()) == trace
    for item in trace.evidence:
        assert item.media_ref is None or (out / item.media_ref).stat().st_size > 1000


def test_what_was_applied_to_the_sample_is_found(sampled: tuple[Trace, Path], sample: Path) -> None:
    """Raised brows in the surprise, a smile in the joy; the evidence is bound to who speaks."""
    trace, _ = sampled
    truth = json.loads((sample.parent / "truth.json").read_text())["utterances"]
    by_name = {p.id: p.name for p in trace.people}
    for utterance, told in zip(trace.utterances, truth, strict=True):
        units = [e for e in trace.evidence if e.utterance == utterance.id and e.kind == "action_unit"]
        found = {name for evidence in units for name in evidence.measures}
        assert by_name[utterance.person or ""] == told["speaker"].title()
        if told["intended"] == "surprise":
            assert {"AU1", "AU2"} <= found
        if told["intended"] == "joy":
            assert "AU12" in found
        faces = [e for e in trace.evidence if e.utterance == utterance.id and e.modality == "face"]
        bound = {e.person for e in faces if e.kind != "listener_reaction"}
        assert bound <= {utterance.person}
        assert utterance.person not in {e.person for e in faces if e.kind == "listener_reaction"}


def test_words_and_face_conflict_where_they_were_made_to(sampled: tuple[Trace, Path], sample: Path) -> None:
    """And nowhere else; both readings stand on evidence."""
    trace, _ = sampled
    truth = json.loads((sample.parent / "truth.json").read_text())["utterances"]
    made = [utterance.id for utterance, told in zip(trace.utterances, truth, strict=True) if "note" in told]
    found = {conflict.utterance: conflict for conflict in trace.conflicts if conflict.kind == "text-face"}
    assert len(made) == 2
    assert sorted(found) == sorted(made)
    for conflict in found.values():
        assert [hypothesis.modality for hypothesis in conflict.hypotheses] == ["text", "face"]
        assert all(hypothesis.cites for hypothesis in conflict.hypotheses)


def test_the_same_input_gives_the_same_bytes(briefed: tuple[str, Path], brief: Path, tmp_path: Path) -> None:
    """Here and in another process."""
    analyze(brief, tmp_path / "again")
    assert (tmp_path / "again" / "trace.json").read_bytes() == (briefed[1] / "trace.json").read_bytes()


def test_a_later_utterance_never_changes_an_earlier_verdict(
    briefed: tuple[str, Path], brief: Path, tmp_path: Path
) -> None:
    """The words of the third utterance are replaced; everything judged before stays as it is."""
    clip = tmp_path / brief.name
    clip.write_bytes(brief.read_bytes())
    cues = [cue for cue in brief.with_suffix(".srt").read_text().split("\n\n") if cue.strip()]
    later = [cue.rsplit(":", 1)[0] + ": I love this wonderful day!" for cue in cues[2:]]
    clip.with_suffix(".srt").write_text("\n\n".join(cues[:2] + later))
    first, again = Trace.model_validate_json(briefed[0]), analyze(clip)
    assert len(first.verdicts) == 3
    assert again.verdicts[:2] == first.verdicts[:2]
    assert again.verdicts[2:] != first.verdicts[2:]


def test_words_alone(sample: Path) -> None:
    trace = analyze(sample, settings=Settings(agents=("transcript",)))
    check_promises(trace)
    assert {item.modality for item in trace.evidence} <= {"text", "dialogue"}
    masked = {o.modality for o in trace.opinions if o.abstained}
    assert {"face", "voice"} <= masked


def test_an_agent_that_raises_becomes_a_fault(
    brief: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from test_broken_inputs import run

    def broken(*_: object) -> None:
        raise ZeroDivisionError("the voice box is broken")

    monkeypatch.setattr("emoagent.agents.voice.measure", broken)
    assert run(monkeypatch, "analyze", brief, "-o", tmp_path / "out") == 3
    trace = Trace.model_validate_json((tmp_path / "out" / "trace.json").read_text())
    (fault,) = trace.faults
    assert fault.source == "voice"
    assert "the voice box is broken" in fault.message
    assert "the voice box is broken" in capfd.readouterr().err
    assert {"text", "face"} <= {item.modality for item in trace.evidence}


def test_without_the_landmark_model_the_rest_goes_on(
    brief: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("EMOAGENT_CACHE", str(tmp_path / "empty"))
    monkeypatch.setenv("EMOAGENT_OFFLINE", "1")
    monkeypatch.delenv("EMOAGENT_FACE_LANDMARKER", raising=False)
    trace = analyze(brief)
    assert [fault.code for fault in trace.faults] == ["model_missing"]
    assert "emoagent models pull" in trace.faults[0].hint
    assert "face" not in {item.modality for item in trace.evidence}
    check_promises(trace)


def test_json_is_all_that_stands_on_stdout(briefed: tuple[str, Path]) -> None:
    said, out = briefed
    trace = Trace.model_validate_json(said)
    check_promises(trace)
    assert trace == Trace.model_validate_json((out / "trace.json").read_text())


CLIPS = {
    "composites/grid_dialogue.mp4": (10, 2, {"text", "face", "voice"}),
    "pyfeat/single_face.mp4": (9, 1, {"face"}),
    "pyfeat/no_face.mp4": (2, 1, set()),
    "pyfeat/face_noface.mov": (9, 1, {"face"}),
    "pyfeat/WolfgangLanger_Pexels.mp4": (3, 1, {"face"}),
    "speech/katiesteve_mono.wav": (20, 4, {"text", "voice"}),
}  # seconds that are analysed, fewest utterances, sources


@pytest.mark.slow
@pytest.mark.parametrize("name", CLIPS)
def test_real_clips(name: str, shared: Path, tmp_path: Path) -> None:
    seconds, fewest, modalities = CLIPS[name]
    trace = analyze(shortened(shared / "media" / name, tmp_path / Path(name).name, seconds))
    check_promises(trace)
    assert not trace.faults
    assert len(trace.utterances) >= fewest
    assert modalities <= {item.modality for item in trace.evidence}
    if name in ("pyfeat/no_face.mp4", "speech/katiesteve_mono.wav"):
        assert "face" not in {item.modality for item in trace.evidence}
    if name == "composites/grid_dialogue.mp4":
        for utterance in trace.utterances:
            assert {"face", "voice"} <= evidence_of(trace, utterance.id)


def test_help_is_fast_because_nothing_heavy_is_imported() -> None:
    """What takes time is not measured here; what would take it is not imported."""
    code = (
        "import sys; from emoagent.cli import app; from typer.main import get_command; get_command(app);"
        "heavy = {'mediapipe', 'langgraph', 'numpy', 'av', 'cv2', 'pydantic', 'onnxruntime'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-P", "-c", code], check=True, env={**os.environ, "COLUMNS": "80"})


def test_an_opiner_and_a_reasoner_that_raise_are_neither_neutral_nor_fatal(
    brief: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("out of order")

    broken.name = "embedded"  # type: ignore[attr-defined]
    monkeypatch.setattr("emoagent.agents.voice_opinion._arousal", broken)
    spoken = analyze(brief, settings=Settings(agents=("transcript", "voice")))
    assert {o.reason for o in spoken.opinions if o.modality == "voice"} == {"the agent failed"}
    assert [fault.source for fault in spoken.faults] == ["voice-opinion"]
    monkeypatch.setattr("emoagent.graphs.judgement.embedded", broken)
    trace = analyze(brief, settings=Settings(agents=("transcript",)))
    assert all(v.invalid and v.label is None and v.reason == "the reasoner failed" for v in trace.verdicts)
    assert [fault.code for fault in trace.faults] == ["agent_failed"]

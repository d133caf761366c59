"""WhisperX for real: its pipeline, its bundled voice-activity detector and its alignment, on models made here.

The Whisper knows one text by heart and the aligner nothing (see tiny_speech), so nothing here says how well WhisperX
hears; it says that a file becomes utterances whose words have times, without a word to the network.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sounds import load

pytestmark = pytest.mark.integration
pytest.importorskip("whisperx", reason="the extra `whisperx` is not installed")

sys.path.insert(0, str(Path(__file__).parent))
from tiny_speech import RATE, Reader, random_wav2vec2, tiny_whisper, written  # noqa: E402

from emoagent.agents.hear_whisperx import utterances  # noqa: E402
from emoagent.errors import ModelMissing, UsageError  # noqa: E402
from emoagent.schema import Span, Trace, Utterance  # noqa: E402
from emoagent.tools.media.audio import Audio  # noqa: E402
from emoagent.tools.words import whisperx_transcript  # noqa: E402
from emoagent.tools.words.hearing import OFF, Hearing  # noqa: E402
from emoagent.tools.words.whisper_library import alignment, quiet  # noqa: E402
from emoagent.tools.words.whisperx_transcript import Recognised, Stretch, _aligned, transcribe  # noqa: E402

TOLERANCE = 0.05  # seconds; the aligner tells times to 0.02
GUARD = """
import socket, sys
def refuse(self, address, *rest):
    if self.family != getattr(socket, "AF_UNIX", None):
        open({log!r}, "a").write(repr(address) + chr(10))
        raise OSError("no network in this test")
    return real(self, address, *rest)
real = socket.socket.connect
socket.socket.connect = socket.socket.connect_ex = refuse
def nowhere(*names, **more):
    open({log!r}, "a").write(repr(names) + chr(10))
    raise OSError("no network in this test")
socket.getaddrinfo = nowhere
from emoagent.cli import main
main()
"""


@pytest.fixture(scope="module", autouse=True)
def few_threads() -> Iterator[None]:
    """More threads than free cores make networks as small as these slower by far."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def spoken() -> str:
    """What is said in the first eight seconds of the sample."""
    truth = json.loads((Path(__file__).parents[2] / "samples" / "truth.json").read_text())
    return " ".join(u["text"] for u in truth["utterances"] if u["end"] < 8)


@pytest.fixture(scope="module")
def whisper(tmp_path_factory: pytest.TempPathFactory, spoken: str) -> Path:
    """A Whisper that says what is said there."""
    return tiny_whisper(tmp_path_factory.mktemp("whisper"), spoken)


@pytest.fixture(scope="module")
def aligner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An aligner that has learned nothing."""
    return random_wav2vec2(tmp_path_factory.mktemp("aligner") / "random")


def sound(samples: Any, folder: Path) -> Audio:
    """The samples as a run keeps them."""
    np.clip(samples * 32768, -32768, 32767).astype("<i2").tofile(folder / "audio.s16")
    return Audio(folder / "audio.s16")


def check(heard: tuple[Utterance, ...], duration: float) -> None:
    """Every word has a time and a source of it inside its utterance; utterances are in order and inside the clip."""
    assert [u.id for u in heard] == [f"u{n}" for n in range(1, len(heard) + 1)]
    assert all(a.span.start <= b.span.start for a, b in pairwise(heard))
    assert all(u.source == "whisperx" and u.words and u.span.end <= duration + 1e-3 for u in heard)
    for u in heard:
        assert all(u.span.start <= w.span.start <= w.span.end <= u.span.end for w in u.words)
        assert all(a.span.end <= b.span.start for a, b in pairwise(u.words))
        assert {w.time_source for w in u.words} <= {"aligned", "interpolated"}
        assert all(w.probability is not None for w in u.words)


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory, brief: Path, whisper: Path, aligner: Path) -> Trace:
    """The real command on the beginning of the sample, without its subtitles and without any network."""
    folder = tmp_path_factory.mktemp("run")
    clip = folder / "clip.mp4"
    clip.write_bytes(brief.read_bytes())
    log = folder / "sockets.txt"
    cut_off = subprocess.run(["unshare", "-rn", "true"], capture_output=True).returncode == 0
    command = [*(["unshare", "-rn"] if cut_off else []), sys.executable, "-c", GUARD.format(log=str(log)), "analyze"]
    command += [str(clip), "-o", str(folder / "out"), "--transcript", "whisperx", "--agents", "transcript,voice"]
    telling = ("PYANNOTE_METRICS_ENABLED", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK", "HF_TOKEN")
    env = {name: value for name, value in os.environ.items() if name not in telling}
    env |= {"EMOAGENT_WHISPER_MODEL": str(whisper), "EMOAGENT_ALIGNER": str(aligner), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=900)
    assert done.returncode in (0, 3), done.stderr  # 3 where the model that tells voices apart was never fetched
    assert not log.exists(), log.read_text()
    assert "Lightning" not in done.stdout + done.stderr
    return Trace.model_validate_json((folder / "out" / "trace.json").read_text(encoding="utf-8"))


def test_a_file_becomes_utterances_with_timed_words(trace: Trace) -> None:
    check(trace.utterances, trace.clip.duration)
    assert {w.time_source for u in trace.utterances for w in u.words} == {"aligned"}
    assert not [fault for fault in trace.faults if fault.source != "voices"]
    assert {e.utterance for e in trace.evidence if e.kind == "quotation"} == {u.id for u in trace.utterances}
    assert len(trace.verdicts) == len(trace.utterances)


def test_the_words_are_those_that_were_recognised(trace: Trace, spoken: str) -> None:
    assert " ".join(u.text for u in trace.utterances) == spoken
    assert " ".join(w.text for u in trace.utterances for w in u.words) == spoken


def test_words_are_where_they_are_said(aligner: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import transformers

    monkeypatch.setattr(transformers.Wav2Vec2ForCTC, "from_pretrained", lambda *names, **told: Reader())
    said = [(3.0, 3.4, "so"), (3.6, 4.5, "here"), (6.0, 6.8, "it"), (7.0, 7.6, "is")]
    audio = sound(written(said, 9.0), tmp_path)
    stretch = Stretch(Span(start=2.0, end=8.0), "So here... it is!", -0.1)
    with quiet():
        found = _aligned(audio, Recognised("en", None, (stretch,), ()), str(aligner))
    heard = tuple(utterances(found, audio.duration))
    assert [u.text for u in heard] == ["So here...", "it is!"]
    for word, (start, end, _) in zip([w for u in heard for w in u.words], said, strict=True):
        assert abs(word.span.start - start) < TOLERANCE, word
        assert abs(word.span.end - end) < TOLERANCE, word
        assert word.time_source == "aligned"


def test_the_trace_says_how_it_was_heard(trace: Trace) -> None:
    found = trace.provenance.settings["found.transcript"]
    assert found.startswith("Transcript by whisperx, as asked for: language en, found out with a chance of ")
    assert "words aligned" in found
    assert {"whisper", "random"} <= {model.name for model in trace.provenance.models}


def test_real_speech_with_an_aligner_that_knows_nothing(
    shared: Path, whisper: Path, aligner: Path, tmp_path: Path
) -> None:
    audio = sound(load(shared / "media" / "speech" / "sample.wav"), tmp_path)
    found = transcribe(audio, Hearing(str(whisper), aligner=str(aligner)))
    heard = tuple(utterances(found, audio.duration))
    check(heard, audio.duration)
    assert {w.time_source for u in heard for w in u.words} == {"aligned"}
    assert sum(len(stretch.words) for stretch in found.stretches) == sum(len(u.words) for u in heard)


def test_long_sound_is_heard_in_pieces(
    shared: Path, whisper: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = list[float]()
    audio = sound(load(shared / "media" / "speech" / "dev00.wav"), tmp_path)
    real = Audio.read

    def noted(self: Audio, span: Span) -> Any:
        read.append(span.duration)
        return real(self, span)

    monkeypatch.setattr(Audio, "read", noted)
    monkeypatch.setattr(whisperx_transcript, "PIECE", 10.0)
    found = transcribe(audio, Hearing(str(whisper), language="en", aligner=OFF))
    assert max(read) <= 10.0
    assert found.stretches[-1].span.end > 20
    heard = tuple(utterances(found, audio.duration))
    check(heard, audio.duration)
    assert {w.time_source for u in heard for w in u.words} == {"interpolated"}


def test_the_language_can_be_told(brief: Path, whisper: Path, tmp_path: Path) -> None:
    audio = sound(load(brief), tmp_path)
    told = transcribe(audio, Hearing(str(whisper), language="de", aligner=OFF))
    assert (told.language, told.certainty) == ("de", None)
    with pytest.raises(UsageError, match="does not know the language 'fr'"):
        transcribe(audio, Hearing(str(whisper), language="fr", aligner=OFF))


def test_a_language_whose_aligner_is_not_there(
    brief: Path, whisper: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emoagent.tools.weights.hub_lock.cache_folder", lambda: tmp_path)
    found = transcribe(sound(load(brief), tmp_path), Hearing(str(whisper), language="de"))
    assert "emoagent models pull jonatasgrosman/wav2vec2-large-xlsr-53-german" in found.untimed
    assert all(not stretch.words and stretch.span.duration <= 10.5 for stretch in found.stretches)


def test_silence_is_no_speech(whisper: Path, tmp_path: Path) -> None:
    assert not transcribe(sound(np.zeros(4 * RATE, np.float32), tmp_path), Hearing(str(whisper), aligner=OFF)).stretches


def test_digits_and_a_foreign_script_get_a_time(brief: Path, aligner: Path) -> None:
    with quiet():
        words = alignment(aligner, "en")("The 9 даже starts.", load(brief)[: 3 * RATE])
    assert [("start" in w, "score" in w) for w in words] == [(True, True), (True, False), (True, False), (True, True)]
    with quiet():
        assert not alignment(aligner, "en")("far too many letters for so little sound " * 9, load(brief)[: RATE // 2])


def test_useless_weights_are_said(whisper: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cut"
    folder.mkdir()
    for file in whisper.iterdir():
        (folder / file.name).write_bytes(file.read_bytes()[: 1000 if file.name == "model.bin" else None])
    with pytest.raises(ModelMissing, match="cut cannot be loaded"):
        transcribe(sound(np.zeros(RATE, np.float32), tmp_path), Hearing(str(folder), aligner=OFF))


def test_a_diarizer_that_holds_more_than_weights_is_refused(tmp_path: Path) -> None:
    import pickle

    import torch

    from emoagent.tools.voice.pyannote_voices import harmless

    class Evil:
        def __reduce__(self) -> tuple[Any, tuple[str]]:
            return os.mkdir, (str(tmp_path / "ran"),)

    (tmp_path / "config.yaml").write_text("pipeline: {name: pyannote.audio.pipelines.SpeakerDiarization}")
    torch.save({"state_dict": {"a": torch.zeros(2)}}, tmp_path / "pytorch_model.bin")
    harmless(tmp_path)
    (tmp_path / "pytorch_model.bin").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(ModelMissing, match="holds more than weights"):
        harmless(tmp_path)
    assert not (tmp_path / "ran").exists()
    (tmp_path / "config.yaml").write_text("pipeline: {name: os.system}")
    with pytest.raises(ModelMissing, match="none of pyannote's pipelines"):
        harmless(tmp_path)

"""From what WhisperX recognised to utterances, without WhisperX: times, parting, what is hopeless, what is missing."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from emoagent.agents import hear_whisperx
from emoagent.agents.hear_whisperx import hopeless, note, sentences, timed, utterances
from emoagent.agents.registry import Heard
from emoagent.agents.transcript import hear, transcript
from emoagent.agents.turns import cut
from emoagent.errors import ExtraMissing, ModelMissing, ResourceLimit
from emoagent.profiles import hearing_of
from emoagent.schema import AudioStream, Clip, Model, Span, Utterance, Word
from emoagent.settings import Settings
from emoagent.tools.free_memory import _left_in_container, free_memory
from emoagent.tools.media.audio import RATE
from emoagent.tools.voice import pyannote_voices
from emoagent.tools.voice.voices import Turn, Voices
from emoagent.tools.words import whisper_models, whisperx_transcript
from emoagent.tools.words.hearing import OFF, WHISPER, Hearing, told_to_hear
from emoagent.tools.words.whisperx_transcript import MOST, Recognised, Stretch, Timed, batch_size, transcribe
from emoagent.tools.words.word_confidence import INAUDIBLE
from emoagent.tools.workspace import Workspace, working_in

SOUND = AudioStream(rate=RATE, channels=1, codec="pcm_s16le")
CLIP = Clip(id="0" * 16, name="talk.wav", sha256="0" * 64, bytes=1, format="wav", duration=20.0, audio=SOUND)
WHOLE = Span(start=0, end=100)
PAIR = Model(name="w", sha256="0" * 64, licence="MIT", source="a folder")


def stretch(text: str, *words: Timed, start: float = 0.0, end: float = 10.0, log: float = -0.2) -> Stretch:
    return Stretch(Span(start=start, end=end), text, log, words)


def said(*stretches: Stretch, language: str = "en", untimed: str = "", certainty: float | None = None) -> Recognised:
    return Recognised(language, certainty, stretches, (PAIR,), untimed)


def aligned(*times: tuple[str, float, float]) -> tuple[Timed, ...]:
    return tuple(Timed(text, start, end, 0.9) for text, start, end in times)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A run on `talk.wav` whose sound, already extracted, is silence."""
    (tmp_path / "run" / "work").mkdir(parents=True)
    np.zeros(3 * RATE, "<i2").tofile(tmp_path / "run" / "work" / "audio.s16")
    with working_in(Workspace(tmp_path / "talk.wav", tmp_path / "run")):
        yield tmp_path


def test_aligned_words_keep_their_times_and_scores() -> None:
    (heard,) = utterances(said(stretch("So it is", *aligned(("So", 1, 1.2), ("it", 1.3, 1.4), ("is", 1.4, 2)))), 20)
    assert (heard.id, heard.text, heard.source) == ("u1", "So it is", "whisperx")
    assert (heard.span.start, heard.span.end) == (1, 2)
    assert [(w.span.start, w.span.end, w.probability, w.time_source) for w in heard.words] == [
        (1, 1.2, 0.9, "aligned"), (1.3, 1.4, 0.9, "aligned"), (1.4, 2, 0.9, "aligned"),
    ]  # fmt: skip


def test_words_without_a_time_share_what_is_between_their_neighbours() -> None:
    words = (Timed("a", 1, 2, 0.9), Timed("42"), Timed("7"), Timed("b", 5, 6, 0.9), Timed("9"))
    found = timed(stretch("a 42 7 b 9", *words), Span(start=0, end=8))
    assert [(w.text, w.span.start, w.span.end, w.time_source) for w in found] == [
        ("a", 1, 2, "aligned"), ("42", 2, 3.8, "interpolated"), ("7", 3.8, 5, "interpolated"), ("b", 5, 6, "aligned"),
        ("9", 6, 8, "interpolated"),
    ]  # fmt: skip
    assert {w.probability for w in found if w.time_source == "interpolated"} == {round(math.exp(-0.2), 4)}


def test_a_guess_of_the_aligner_counts_as_interpolated() -> None:
    (word,) = timed(stretch("42", Timed("42", 3.0, 4.0, None)), WHOLE)
    assert (word.span.start, word.span.end, word.time_source) == (3, 4, "interpolated")


def test_without_alignment_the_words_cover_their_stretch() -> None:
    (heard,) = utterances(said(stretch("two words", start=3, end=4), untimed="alignment is off"), 20)
    assert [w.span.start for w in heard.words] == [3, 3.4]
    assert {w.time_source for w in heard.words} == {"interpolated"}


@pytest.mark.parametrize("wild", [(-5.0, 200.0), (50.0, 60.0), (8.0, 2.0)])
def test_no_word_leaves_its_utterance_and_none_goes_back(wild: tuple[float, float]) -> None:
    words = (Timed("a", 1, 2, 1.7), Timed("b", *wild, -0.3), Timed("c", 3, 4, 0.5), Timed("d"))
    found = list(utterances(said(stretch("a b c d", *words)), 9.0))
    times = [t for u in found for w in u.words for t in (w.span.start, w.span.end)]
    assert times == sorted(times)
    assert all(u.span.start <= w.span.start and w.span.end <= u.span.end <= 9 for u in found for w in u.words)
    assert sum(len(u.words) for u in found) == 4
    assert all(0 <= (w.probability or 0) <= 1 for u in found for w in u.words)


def test_parted_at_pauses_and_at_ends_of_sentences() -> None:
    words = aligned(
        ("Stop", 0, 0.3), ("it!", 0.3, 0.6), ("Dr.", 0.7, 1), ("No,", 1, 1.3), ("not", 1.3, 1.6), ("me.", 1.6, 2),
        ("Well", 3, 4),
    )  # fmt: skip
    found = list(utterances(said(stretch("…", *words)), 20))
    assert [u.text for u in found] == ["Stop it!", "Dr. No, not me.", "Well"]
    assert [u.id for u in found] == ["u1", "u2", "u3"]


def test_no_sentence_is_too_short_to_be_read() -> None:
    words = [Word(text=t, span=Span(start=a, end=b), time_source="aligned") for t, a, b in
             [("No.", 0, 0.2), ("No.", 0.2, 0.5), ("Never.", 0.5, 1.0), ("Oh.", 1.0, 1.1)]]  # fmt: skip
    assert [[w.text for w in group] for group in sentences(tuple(words))] == [["No.", "No."], ["Never.", "Oh."]]


@pytest.mark.parametrize(("end", "parts"), [("。", 2), ("？」", 2), ("、", 1)])
def test_a_language_without_spaces(end: str, parts: int) -> None:
    text = "はい" + end + "いいえ"
    words = tuple(Timed(c, n * 0.3, n * 0.3 + 0.3, 0.8) for n, c in enumerate(text))
    found = list(utterances(said(stretch(text, *words), language="ja"), 20))
    assert "".join(u.text for u in found) == text
    assert len(found) == parts
    (spread,) = utterances(said(stretch("はい", end=1), language="ja", untimed="x"), 20)
    assert [w.text for w in spread.words] == ["は", "い"]
    halves = cut(Heard(tuple(found)), Voices((Turn(Span(start=0, end=0.6), 1, 1), Turn(Span(start=0.6, end=3), 2, 1))))
    assert "".join(u.text for u in halves.utterances) == text


def test_hopeless_stretches_are_inaudible() -> None:
    again = stretch("thank you " * 30, end=12)
    unlikely = stretch("some words", start=13, end=15, log=-1.2)
    found = list(utterances(said(again, unlikely, stretch("fine words", start=16, end=18)), 17.0))
    assert [(u.text, len(u.words)) for u in found] == [(INAUDIBLE, 0), (INAUDIBLE, 0), ("fine words", 2)]
    assert found[-1].span.end <= 17
    assert not hopeless(stretch("He said that he would come, and that he would bring what they had asked him for."))


def test_what_lies_behind_the_end_of_the_clip_is_left_out() -> None:
    assert not list(utterances(said(stretch("late", start=30, end=31)), 20))


def test_the_note_says_language_and_times() -> None:
    assert note(said(certainty=0.934)) == "language en, found out with a chance of 93%; words aligned"
    assert "spread over their stretch, because no aligner" in note(said(untimed="no aligner is known"))


def test_batches_by_free_memory() -> None:
    large, tiny = 3 << 30, 40 << 20
    sizes = [batch_size(gigabytes << 30, large, "cuda") for gigabytes in (0, 1, 4, 8, 24, 141)]
    assert sizes == sorted(sizes)
    assert sizes[0] == 1
    assert sizes[-1] == MOST["cuda"]
    assert batch_size(8 << 30, tiny, "cuda") > batch_size(8 << 30, large, "cuda")
    assert batch_size(1 << 40, tiny, "cpu") == MOST["cpu"]


class Cramped:
    """A pipeline whose memory holds two chunks."""

    def __init__(self, room: int = 2) -> None:
        self.room, self.tried = room, list[int]()

    def transcribe(self, samples: object, batch_size: int, **told: object) -> dict[str, list[dict[str, object]]]:
        self.tried.append(batch_size)
        if batch_size > self.room:
            raise RuntimeError("CUDA failed with error out of memory")
        return {"segments": [{"text": " Hi ", "start": 0.5, "end": 9.0, "avg_logprob": -0.1}, {"text": " "}]}


def test_half_as_many_where_memory_runs_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whisperx_transcript, "_free", lambda: None)
    from emoagent.tools.media.audio import audio_of

    cramped, piece = Cramped(), Span(start=1, end=3)
    (found,) = whisperx_transcript._heard_in(piece, cramped, audio_of(CLIP), "en", 30.0, 8)
    assert cramped.tried == [8, 4, 2]
    assert (found.text, found.span) == ("Hi", Span(start=1.5, end=3.0))  # times of the clip, inside it
    with pytest.raises(ResourceLimit) as caught:
        list(whisperx_transcript._heard_in(piece, Cramped(0), audio_of(CLIP), "en", 30.0, 8))
    assert "EMOAGENT_WHISPER_MODEL" in caught.value.hint


def test_free_memory_minds_the_container(tmp_path: Path) -> None:
    assert free_memory() > 0
    for name, text in (
        ("memory.max", "1000"),
        ("memory.current", "900"),
        ("memory.stat", "anon 1\ninactive_file 50\n"),
    ):
        (tmp_path / name).write_text(text)
    assert _left_in_container(tmp_path) == 150
    (tmp_path / "memory.max").write_text("max\n")
    assert _left_in_container(tmp_path) > 1 << 60


def test_a_missing_package_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emoagent.tools.words.whisper_models.find_spec", lambda name: None)
    with pytest.raises(ExtraMissing) as caught:
        hear(CLIP, "whisperx")
    assert caught.value.hint == "pip install 'emoagent[whisperx]'"
    assert "whisperx" not in sys.modules


def _there(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    monkeypatch.setattr("emoagent.tools.words.whisper_models.find_spec", lambda name: True)
    monkeypatch.setenv("EMOAGENT_CACHE", str(cache))
    monkeypatch.setattr("emoagent.tools.weights.hub_lock.cache_folder", lambda: cache)


def test_missing_models_are_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _there(monkeypatch, folder)
    with pytest.raises(ModelMissing) as caught:
        hear(CLIP, "whisperx")
    assert caught.value.exit_status == 5
    assert caught.value.hint == f"emoagent models pull {WHISPER}"
    (folder / "mine").mkdir()
    with (
        told_to_hear(Hearing(str(folder / "mine"))),
        pytest.raises(ModelMissing, match=r"mine has no model\.bin and no config") as incomplete,
    ):
        hear(CLIP, "whisperx")
    assert "ct2-transformers-converter" in incomplete.value.hint


def test_an_aligner_that_was_named_must_be_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _there(monkeypatch, folder)
    mine = folder / "mine"
    mine.mkdir()
    for name in whisper_models.WHISPER_FILES:
        (mine / name).touch()
    from emoagent.tools.media.audio import audio_of

    with pytest.raises(ModelMissing, match="some/aligner"):
        transcribe(audio_of(CLIP), Hearing(str(mine), aligner="some/aligner"))


@pytest.mark.parametrize(
    ("hearing", "expected"),
    [
        (Hearing(aligner=OFF), None),
        (Hearing(aligner="mine"), "mine"),
        (Hearing(), "facebook/wav2vec2-base-960h"),
    ],
)
def test_which_aligner(hearing: Hearing, expected: str | None) -> None:
    assert whisper_models.aligner_name("en", hearing) == expected
    assert whisper_models.aligner_name("tlh", Hearing()) is None


def test_when_whisperx_comes_first() -> None:
    assert not hearing_of(Settings(profile="embedded")).large
    assert hearing_of(Settings(profile="local")).large
    told = hearing_of(Settings(profile="embedded", whisper_model="small", language="de", aligner=OFF))
    assert told == Hearing("small", "de", OFF, True)


def _answers(monkeypatch: pytest.MonkeyPatch, answer: Recognised | Exception) -> None:
    def fake(audio: object, hearing: object) -> Recognised:
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(hear_whisperx, "transcribe", fake)
    monkeypatch.setattr("emoagent.tools.words.sphinx.recognise", lambda audio: iter([]))


def test_auto_takes_whisperx_in_the_large_profiles(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _answers(monkeypatch, said(stretch("Good day", end=2)))
    with told_to_hear(Hearing(large=True)):
        found, why = hear(CLIP)
    assert why.startswith("Transcript by WhisperX (language en; words aligned; voices told apart by the embedded")
    assert "(HF_TOKEN)), because there are no subtitles beside the file" in why
    assert [u.text for u in found.utterances] == ["Good day"]
    assert found.models == (PAIR,)
    assert hear(CLIP)[0].utterances[0].source == "windows"  # the embedded profile does not ask for it


@pytest.mark.parametrize(
    "error", [ExtraMissing("whisperx", "whisperx"), ResourceLimit("no memory", hint="a smaller one")]
)
def test_auto_says_why_not_whisperx(
    folder: Path, monkeypatch: pytest.MonkeyPatch, error: ExtraMissing | ResourceLimit
) -> None:
    _answers(monkeypatch, error)
    with told_to_hear(Hearing(large=True)):
        why = hear(CLIP)[1]
    assert "no words were heard; not by WhisperX: " in why
    assert error.hint in why


def test_where_whisperx_hears_nobody_nobody_else_is_asked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _answers(monkeypatch, said())
    monkeypatch.setattr("emoagent.tools.words.sphinx.recognise", lambda audio: pytest.fail("PocketSphinx was asked"))
    with told_to_hear(Hearing(large=True)):
        found, why = hear(CLIP)
    assert found.utterances[0].source == "windows"
    assert "WhisperX heard no speech" in why


def test_quotations_are_trusted_as_far_as_their_words() -> None:
    word = Word(text="Hi", span=Span(start=0, end=1), probability=0.97, time_source="aligned")
    heard = Utterance(id="u1", span=Span(start=0, end=1), text="Hi", words=(word,), source="whisperx")
    (found,) = transcript(CLIP, [heard])
    assert (found.finding, found.reliability) == ("Said: “Hi”", 0.9)


def test_pyannote_is_asked_only_with_a_token_and_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.delenv("HUGGING_FACE_HUB_TOKEN", raising=False)
    assert "no hub token" in pyannote_voices.why_not()
    monkeypatch.setenv("HF_TOKEN", "secret")
    assert pyannote_voices.why_not() == f"its weights are not there (hf download {pyannote_voices.REPOSITORY})"
    home = tmp_path / "models--pyannote--speaker-diarization-community-1"
    (home / "refs").mkdir(parents=True)
    (home / "refs" / "main").write_text("abc")
    (home / "snapshots" / "abc").mkdir(parents=True)
    (home / "snapshots" / "abc" / "config.yaml").touch()
    assert not pyannote_voices.why_not()
    assert pyannote_voices.folder() == home / "snapshots" / "abc"


def test_turns_of_pyannote_become_voices() -> None:
    found = pyannote_voices.voices_of([(4, 30, "B"), (0, 5, "A"), (12, 13, "A"), (25, 26, "C")], 20)
    assert [(t.span.start, t.span.end, t.voice) for t in found.turns] == [(0, 5, 1), (4, 20, 2), (12, 13, 1)]
    assert [(s.start, s.end) for s in found.overlaps] == [(4, 5), (12, 13)]
    assert found.source == "pyannote/speaker-diarization-community-1"


def test_cutting_by_voices_keeps_models_and_note(tmp_path: Path) -> None:
    voices = Voices((Turn(Span(start=0, end=1), 1, 1.0),), source="somebody/diarizer")
    voices.save(tmp_path / "voices.json")
    assert Voices.load(tmp_path / "voices.json") == voices
    (tmp_path / "old.json").write_text(json.dumps({"turns": [], "overlaps": []}))
    assert Voices.load(tmp_path / "old.json").source == ""
    heard = Heard(tuple(utterances(said(stretch("a b", end=4)), 20)), models=(PAIR,), note="n")
    assert (cut(heard, voices).models, cut(heard, voices).note) == ((PAIR,), "n")
    assert all(a.span.end <= b.span.start for a, b in pairwise(cut(heard, voices).utterances))

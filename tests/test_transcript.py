"""Which way of hearing is picked and why, who is named, and what the quotations say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from emoagent.agents.hear_subtitles import heard, interpolated
from emoagent.agents.hear_windows import fixed
from emoagent.agents.transcript import hear, transcript
from emoagent.errors import ModelMissing, TranscriptError, UsageError
from emoagent.schema import AudioStream, Clip, Span, Utterance, Word
from emoagent.tools.media.audio import RATE
from emoagent.tools.words.subtitles import Cue
from emoagent.tools.workspace import Workspace, working_in

SOUND = AudioStream(rate=RATE, channels=1, codec="pcm_s16le")
SUBTITLES = "1\n00:00:01,000 --> 00:00:03,000\nANNA: Hi\n\n2\n00:00:03,000 --> 00:00:04,000\nBob: Oh\n"


def _clip(audio: AudioStream | None = None, subtitles: int = 0) -> Clip:
    return Clip(
        id="0" * 16, name="talk.mp4", sha256="0" * 64, bytes=1, format="mp4", duration=11.0, audio=audio,
        subtitles=subtitles,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A run on `talk.mp4` whose sound, already extracted, is silence."""
    (tmp_path / "run" / "work").mkdir(parents=True)
    np.zeros(3 * RATE, "<i2").tofile(tmp_path / "run" / "work" / "audio.s16")
    with working_in(Workspace(tmp_path / "talk.mp4", tmp_path / "run")):
        yield tmp_path


def _embed(monkeypatch: pytest.MonkeyPatch, cues: list[tuple[float, float, str]]) -> None:
    monkeypatch.setattr("emoagent.tools.media.files.embedded_subtitles", lambda clip: cues)


def test_subtitles_beside_come_first(folder: Path) -> None:
    (folder / "talk.srt").write_text(SUBTITLES)
    found, why = hear(_clip(SOUND), "auto")
    assert why == "Transcript from the subtitles beside the file, talk.srt."
    assert [(u.id, u.person, u.text, u.source) for u in found.utterances] == [
        ("u1", "p1", "Hi", "subtitles"), ("u2", "p2", "Oh", "subtitles"),
    ]  # fmt: skip
    assert [(p.id, p.name) for p in found.people] == [("p1", "Anna"), ("p2", "Bob")]


def test_a_useless_file_beside_gives_way_to_the_stream_inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "talk.srt").write_text("what?")
    _embed(monkeypatch, [(1.0, 2.0, "Anna: Inside")])
    found, why = hear(_clip(SOUND, subtitles=1), "auto")
    assert found.utterances[0].text == "Inside"
    assert why == "Transcript from the subtitles inside the file, because talk.srt is not a subtitle file."


def test_nothing_to_hear_ends_in_windows(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _embed(monkeypatch, [(1.0, 2.0, "[music]")])
    found, why = hear(_clip(SOUND, subtitles=1), "auto")
    assert [(u.source, u.text, u.span.end) for u in found.utterances] == [("windows", "", 5.0), ("windows", "", 11.0)]
    assert why == (
        "Fixed windows instead of utterances, because there are no subtitles beside the file and those inside it hold "
        "no speech and no words were heard."
    )
    assert "there is no sound" in hear(_clip(), "auto")[1]


@pytest.mark.parametrize(
    ("choice", "audio", "error", "hint"),
    [
        ("subtitles", SOUND, TranscriptError, "beside the media file"),
        ("pocketsphinx", SOUND, TranscriptError, "windows"),
        ("pocketsphinx", None, UsageError, "auto"),
        ("whisperx", SOUND, ModelMissing, "emoagent"),
        ("nonsense", SOUND, UsageError, "pocketsphinx"),
    ],
)
def test_a_choice_that_cannot_be_met(
    folder: Path, choice: str, audio: AudioStream | None, error: type[Exception], hint: str
) -> None:
    with pytest.raises(error) as caught:
        hear(_clip(audio), choice)
    assert hint in caught.value.hint  # type: ignore[attr-defined]


def test_a_chosen_but_useless_subtitle_file_is_an_error(folder: Path) -> None:
    (folder / "talk.vtt").write_text("what?")
    with pytest.raises(TranscriptError, match=r"talk\.vtt is not a subtitle file"):
        hear(_clip(SOUND, subtitles=1), "subtitles")
    assert hear(_clip(SOUND), "windows")[1] == "Transcript by windows, as asked for."


@pytest.mark.slow
def test_real_speech_becomes_utterances(folder: Path, shared: Path) -> None:
    import av

    with av.open(str(shared / "media" / "composites" / "grid_dialogue.mp4")) as container:
        resampler = av.AudioResampler("s16", "mono", RATE)
        frames = [f for frame in container.decode(audio=0) for f in resampler.resample(frame)]
    np.concatenate([f.to_ndarray()[0] for f in frames]).astype("<i2").tofile(folder / "run" / "work" / "audio.s16")
    found, why = hear(_clip(SOUND).model_copy(update={"duration": 24.0}), "auto")
    assert len(found.utterances) >= 6
    assert "rough, US English only" in why
    starts = [u.span.start for u in found.utterances]
    assert starts == sorted(starts)
    for third in range(0, 24, 3):
        assert any(u.span.overlap(Span(start=third, end=third + 3)) > 0.5 for u in found.utterances)


def test_one_name_is_one_person_whatever_its_case() -> None:
    cues = [Cue(Span(start=n, end=n + 1), name, "Hi") for n, name in enumerate(["Bob", "Anna", "BOB", None, "anna"])]
    found = heard(cues)
    assert [u.person for u in found.utterances] == ["p1", "p2", "p1", None, "p2"]
    assert [p.name for p in found.people] == ["Bob", "Anna"]


def test_words_share_the_span_by_length() -> None:
    words = interpolated("a bbb", Span(start=1.0, end=4.0))
    assert [(w.text, w.span.start, w.span.end) for w in words] == [("a", 1.0, 2.0), ("bbb", 2.0, 4.0)]
    assert {(w.probability, w.time_source) for w in words} == {(None, "interpolated")}
    assert interpolated("", Span(start=0, end=0)) == ()


@pytest.mark.parametrize(
    ("duration", "ends"), [(0.04, [0.04]), (4.0, [4.0]), (7.4, [7.4]), (7.6, [5.0, 7.6]), (15.0, [5.0, 10.0, 15.0])]
)
def test_windows_cover_the_clip(duration: float, ends: list[float]) -> None:
    spans = fixed(duration)
    assert [s.end for s in spans] == ends
    assert [s.start for s in spans] == [0.0, *ends[:-1]]


def _utterance(source: str, words: tuple[Word, ...] = (), text: str = "Hi you") -> Utterance:
    span = Span(start=0, end=1)
    return Utterance.model_validate({"id": "u1", "span": span, "text": text, "words": words, "source": source})


def test_quotations_say_how_far_to_trust_them() -> None:
    span = Span(start=0, end=1)
    rough = tuple(Word(text="x", span=span, probability=p, time_source="recognised") for p in (0.2, 0.6))
    read, guessed = transcript(
        _clip(), [_utterance("subtitles"), _utterance("pocketsphinx", rough), _utterance("windows", text="")]
    )
    assert (read.finding, read.reliability, read.saw_text) == ("Said: “Hi you”", 0.95, True)
    assert read.measures["words"].value == 2
    assert "probability" not in read.measures
    assert guessed.finding == "Said (as heard by a rough recogniser of US English): “Hi you”"
    assert (guessed.reliability, guessed.measures["probability"].value) == (0.4, 0.4)


def test_reliability_of_a_rough_transcript_is_capped() -> None:
    sure = (Word(text="x", span=Span(start=0, end=1), probability=1.0, time_source="recognised"),)
    (found,) = transcript(_clip(), [_utterance("pocketsphinx", sure)])
    assert found.reliability == 0.7


def test_what_could_not_be_made_out_is_said_to_be_so() -> None:
    word = Word(text="so", span=Span(start=0, end=0.3), probability=0.5, time_source="recognised")
    lost, partly = transcript(
        _clip(),
        [
            _utterance("pocketsphinx", text="[inaudible]"),
            _utterance("pocketsphinx", (word,), "[inaudible] so [inaudible]"),
        ],
    )
    assert (lost.kind, lost.reliability, lost.measures) == ("inaudible", 0.1, {})
    assert lost.finding == "Something like speech is heard, but the words could not be made out."
    assert partly.kind == "quotation"
    assert {name: measure.value for name, measure in partly.measures.items()} == {
        "words": 1, "probability": 0.5, "inaudible": 2,
    }  # fmt: skip


def test_the_words_opinion_abstains_on_what_is_inaudible() -> None:
    from emoagent.agents.text_opinion import text_opinion

    utterance = _utterance("pocketsphinx", text="[inaudible]")
    opinion = text_opinion.run(utterance, list(transcript(_clip(), [utterance])), ())
    assert opinion.abstained
    assert not opinion.distribution


def test_speech_without_words_still_has_its_utterances(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unlikely = Word(text="so", span=Span(start=0, end=1), probability=0.0, time_source="recognised")
    span = Span(start=0, end=1)
    monkeypatch.setattr("emoagent.tools.words.sphinx.recognise", lambda audio: iter([(span, (unlikely,))]))
    found, why = hear(_clip(SOUND), "auto")
    assert [(u.text, u.words, u.source) for u in found.utterances] == [("[inaudible]", (), "pocketsphinx")]
    assert why.startswith("Utterances by PocketSphinx, which could make out no words (it knows US English only)")

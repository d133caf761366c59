"""PocketSphinx on real speech, on silence and on noise, and how likely its words are right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from emoagent.agents.hear_pocketsphinx import kept, text_of, turns
from emoagent.schema import Span, Word
from emoagent.tools.media.audio import RATE, Audio
from emoagent.tools.words.sphinx import LONGEST, believable, pieces, recognise, speech_spans
from emoagent.tools.words.word_confidence import (
    HOPELESS,
    INAUDIBLE,
    RUN,
    Guess,
    bounds,
    chances,
    features,
    probabilities,
)

SAID = "and so my fellow americans ask not what your country can do for you ask what you can do for your country"
KENNEDY: list[str] = [*SAID.split()]


def _audio(path: Path, samples: NDArray[np.generic]) -> Audio:
    samples.astype("<i2").tofile(path)
    return Audio(path)


def _decoded(source: Path, path: Path) -> Audio:
    import av

    with av.open(str(source)) as container:
        resampler = av.AudioResampler("s16", "mono", RATE)
        frames = [f for frame in container.decode(audio=0) for f in resampler.resample(frame)]
        frames += resampler.resample(None)
    return _audio(path, np.concatenate([frame.to_ndarray()[0] for frame in frames]))


def _errors(reference: list[str], heard: list[str]) -> int:
    row = list(range(len(heard) + 1))
    for i, word in enumerate(reference, 1):
        before, row = row, [i]
        for j, other in enumerate(heard, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (word != other)))
    return row[-1]


@pytest.fixture(scope="module")
def kennedy(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Audio:
    return _decoded(shared / "media" / "speech" / "jfk.flac", tmp_path_factory.mktemp("jfk") / "a.s16")


@pytest.mark.slow
def test_a_known_speech(kennedy: Audio, capfd: pytest.CaptureFixture[str]) -> None:
    heard = list(recognise(kennedy))
    words = [word for _, found in heard for word in found]
    assert _errors(KENNEDY, [w.text for w in words]) / len(KENNEDY) < 0.3
    assert all(w.time_source == "recognised" for w in words)
    assert all(kept(words))
    times = [t for w in words for t in (w.span.start, w.span.end)]
    assert times == sorted(times)
    assert times[-1] <= kennedy.duration
    assert not any(c in w.text for w in words for c in "<[(+")
    ask = next(w for w in words if w.text == "country")
    assert ask.span.overlap(Span(start=5.8, end=6.4)) > 0.3
    assert capfd.readouterr() == ("", "")
    assert len(turns(words)) >= 3


def test_silence_and_hum_hold_no_words(tmp_path: Path) -> None:
    assert list(recognise(_audio(tmp_path / "0.s16", np.zeros(5 * RATE)))) == []
    assert list(recognise(_audio(tmp_path / "1.s16", np.zeros(0)))) == []
    assert list(recognise(_audio(tmp_path / "2.s16", np.zeros(100)))) == []


def test_noise_is_no_crash(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(0, 3000, 2 * RATE).clip(-32768, 32767)
    for span, words in recognise(_audio(tmp_path / "n.s16", noise)):
        assert span.end <= 2.0
        assert all(w.probability is not None and 0 <= w.probability <= 1 for w in words)


def test_speech_that_runs_to_the_last_sample_is_kept(kennedy: Audio, tmp_path: Path) -> None:
    whole_frames = kennedy.read_int16(Span(start=0, end=6.3))
    assert len(whole_frames) % 480 == 0
    (span,) = speech_spans(_audio(tmp_path / "c.s16", whole_frames))
    assert span.end == pytest.approx(6.3)


def test_long_speech_is_cut_at_its_quietest_moment(tmp_path: Path) -> None:
    loud = np.random.default_rng(0).normal(0, 3000, 30 * RATE)
    loud[9 * RATE : int(9.4 * RATE)] = 0
    found = list(pieces(_audio(tmp_path / "l.s16", loud), Span(start=0, end=30)))
    assert found[0].end == pytest.approx(9.2, abs=0.11)
    assert all(piece.duration <= LONGEST for piece in found)
    assert [p.start for p in found[1:]] == [p.end for p in found[:-1]]
    assert found[-1].end == 30


def test_words_that_last_too_long_are_noise() -> None:
    def words(*lengths: float) -> list[Word]:
        return [Word(text="a", span=Span(start=0, end=n), time_source="recognised") for n in lengths]

    assert not believable(words(0.7, 1.4, 1.7))
    assert believable(words(0.7, 0.5, 1.1))
    assert believable([])


def test_turns_part_at_pauses() -> None:
    spans = [(0.0, 0.5), (0.6, 1.0), (1.7, 2.0)]
    words = [Word(text="a", span=Span(start=s, end=e), time_source="recognised") for s, e in spans]
    assert [len(group) for group in turns(words)] == [2, 1]
    assert turns([]) == []


def _guessed(posterior: float, fit: float, count: int = 6, start: float = 0.0) -> list[Guess]:
    """Words of 0.3 s in a row; `fit` in nats per hundredth of a second."""
    return [Guess(posterior, fit * 30, start + 0.3 * i, 0.3) for i in range(count)]


def test_words_are_likelier_the_better_they_fit() -> None:
    good, doubtful, bad = (chances(_guessed(p, fit)).mean() for p, fit in ((1, -2.8), (0.3, -3.6), (0.02, -4.8)))
    assert good > 0.7 > doubtful > bad
    assert probabilities([]).shape == chances([]).shape == (0,)
    assert chances(_guessed(0.0, -1e4, 1)).shape == (1,)


def test_a_word_is_judged_with_its_neighbours() -> None:
    lonely = [*_guessed(0.02, -4.8, 3), *_guessed(0.9, -3.0, 1), *_guessed(0.02, -4.8, 3)]
    company = _guessed(0.9, -3.0, 7)
    assert chances(lonely)[3] < chances(company)[3]
    far = [*company, *_guessed(0.02, -4.8, 9)]
    assert features(far)[0] == pytest.approx(features(company)[0])


def test_an_utterance_is_hopeless_as_a_whole_or_not_at_all() -> None:
    assert not probabilities(_guessed(0.9, -5.5)).any()
    scattered = [*_guessed(0.9, -3.5, 3), *_guessed(0.9, -5.5, 1, 0.9), *_guessed(0.9, -3.5, 3, 1.2)]
    assert probabilities(scattered).all()
    two = [*_guessed(0.9, -3.5), *_guessed(0.9, -5.5, start=2.5)]  # 0.7 s between them
    assert (probabilities(two) > 0).tolist() == [True] * 6 + [False] * 6


def test_a_long_run_inside_an_utterance_can_be_hopeless() -> None:
    long = [*_guessed(0.9, -2.5, 30), *_guessed(0.9, -6.5, RUN, 9.0), *_guessed(0.9, -2.5, 30, 12.0)]
    hidden = probabilities(long) == 0
    assert hidden[30 : 30 + RUN].all()
    assert not hidden[:25].any()
    assert not hidden[-25:].any()


def test_few_words_are_weak_evidence() -> None:
    fit = HOPELESS - 0.5
    assert probabilities(_guessed(0.9, fit, 4)).all()
    assert not probabilities(_guessed(0.9, fit, 40)).any()
    assert bounds(_guessed(0.9, fit, 4))[0] == pytest.approx(fit + 0.9)


def _words(*chances: float, seconds: float = 0.3) -> list[Word]:
    spans = [Span(start=round(i * seconds, 3), end=round((i + 1) * seconds, 3)) for i in range(len(chances))]
    return [
        Word(text=f"w{i}", span=span, probability=p, time_source="recognised")
        for i, (span, p) in enumerate(zip(spans, chances, strict=True))
    ]


def test_what_is_hopeless_is_inaudible() -> None:
    words = _words(0.9, 0.0, 0.0, 0.1, 0.7)
    assert kept(words) == [True, False, False, True, True]
    assert text_of(words, kept(words)) == f"w0 {INAUDIBLE} w3 w4"
    assert text_of(words[1:3], kept(words[1:3])) == INAUDIBLE
    assert text_of([], kept([])) == ""


@pytest.mark.slow
@pytest.mark.real
def test_another_language_is_mostly_hopeless(shared: Path, tmp_path: Path) -> None:
    german = sorted((shared / "media" / "emodb16k").glob("09*.flac"))[::8]
    found = [[any(kept(words)) for _, words in recognise(_decoded(path, tmp_path / "g.s16"))] for path in german]
    shown = [any(stretches) for stretches in found]
    assert len(shown) >= 5
    assert sum(shown) <= len(shown) * 0.6

"""What is heard beside words: known silences, answers, breaths and bursts, and that plain speech has no false ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from emoagent.agents.nonverbal import nonverbal
from emoagent.labels import ALIASES, CIRCUMPLEX
from emoagent.schema import AudioStream, Clip, Evidence, Span, Utterance
from emoagent.tools.voice.bursts import bursts
from emoagent.tools.voice.silences import silences
from emoagent.tools.workspace import Workspace, working_in

RATE = 16_000
Sound = NDArray[np.float32]


def vowel(seconds: float, hertz: float = 200.0, formant: float = 700.0) -> Sound:
    """Pulses through two resonances, with soft edges."""
    n = round(seconds * RATE)
    pulses = np.zeros(n)
    pulses[np.arange(0, n, round(RATE / hertz))] = 1
    time = np.arange(300) / RATE
    ring = np.exp(-time * 500) * np.sin(2 * np.pi * np.outer((formant, 2.1 * formant), time)).sum(axis=0)
    sound = np.convolve(pulses, ring)[:n] * np.hanning(n) ** 0.5
    return np.asarray(0.3 * sound / np.abs(sound).max(), dtype=np.float32)


def rest(seconds: float) -> Sound:
    return np.zeros(round(seconds * RATE), np.float32)


def laugh(beats: int, interval: float = 0.21, hertz: float = 260.0) -> Sound:
    """One vowel again and again, each time a little lower and quieter."""
    parts = [0.92**k * np.concatenate([vowel(0.1, hertz * 0.97**k), rest(interval - 0.1)]) for k in range(beats)]
    return np.asarray(np.concatenate(parts), dtype=np.float32)


def talk(seconds: float = 1.6) -> Sound:
    """Syllables of changing vowels and lengths."""
    source, parts = np.random.default_rng(5), list[Sound]()
    while sum(map(len, parts)) < seconds * RATE:
        parts += [vowel(source.uniform(0.12, 0.24), source.uniform(110, 150), source.choice((320, 500, 850)))]
        parts += [rest(source.uniform(0.02, 0.07))]
    return np.concatenate(parts)


def breath(seconds: float) -> Sound:
    """Noise like that of an open mouth, which swells and dies away."""
    noise = np.random.default_rng(2).normal(0, 1, round(seconds * RATE))
    spectrum = np.fft.rfft(noise)
    hertz = np.fft.rfftfreq(len(noise), 1 / RATE)
    shaped = np.fft.irfft(spectrum / (1 + (hertz / 1200) ** 2), len(noise))
    time = np.linspace(0, 1, len(noise))
    swell = np.minimum(1, time / 0.25) * np.exp(-2 * np.maximum(0, time - 0.25))
    return np.asarray(0.03 * shaped * swell / np.abs(shaped).max(), dtype=np.float32)


def noisy(sound: Sound, level: float = 2e-4) -> Sound:
    return np.asarray(sound + np.random.default_rng(3).normal(0, level, len(sound)), dtype=np.float32)


def said(number: int, start: float, end: float, person: str | None = "A") -> Utterance:
    return Utterance(id=f"u{number}", person=person, span=Span(start=start, end=end), text="", source="subtitles")


def heard(folder: Path, sound: Sound, utterances: Sequence[Utterance]) -> list[Evidence]:
    (folder / "work").mkdir(parents=True)
    (folder / "work" / "audio.s16").write_bytes((noisy(sound).clip(-1, 1) * 32767).astype("<i2").tobytes())
    clip = Clip(
        id="0" * 16, name="a.wav", sha256="0" * 64, bytes=1, format="wav", duration=len(sound) / RATE,
        audio=AudioStream(rate=RATE, channels=1, codec="pcm_s16le"),
    )  # fmt: skip
    with working_in(Workspace(folder / "a.wav", folder)):
        return list(nonverbal(clip, utterances))


def only(evidence: Sequence[Evidence], kind: str) -> Evidence:
    (found,) = [e for e in evidence if e.kind == kind]
    return found


@pytest.mark.parametrize(("beats", "interval"), [(4, 0.2), (6, 0.17), (8, 0.25), (5, 0.3)])
def test_a_rhythmic_burst_has_its_beats_and_pace(beats: int, interval: float) -> None:
    (found,) = bursts(noisy(np.concatenate([rest(0.3), laugh(beats, interval), rest(0.3)])))
    assert len(found.beats) == beats
    assert found.interval == pytest.approx(interval, rel=0.05)
    assert found.start == pytest.approx(0.3, abs=0.12)


@pytest.mark.parametrize(
    "sound",
    [
        talk(5.0),
        laugh(3),
        np.concatenate([np.concatenate([vowel(0.1), rest(gap)]) for gap in (0.05, 0.22, 0.08, 0.2, 0.04, 0.2)]),
        laugh(8, 0.6),
        rest(1.0),
        np.zeros(10, np.float32),
    ],
    ids=["talk", "three beats", "uneven", "slow", "silence", "too short"],
)
def test_what_is_not_even_alike_and_quick_is_no_burst(sound: Sound) -> None:
    assert not bursts(noisy(sound))


def test_a_laugh_between_two_turns_belongs_to_nobody_and_one_inside_to_its_speaker(tmp_path: Path) -> None:
    first, second = talk(), np.concatenate([talk(), rest(0.4), laugh(5)])
    sound = np.concatenate([first, rest(0.5), laugh(6), rest(0.5), second])
    border, start = len(first) / RATE, (len(sound) - len(second)) / RATE
    evidence = heard(tmp_path, sound, [said(0, 0, border), said(1, start, len(sound) / RATE)])
    between, inside = [e for e in evidence if e.kind == "laughter_like"]
    assert (between.person, inside.person) == (None, "A")
    assert between.finding == "A rhythmic burst of 6 beats in 1.3 s is heard, as in laughter."
    assert between.span.start == pytest.approx(border + 0.5, abs=0.1)
    assert between.measures["pace"].value == pytest.approx(4.8, abs=0.3)
    assert max(between.reliability, inside.reliability) <= 0.5


def test_silences_inside_and_before(tmp_path: Path) -> None:
    first = np.concatenate([talk(), rest(1.4), talk()])
    sound = np.concatenate([first, rest(2.6), talk()])
    border, start = len(first) / RATE, len(first) / RATE + 2.6
    evidence = heard(tmp_path, sound, [said(0, 0, border), said(1, start, len(sound) / RATE)])
    inside, before = [e for e in evidence if e.kind == "long_pause"]
    assert (inside.utterance, before.utterance) == ("u0", "u1")
    assert inside.measures["duration"].value == pytest.approx(1.4, abs=0.1)
    assert before.measures["duration"].value == pytest.approx(2.6, abs=0.1)
    assert before.finding.startswith("The speaker goes on after a silence of 2.")


def test_an_answer_comes_when_the_sound_does_not_when_the_subtitle_does(tmp_path: Path) -> None:
    first = talk()
    sound = np.concatenate([first, rest(1.1), talk()])
    end = len(first) / RATE
    utterances = [said(0, 0, end + 0.4, "A"), said(1, end + 0.8, len(sound) / RATE, "B")]
    latency = only(heard(tmp_path, sound, utterances), "response_latency")
    assert latency.measures["latency"].value == pytest.approx(1.1, abs=0.1)
    assert latency.person == "B"
    assert "late for an answer" in latency.finding


def test_who_interrupts_begins_early_and_who_goes_on_answers_nobody(tmp_path: Path) -> None:
    sound = np.concatenate([talk(), talk(), talk()])
    early = heard(tmp_path / "a", sound, [said(0, 0, 2.5, "A"), said(1, 1.9, 4.0, "B")])
    assert only(early, "response_latency").measures["latency"].value == pytest.approx(-0.6)
    same = heard(tmp_path / "b", sound, [said(0, 0, 1.5, "A"), said(1, 1.7, 4.0, "A")])
    unknown = heard(tmp_path / "c", sound, [said(0, 0, 1.5, None), said(1, 1.7, 4.0, None)])
    assert not [e for e in (*same, *unknown) if e.kind == "response_latency"]


def test_a_breath_that_dies_away_is_like_a_sigh(tmp_path: Path) -> None:
    sound = np.concatenate([talk(), rest(0.4), breath(1.2), rest(0.4)])
    sigh = only(heard(tmp_path, sound, [said(0, 0, len(sound) / RATE)]), "sigh_like")
    assert sigh.span.start == pytest.approx(2.0, abs=0.4)
    assert sigh.reliability <= 0.4


def test_noise_hides_silence_and_nothing_is_silent_throughout() -> None:
    assert silences(noisy(talk(), 0.3)) is None
    assert silences(np.zeros(RATE, np.float32)) == [(0.0, 1.0)]
    assert silences(np.zeros(10, np.float32)) is None


def test_it_looks_only_back_and_names_no_emotion(tmp_path: Path) -> None:
    turns = [talk(), rest(0.5), laugh(6), rest(0.9), talk(), rest(2.5), talk(), breath(1.0), rest(0.3)]
    sound, ends = np.concatenate(turns), np.cumsum([len(t) for t in turns]) / RATE
    utterances = [said(0, 0, ends[0]), said(1, ends[3], ends[4], "B"), said(2, ends[5], ends[8], "B")]
    whole = heard(tmp_path / "whole", sound, utterances)
    assert len({e.kind for e in whole}) >= 3
    cut = heard(tmp_path / "cut", sound[: round(ends[4] * RATE)], utterances[:2])
    assert cut == whole[: len(cut)]
    words = {w.strip(".,;:").casefold() for e in whole for w in e.finding.split()}
    assert not words & (set(CIRCUMPLEX) | set(ALIASES))
    assert not any(e.saw_text for e in whole)


def test_plain_speech_has_no_bursts(shared: Path) -> None:
    """A third of the acted sentences and two conversations; the whole is measured in the benchmark."""
    from emoagent.tools.voice.breaths import breaths
    from emoagent.tools.voice.pitch import pitch

    files = sorted((shared / "media" / "emodb16k").glob("*.flac"))[::6]
    sounds = [_read(f) for f in (*files, shared / "media" / "speech" / "sample.wav")]
    assert not [found for sound in sounds for found in bursts(sound)]
    assert not [found for sound in sounds for found in breaths(sound, pitch(sound))]


def _read(path: Path) -> Sound:
    import av

    with av.open(str(path)) as file:
        frames = [frame.to_ndarray()[0] for frame in file.decode(audio=0)]
    return np.asarray(np.concatenate(frames) / 32768, dtype=np.float32)

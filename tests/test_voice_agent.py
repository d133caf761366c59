"""The voice agent: what it says of whom, that it reads no text and never looks ahead."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from emoagent.agents.voice import voice
from emoagent.labels import ALIASES, CIRCUMPLEX
from emoagent.schema import AudioStream, Clip, Evidence, Span, Utterance, Word
from emoagent.tools.voice.voices import Voices
from emoagent.tools.workspace import Workspace, working_in

RATE = 16_000
Sound = NDArray[np.float32]
Said = tuple[str | None, Sound]


def speech(hertz: float, level: float = 0.2, count: int = 7) -> Sound:
    """Vowel-like syllables, 5 a second, at one pitch."""
    time = np.arange(round(0.16 * RATE)) / RATE
    harmonics = [np.sin(2 * np.pi * hertz * k * time) / k for k in range(1, 12)]
    vowel = np.sum(harmonics, axis=0) * np.hanning(len(time))
    one = np.concatenate([vowel / np.abs(vowel).max(), np.zeros(round(0.04 * RATE))])
    return np.asarray(level * np.tile(one, count), dtype=np.float32)


def dialogue(said: Sequence[Said], gap: float = 0.3) -> tuple[Sound, list[Utterance]]:
    parts: list[Sound] = []
    utterances: list[Utterance] = []
    at = 0.0
    for number, (person, sound) in enumerate(said):
        parts += [np.zeros(round(gap * RATE), np.float32), sound]
        span = Span(start=at + gap, end=at + gap + len(sound) / RATE)
        word = Word(text="wonderful", span=span, time_source="recognised")
        utterances.append(
            Utterance(id=f"u{number}", person=person, span=span, text="wonderful", words=(word,), source="subtitles")
        )
        at = span.end
    whole = np.concatenate(parts)
    return whole + np.random.default_rng(3).normal(0, 3e-4, len(whole)).astype(np.float32), utterances


def heard(folder: Path, sound: Sound, utterances: Sequence[Utterance]) -> list[Evidence]:
    """Runs the agent on `sound`, as if it had been decoded already."""
    (folder / "work").mkdir(parents=True, exist_ok=True)
    (folder / "work" / "audio.s16").write_bytes((sound.clip(-1, 1) * 32767).astype("<i2").tobytes())
    clip = Clip(
        id="0" * 16, name="a.wav", sha256="0" * 64, bytes=1, format="wav", duration=max(1e-3, len(sound) / RATE),
        audio=AudioStream(rate=RATE, channels=1, codec="pcm_s16le"),
    )  # fmt: skip
    with working_in(Workspace(folder / "a.wav", folder)):
        return list(voice(clip, utterances))


def one(evidence: Sequence[Evidence], utterance: str, kind: str) -> Evidence:
    (found,) = [e for e in evidence if (e.utterance, e.kind) == (utterance, kind)]
    return found


@pytest.fixture
def raised() -> tuple[Sound, list[Utterance]]:
    """Two speakers; the last utterance of A is higher and louder than those before."""
    calm = [("A", speech(110, 0.1)), ("B", speech(210, 0.1))] * 5
    return dialogue([*calm, ("A", speech(180, 0.5))])


def test_a_raised_voice_stands_out_against_the_same_speaker(
    tmp_path: Path, raised: tuple[Sound, list[Utterance]]
) -> None:
    evidence = heard(tmp_path, *raised)
    pitch, loudness = one(evidence, "u10", "pitch"), one(evidence, "u10", "loudness")
    assert pitch.measures["median_f0"].value == pytest.approx(180, rel=0.02)
    assert pitch.measures["z"].value > 1.96
    assert pitch.finding.startswith(
        "Pitch is very high for this speaker: median 180 Hz, around their 99th percentile (5"
    )
    assert loudness.measures["z"].value > 1.28
    assert loudness.person == "A"
    assert loudness.measures["level"].unit == "dBFS"
    usual = one(evidence, "u9", "pitch")
    assert "as usual for this speaker" in usual.finding
    assert usual.reliability > one(evidence, "u1", "pitch").reliability


def test_it_never_looks_ahead(tmp_path: Path, raised: tuple[Sound, list[Utterance]]) -> None:
    sound, utterances = raised
    whole = heard(tmp_path / "whole", sound, utterances)
    for count in (1, 4, 10):
        end = round(utterances[count - 1].span.end * RATE)
        cut = heard(tmp_path / str(count), sound[:end], utterances[:count])
        assert cut == whole[: len(cut)]
        assert {e.utterance for e in cut} == {u.id for u in utterances[:count]}


def test_it_sees_no_text_and_names_no_emotion(tmp_path: Path, raised: tuple[Sound, list[Utterance]]) -> None:
    sound, utterances = raised
    evidence = heard(tmp_path / "a", sound, utterances)
    other = [u.model_copy(update={"text": "awful"}) for u in utterances]
    assert heard(tmp_path / "b", sound, other) == evidence
    assert not any(e.saw_text for e in evidence)
    words = {w.strip(".,;:").casefold() for e in evidence for w in e.finding.split()}
    assert not words & (set(CIRCUMPLEX) | set(ALIASES))


def test_silence_is_no_voice_and_sound_that_has_ended_is_nothing(tmp_path: Path) -> None:
    sound, utterances = dialogue([("A", speech(120)), ("B", np.zeros(RATE, np.float32))])
    after = Utterance(id="u2", person="A", span=Span(start=90, end=92), text="", source="subtitles")
    evidence = heard(tmp_path, sound, [*utterances, after])
    (silent,) = [e for e in evidence if e.utterance == "u1"]
    assert (silent.kind, silent.finding) == ("no_voice", "No voiced speech is heard.")
    assert not [e for e in evidence if e.utterance == "u2"]


def test_the_first_level_has_nothing_to_be_compared_with(tmp_path: Path) -> None:
    evidence = heard(tmp_path, *dialogue([(None, speech(120)), (None, speech(120, 0.4))]))
    first, second = one(evidence, "u0", "loudness"), one(evidence, "u1", "loudness")
    assert "z" not in first.measures
    assert "nothing earlier" in first.finding
    assert second.measures["z"].value > 0.5
    assert "the voices so far" in second.finding


def test_a_short_utterance_is_unreliable_and_no_standard(tmp_path: Path) -> None:
    short = speech(300, count=2)
    evidence = heard(tmp_path, *dialogue([("A", speech(120)), ("A", short), ("A", speech(120))]))
    assert one(evidence, "u1", "pitch").reliability < 0.6 * one(evidence, "u2", "pitch").reliability
    assert one(evidence, "u2", "pitch").measures["compared_with"].value == 1


def test_two_voices_at_once_are_trusted_less_and_are_no_standard(tmp_path: Path) -> None:
    sound, utterances = dialogue([("A", speech(120)), ("A", speech(240)), ("A", speech(120))])
    clean = heard(tmp_path / "clean", sound, utterances)
    (tmp_path / "mixed" / "work").mkdir(parents=True)
    Voices(overlaps=(utterances[1].span,)).save(tmp_path / "mixed" / "work" / "voices.json")
    mixed = heard(tmp_path / "mixed", sound, utterances)
    assert one(mixed, "u0", "pitch") == one(clean, "u0", "pitch")
    assert one(mixed, "u1", "pitch").reliability == pytest.approx(0.2 * one(clean, "u1", "pitch").reliability, abs=1e-3)
    assert one(mixed, "u1", "pitch").measures["overlapped"].value == 1
    assert one(mixed, "u2", "pitch").measures["compared_with"].value == 1


def test_an_hour_long_utterance_is_read_in_part(tmp_path: Path) -> None:
    sound, _ = dialogue([("A", np.tile(speech(120, count=5), 80))])
    whole = Utterance(id="u0", span=Span(start=0, end=3600), text="", source="windows")
    (pitch,) = [e for e in heard(tmp_path, sound, [whole]) if e.kind == "pitch"]
    assert pitch.span.end == 60


def contrast(evidence: Sequence[Evidence], kind: str, groups: Sequence[str], high: str, low: str) -> float:
    """Mean z of the utterances whose group is in `high`, less that of those in `low`."""
    z = {int(e.utterance[1:]): e.measures["z"].value for e in evidence if e.kind == kind and "z" in e.measures}
    of = [np.mean([v for i, v in z.items() if groups[i] in letters]) for letters in (high, low)]
    return float(of[0] - of[1])


@pytest.mark.slow
@pytest.mark.parametrize("speaker", ["03", "08", "09", "10"])
def test_acted_voices_rise_in_pitch_and_effort(shared: Path, tmp_path: Path, speaker: str) -> None:
    """EMO-DB: anger and joy against boredom and sadness. Its files are normalised in level, so level says nothing."""
    files = sorted((shared / "media" / "emodb16k").rglob(f"{speaker}*.flac"), key=lambda f: f.name[::-1])
    evidence = heard(tmp_path, *dialogue([("A", _flac(f)) for f in files]))
    for kind in ("pitch", "effort"):
        assert contrast(evidence, kind, [f.stem[5] for f in files], "WF", "LT") > 0.7, kind


@pytest.mark.slow
@pytest.mark.parametrize("actor", ["01", "02"])
def test_acted_voices_rise_in_loudness(shared: Path, tmp_path: Path, actor: str) -> None:
    """RAVDESS: angry against neutral, calm and sad."""
    files = sorted((shared / "media" / "ravdess16k").rglob(f"*-{actor}.flac"), key=lambda f: f.name[::-1])
    evidence = heard(tmp_path, *dialogue([("A", _flac(f)) for f in files]))
    for kind in ("pitch", "loudness"):
        assert contrast(evidence, kind, [f.stem[7] for f in files], "5", "124") > 0.7, kind


def _flac(path: Path) -> Sound:
    import av

    with av.open(str(path)) as container:
        resampler = av.AudioResampler("s16", "mono", RATE)
        frames = [f for frame in container.decode(audio=0) for f in resampler.resample(frame)]
        frames += resampler.resample(None)
    return np.asarray(np.concatenate([f.to_ndarray()[0] for f in frames]) / 32768, dtype=np.float32)

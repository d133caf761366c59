from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray
from sounds import load

from emoagent.agents.registry import Heard
from emoagent.agents.turns import cut, tell_apart
from emoagent.errors import EmoagentError
from emoagent.schema import AudioStream, Clip, Person, Span, TranscriptSource, Utterance, Word
from emoagent.tools.media.audio import Audio
from emoagent.tools.voice import diarization, voices
from emoagent.tools.voice.clustering import cluster
from emoagent.tools.voice.diarization import Piece, assemble, centroids, diarize
from emoagent.tools.voice.voiceprint import Voiceprint, unit
from emoagent.tools.voice.voices import Turn, Voices
from emoagent.tools.weights import assets
from emoagent.tools.weights.network import Network
from emoagent.tools.words.word_confidence import INAUDIBLE
from emoagent.tools.workspace import Workspace, working_in

CLIP = Clip(
    id="0" * 16, name="x.wav", sha256="0" * 64, bytes=1, format="wav", duration=20,
    audio=AudioStream(rate=16_000, channels=1, codec="pcm_s16le"),
)  # fmt: skip


def turn(start: float, end: float, voice: int, certainty: float = 0.9) -> Turn:
    return Turn(Span(start=start, end=end), voice, certainty)


def said(
    start: float, end: float, words: int = 0, source: TranscriptSource = "pocketsphinx", person: str | None = None
) -> Utterance:
    """An utterance with its words evenly spread."""
    edges = np.linspace(start, end, words + 1).round(3).tolist() if words else []
    found = tuple(
        Word(text=f"w{n}", span=Span(start=a, end=b), time_source="recognised")
        for n, (a, b) in enumerate(pairwise(edges))
    )
    text = " ".join(word.text for word in found)
    return Utterance(id="u9", person=person, span=Span(start=start, end=end), text=text, words=found, source=source)


def spans(heard: Heard) -> list[tuple[float, float]]:
    return [(u.span.start, u.span.end) for u in heard.utterances]


def test_an_utterance_is_cut_between_the_words_of_two_voices() -> None:
    both = Voices((turn(0, 2.1, 1), turn(2.1, 4, 2)))
    heard = cut(Heard((said(0, 4, words=8), said(5, 6, words=2))), both)
    assert [u.id for u in heard.utterances] == ["u1", "u2", "u3"]
    assert spans(heard) == [(0, 2), (2, 4), (5, 6)]
    assert [u.text for u in heard.utterances] == ["w0 w1 w2 w3", "w4 w5 w6 w7", "w0 w1"]
    assert all(u.person is None for u in heard.utterances)


def test_speech_without_words_is_cut_by_time() -> None:
    heard = cut(Heard((said(0, 4),)), Voices((turn(0, 1.5, 1), turn(2, 4, 2))))
    assert spans(heard) == [(0, 2), (2, 4)]


def marked(text: str, *words: tuple[str, float, float]) -> Utterance:
    """An utterance of 4 s, some of which is inaudible."""
    found = tuple(Word(text=t, span=Span(start=a, end=b), time_source="recognised") for t, a, b in words)
    return Utterance(id="u9", span=Span(start=0, end=4), text=text, words=found, source="pocketsphinx")


@pytest.mark.parametrize(
    ("utterance", "change", "texts", "ends"),
    [
        (marked(INAUDIBLE), 1.5, [INAUDIBLE, INAUDIBLE], [1.5, 4]),
        (marked(f"so {INAUDIBLE}", ("so", 0, 1)), 2.0, [f"so {INAUDIBLE}", INAUDIBLE], [2, 4]),
        (marked(f"so {INAUDIBLE}", ("so", 0, 1)), 1.1, ["so", INAUDIBLE], [1, 4]),
        (marked(f"{INAUDIBLE} so", ("so", 3, 4)), 2.9, [INAUDIBLE, "so"], [3, 4]),
        (marked(f"a {INAUDIBLE} b c", ("a", 0, 1), ("b", 2, 3), ("c", 3, 4)), 3.0, [f"a {INAUDIBLE} b", "c"], [3, 4]),
    ],
)
def test_what_is_inaudible_stays_on_its_side_of_a_cut(
    utterance: Utterance, change: float, texts: list[str], ends: list[float]
) -> None:
    heard = cut(Heard((utterance,)), Voices((turn(0, change, 1), turn(change, 4, 2))))
    assert [u.text for u in heard.utterances] == texts
    assert [u.span.end for u in heard.utterances] == ends
    assert [len(u.words) for u in heard.utterances] == [len(t.replace(INAUDIBLE, "").split()) for t in texts]


def test_nothing_becomes_shorter_than_it_may() -> None:
    for change in (0.2, 3.8):
        assert (
            len(cut(Heard((said(0, 4, words=40),)), Voices((turn(0, change, 1), turn(change, 4, 2)))).utterances) == 1
        )
    assert len(cut(Heard((said(0, 4, words=1),)), Voices((turn(0, 2, 1), turn(2, 4, 2)))).utterances) == 1
    brief = Voices((turn(0, 2, 1), turn(2, 2.3, 2), turn(2.3, 4, 1)))
    assert len(cut(Heard((said(0, 4, words=8),)), brief).utterances) == 1


def test_who_is_spoken_over_goes_on_leading() -> None:
    over = Voices((turn(0, 4, 1), turn(1, 2.5, 2)), (Span(start=1, end=2.5),))
    assert len(cut(Heard((said(0, 4, words=8),)), over).utterances) == 1


def test_subtitles_are_cut_only_where_it_is_certain_and_never_where_they_name_somebody() -> None:
    for certainty, parts in ((0.9, 2), (0.6, 1)):
        two = Voices((turn(0, 2, 1, certainty), turn(2, 4, 2, certainty)))
        assert len(cut(Heard((said(0, 4, words=8, source="subtitles"),)), two).utterances) == parts
    named = Heard((said(0, 4, words=8, source="subtitles", person="p1"),), (Person(id="p1", name="Ann"),))
    kept = cut(named, Voices((turn(0, 2, 1), turn(2, 4, 2))))
    assert spans(kept) == [(0, 4)]
    assert (kept.people, kept.utterances[0].person) == (named.people, "p1")


def test_nothing_is_done_where_nothing_is_to_be_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(_: Clip) -> Voices:
        raise AssertionError("nobody was to look")

    monkeypatch.setattr("emoagent.agents.turns.find_voices", never)
    silent = CLIP.model_copy(update={"audio": None})
    for clip, heard in (
        (silent, Heard((said(0, 4),))),
        (CLIP, Heard((said(0, 4, source="subtitles", person="p1"),))),
        (CLIP, Heard((said(0, 4, source="windows"),))),
        (CLIP, Heard(())),
    ):
        assert tell_apart(clip, heard) is heard


def test_voices_are_written_once_and_hold_no_vectors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Voices((turn(0, 2, 1), turn(2, 4, 2)), (Span(start=1, end=2),))
    looks = list[Clip]()

    def look(clip: Clip) -> Voices:
        looks.append(clip)
        return found

    monkeypatch.setattr(voices, "_found", look)
    with working_in(Workspace(tmp_path / "x.wav", tmp_path)):
        assert voices.voices_of(CLIP) is None
        for _ in range(2):
            assert len(tell_apart(CLIP, Heard((said(0, 4, words=8),))).utterances) == 2
        assert voices.voices_of(CLIP) == found
    assert len(looks) == 1
    written = json.loads((tmp_path / "work/voices.json").read_text())
    assert written == {"turns": [[0, 2, 1, 0.9], [2, 4, 2, 0.9]], "overlaps": [[1, 2]]}
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["voices.json"]


def directions(count: int, seed: int = 0) -> NDArray[np.float32]:
    return unit(np.linalg.qr(np.random.default_rng(seed).normal(size=(192, count)))[0].T.astype(np.float32))


@pytest.mark.parametrize("count", [12, 600])
def test_clusters_are_found_in_one_block_and_in_many(count: int) -> None:
    truth = np.random.default_rng(1).integers(3, size=count)
    truth[:3] = [0, 1, 2]
    noise = np.random.default_rng(2).normal(0, 0.05, (count, 192))
    vectors = unit((directions(3)[truth] + noise).astype(np.float32))
    found = cluster(vectors, np.ones(count, np.float32), 0.3)
    assert found.tolist() == truth.tolist()


def test_who_speaks_over_somebody_is_somebody_else() -> None:
    near = unit(np.array([[1, 0.3], [1, 0.3], [0.3, 1], [0.3, 1]], np.float32))  # cosines of 0.55 between the two
    weights = np.ones(4, np.float32)
    assert cluster(near, weights, 0.5).tolist() == [0, 0, 0, 0]
    assert cluster(near, weights, 0.5, [(1, 3)]).tolist() == [0, 0, 1, 1]
    assert cluster(near, weights, 0.3, [(1, 3)]).tolist() == [0, 0, 0, 0], "very alike: the overlap was none"
    found = [piece(0, 120, 0), piece(120, 160, 0, alone=False), piece(120, 160, 1, 1, alone=False),
             piece(160, 280, 1, 1)]  # fmt: skip
    assert diarization._together(found, [found[0], found[3]]) == [(0, 1)]


def test_one_voice_is_one_cluster_and_none_is_none() -> None:
    assert cluster(np.tile(directions(1), (5, 1)), np.ones(5, np.float32), 0.3).tolist() == [0] * 5
    assert not len(cluster(np.zeros((0, 192), np.float32), np.zeros(0, np.float32), 0.3))


def piece(start: int, end: int, who: int, local: int = 0, chunk: int = 0, *, alone: bool = True) -> Piece:
    vector = directions(3)[who] if alone else None
    return Piece(start, end, chunk, local, vector, (end - start) * 0.016875 if alone else 0.0)


def test_pieces_become_turns_and_overlaps() -> None:
    found = [piece(0, 120, 0), piece(120, 160, 0, alone=False), piece(160, 280, 1, 1),
             piece(120, 160, 1, 1, alone=False), piece(400, 520, 0, 0, 1)]  # fmt: skip
    made = assemble(found, centroids(found), 20)
    assert [t.voice for t in made.turns] == [1, 2, 1]
    assert made.turns[0].span.end > made.turns[1].span.start, "both are heard where they overlap"
    (both,) = made.overlaps
    assert both.duration == pytest.approx(40 * 0.016875, abs=0.02)
    assert all(0 < t.certainty <= 1 for t in made.turns)


def test_who_is_heard_for_a_moment_is_no_voice() -> None:
    found = [piece(0, 300, 0), piece(310, 350, 1, 1), piece(360, 600, 0)]
    assert {t.voice for t in assemble(found, centroids(found), 20).turns} == {1}
    assert assemble([], centroids([]), 20) == Voices()


@dataclass
class Sound:
    """Samples in memory."""

    samples: NDArray[np.float32]

    @property
    def duration(self) -> float:
        return len(self.samples) / 16_000

    def read(self, span: Span) -> NDArray[np.float32]:
        return self.samples[round(span.start * 16_000) : round(span.end * 16_000)]


@pytest.fixture(scope="module")
def networks() -> tuple[Network, Voiceprint]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOAGENT_OFFLINE", "1")
        try:
            path = assets.pull("voices")
        except EmoagentError as error:
            pytest.skip(error.message)
    return Network(path, "segmentation.onnx"), Voiceprint(Network(path, "speaker.onnx"))


def heard_in(samples: NDArray[np.float32], networks: tuple[Network, Voiceprint]) -> Voices:
    return diarize(cast(Audio, Sound(samples)), *networks)


@pytest.mark.real
def test_two_people_talk_in_turn(networks: tuple[Network, Voiceprint], shared: Path) -> None:
    samples = load(shared / "media/speech/katiesteve_mono.wav")
    found = heard_in(samples, networks)
    assert {t.voice for t in found.turns} == {1, 2}
    assert len(found.turns) == 6
    assert not found.overlaps
    assert heard_in(samples[: 9 * 16_000], networks) == heard_in(samples[: 9 * 16_000], networks)


@pytest.mark.real
@pytest.mark.parametrize("name", ["jfk.flac", "enrollment_audio_katie.wav", "enrollment_audio_steve.wav"])
def test_one_person_is_one_voice(networks: tuple[Network, Voiceprint], shared: Path, name: str) -> None:
    samples = load(shared / "media/speech" / name)[: 11 * 16_000]
    assert {t.voice for t in heard_in(samples, networks).turns} == {1}


@pytest.mark.real
@pytest.mark.parametrize("seconds", [0.0, 0.01, 3.0, 25.0])
def test_silence_has_no_voice(networks: tuple[Network, Voiceprint], seconds: float) -> None:
    assert heard_in(np.zeros(round(seconds * 16_000), np.float32), networks) == Voices()


def test_thresholds_are_where_they_were_measured() -> None:
    assert diarization.ENOUGH <= diarization.WINDOW
    assert diarization.LEAST < diarization.ENOUGH

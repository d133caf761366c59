"""Who speaks when, by voice alone, scored by pyannote.metrics without leaving overlaps out.

Errors are shares of the speech in the truth: missed, false alarm and confused. The floor gives all speech that was
found to one voice. `sample` and `dev00` (a talk on the telephone and a meeting) were not tuned on, but looked at while
the method was built (docs/design/voices.md says how often). The dialogues are put together from EMO-DB (German) and
RAVDESS: acted, 2 s at a time, one turn in six spoken over; the thresholds were tuned on dialogues with other seeds, but
of the same people.
"""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import numpy as np

from benchmarks.dialogues import RATE, Samples, dialogue, load, speakers
from benchmarks.perception.row import Row
from emoagent.schema import Span
from emoagent.tools.media.audio import Audio
from emoagent.tools.voice.diarization import diarize
from emoagent.tools.voice.voiceprint import Voiceprint, features, unit
from emoagent.tools.voice.voices import Voices
from emoagent.tools.weights import assets
from emoagent.tools.weights.network import Network

SEEDS = range(500, 506)
TURNS = 14
COLLARS = {"± 0.25 s": 0.5, "none": 0.0}  # pyannote counts both halves
LOOP_SECONDS = 300.0

Truth = Sequence[tuple[float, float, str]]


@dataclass(frozen=True)
class Sound:
    """Samples in memory, read as `emoagent.tools.media.audio.Audio` is."""

    samples: Samples

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.samples) / RATE

    def read(self, span: Span) -> Samples:
        """The samples of `span`."""
        return self.samples[round(span.start * RATE) : round(span.end * RATE)]


class Ear:
    """The networks, loaded once."""

    def __init__(self) -> None:
        path = assets.pull("voices")
        self.segmentation = Network(path, "segmentation.onnx")
        self.voiceprint = Voiceprint(Network(path, "speaker.onnx"))

    def hear(self, samples: Samples) -> Voices:
        """The voices in `samples`."""
        return diarize(cast(Audio, Sound(samples)), self.segmentation, self.voiceprint)


def rows(shared: Path) -> Iterable[Row]:
    """The table."""
    ear = Ear()
    speech = shared / "media/speech"
    for name, file in (("sample", "sample.rttm"), ("dev00", "debug.development.rttm")):
        yield from _against(rttm(speech / file, name), ear.hear(load(speech / f"{name}.wav")), f"{name}.wav, 30 s")
    yield from _built(ear, shared)
    yield _who_is_who(ear, speech)
    yield _channels(ear, speech)
    yield from _grid(ear, shared / "media/composites")
    yield _cost(ear, load(speech / "sample.wav"))


def rttm(path: Path, uri: str) -> Truth:
    """The turns of one recording in an RTTM file."""
    fields = (line.split() for line in path.read_text().splitlines())
    return [(float(f[3]), float(f[3]) + float(f[4]), f[7]) for f in fields if f and f[1] == uri]


def errors(truth: Truth, turns: Truth, collar: float, seconds: float) -> dict[str, float]:
    """Diarization error rate and its parts, as shares of the speech in the truth."""
    from pyannote.core import Annotation, Segment, Timeline
    from pyannote.metrics.diarization import DiarizationErrorRate

    both = []
    for given in (truth, turns):
        annotation = Annotation()
        for number, (start, end, who) in enumerate(given):
            annotation[Segment(start, end), number] = who
        both.append(annotation)
    metric = DiarizationErrorRate(collar=collar, skip_overlap=False)
    found: dict[str, float] = metric(*both, uem=Timeline([Segment(0, seconds)]), detailed=True)
    parts = {"missed": "missed detection", "false": "false alarm", "confused": "confusion"}
    return {name: found[part] / found["total"] for name, part in parts.items()} | {
        "all": found["diarization error rate"]
    }


def _turns(found: Voices, *, one: bool = False) -> Truth:
    if not one:
        return [(t.span.start, t.span.end, f"v{t.voice}") for t in found.turns]
    joined: list[tuple[float, float, str]] = []
    for turn in found.turns:
        if joined and turn.span.start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], turn.span.end), "v1")
        else:
            joined.append((turn.span.start, turn.span.end, "v1"))
    return joined


def _against(truth: Truth, found: Voices, data: str) -> Iterator[Row]:
    seconds = max(30.0, *(end for _, end, _ in truth))
    for collar, width in COLLARS.items():
        mine, floor = (errors(truth, _turns(found, one=one), width, seconds) for one in (False, True))
        yield Row(
            f"diarization error rate, collar {collar}", data, f"{_told(mine)}; floor {_percent(floor['all'])}",
            "below the floor", mine["all"] < floor["all"],
        )  # fmt: skip
    voices, people = len({t.voice for t in found.turns}), len({who for *_, who in truth})
    yield Row("number of voices", data, f"{voices}", f"{people}", voices == people)


def _built(ear: Ear, shared: Path) -> Iterator[Row]:
    files = speakers(shared)
    overlaps = list[tuple[float, float, float]]()
    for count in (1, 2, 3, 4):
        scores, floors, right = list[dict[str, float]](), list[float](), 0
        for seed in SEEDS:
            random = np.random.default_rng(seed)
            chosen = [str(name) for name in random.permutation(sorted(files))[:count]]
            made = dialogue({name: files[name] for name in chosen}, TURNS, seed)
            found, seconds = ear.hear(made.samples), len(made.samples) / RATE
            scores.append(errors(made.turns, _turns(found), 0.5, seconds))
            floors.append(errors(made.turns, _turns(found, one=True), 0.5, seconds)["all"])
            right += len({t.voice for t in found.turns}) == count
            overlaps.append(_overlap_seconds(made.turns, found, seconds))
        data = f"{len(scores)} dialogues of {count}, {TURNS} turns, seeds {SEEDS[0]} to {SEEDS[-1]}"
        mean = {name: float(np.mean([score[name] for score in scores])) for name in scores[0]}
        interval = _interval([score["all"] for score in scores])
        better = bool(mean["all"] < np.mean(floors)) if count > 1 else None
        value = f"{_told(mean)}; 95 % interval {interval}; floor {_percent(float(np.mean(floors)))}"
        yield Row(
            "diarization error rate, collar ± 0.25 s", data, value, "below the floor" if count > 1 else "", better
        )
        yield Row("number of voices right", data, f"{right} of {len(scores)}")
    both, said, true = (sum(column) for column in zip(*overlaps, strict=True))
    value = f"precision {_share(both, said)}, recall {_share(both, true)}, {true:.0f} s of them"
    yield Row("overlapping speech", f"the {len(overlaps)} dialogues above", value)


def _overlap_seconds(truth: Truth, found: Voices, seconds: float) -> tuple[float, float, float]:
    """Seconds of overlap that are both true and said, said, and true."""
    step = 0.01
    true = np.zeros(round(seconds / step) + 100, int)
    for start, end, _ in truth:
        true[round(start / step) : round(end / step)] += 1
    said = np.zeros(len(true), bool)
    for span in found.overlaps:
        said[round(span.start / step) : round(span.end / step)] = True
    return step * float((said & (true > 1)).sum()), step * float(said.sum()), step * float((true > 1).sum())


def _who_is_who(ear: Ear, speech: Path) -> Row:
    """Whether the turns of one voice are all nearest to the same enrolment."""
    known = unit(np.stack([_voice(ear, load(speech / f"enrollment_audio_{n}.wav")) for n in ("katie", "steve")]))
    samples = load(speech / "katiesteve_mono.wav")
    found = ear.hear(samples)
    nearest = [int((known @ _voice(ear, Sound(samples).read(t.span))).argmax()) for t in found.turns]
    pairs = [(t.voice, who) for t, who in zip(found.turns, nearest, strict=True)]
    right = sum(max(pairs.count((voice, who)) for who in (0, 1)) for voice in {voice for voice, _ in pairs})
    voices = len({t.voice for t in found.turns})
    value = f"{voices} voices; {right} of {len(pairs)} turns agree with the enrolments"
    return Row("who is who", "katiesteve_mono.wav, 19 s", value, "2 voices, all", voices == 2 and right == len(pairs))


def _voice(ear: Ear, samples: Samples) -> Any:
    frames = features(samples)
    width = min(150, len(frames))
    return unit(
        ear.voiceprint.embed([frames[a : a + width] for a in range(0, len(frames) - width + 1, 75)]).mean(axis=0)
    )


def _channels(ear: Ear, speech: Path) -> Row:
    """A channel for each side, both with sound for 2.5 s, then one: the truth is not written anywhere."""
    voices = len({turn.voice for turn in ear.hear(load(speech / "stereo_diarization.wav")).turns})
    return Row("number of voices", "stereo_diarization.wav, 5 s, as mono", f"{voices} (the truth is not known)")


def _grid(ear: Ear, folder: Path) -> Iterator[Row]:
    truth = json.loads((folder / "grid_dialogue.json").read_text())
    found = ear.hear(load(folder / "grid_dialogue.mp4"))
    heard = []
    for slot in truth:
        seconds = found.seconds(Span(start=slot["start"], end=slot["end"]))
        heard.append((slot["speaker"], max(seconds, key=lambda voice: seconds[voice]) if seconds else 0))
    voices = len({voice for _, voice in heard})
    same = [(a[0] == b[0]) == (a[1] == b[1]) for n, a in enumerate(heard) for b in heard[n + 1 :]]
    data = "grid_dialogue.mp4: 8 sentences, 1.4 s of speech each"
    yield Row("number of voices", data, f"{voices}", "5", voices == 5)
    yield Row("pairs of sentences rightly joined or parted", data, f"{sum(same)} of {len(same)}", "all", all(same))


def _cost(ear: Ear, samples: Samples) -> Row:
    """Read from a file, as in a run: the sound itself takes no memory."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "sound.s16"
        rounds = round(LOOP_SECONDS * RATE / len(samples))
        path.write_bytes((samples * 32767).astype("<i2").tobytes() * rounds)
        audio = Audio(path)
        before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
        diarize(audio, ear.segmentation, ear.voiceprint)
        share = (time.process_time() - start) / audio.duration
        more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    value = f"{share:.3f} x real time (CPU time), {more:.0f} MB above the peak before"
    data = f"sample.wav looped to {audio.duration / 60:.0f} minutes, 78 % speech"
    return Row("cost", data, value, "≤ 0.1 x real time", share <= 0.1)


def _interval(values: Sequence[float]) -> str:
    random = np.random.default_rng(0)
    means = [np.mean(random.choice(values, len(values))) for _ in range(2000)]
    return " to ".join(_percent(float(edge)) for edge in np.percentile(means, [2.5, 97.5]))


def _told(score: dict[str, float]) -> str:
    parts = ", ".join(f"{name} {_percent(score[name])}" for name in ("missed", "false", "confused"))
    return f"{_percent(score['all'])} ({parts})"


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def _share(part: float, whole: float) -> str:
    return _percent(part / whole) if whole else "none said"

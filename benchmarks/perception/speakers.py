"""Who speaks, by lips, voices and both. Scenes are made of seven GRID speakers and two silent people; the odds that a
face talks are fitted anew without the people of each scene (MEAD takes no part in any fit). Intervals (95 %) draw the
people who are seen with replacement. "Full" is the official landmark model, "plain" the one put together from the
package index, "small" has faces a quarter of the picture's height. "Delayed": sound 0.1 s early or late, not known.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.perception.row import Row
from benchmarks.speaker_scenes import Judge, Scene, Setting, interval, seen, setting, side_by_side, unseen
from emoagent.agents.speaker import TOO, match
from emoagent.agents.speaker import Scene as Clipful
from emoagent.schema import Span, Utterance
from emoagent.tools.sight.cast import SpeakerScore
from emoagent.tools.sight.speaker_model import Delay
from emoagent.tools.weights.assets import FACE_ASSEMBLED, pull
from emoagent.training.speaker import left_out, quality, talks_of, weights
from emoagent.training.talking_faces import Heard, talker

SETTINGS = (("full", 1.0), ("plain", 1.0), ("plain, small", 0.5))


def rows(shared: Path) -> Iterable[Row]:
    """All rows of the topic."""
    media = shared / "media"
    models = {"full": shared / "models/face_landmarker.task", "plain": pull(FACE_ASSEMBLED.name)}
    for label, model in models.items():
        yield _talking_side(label, media / "composites/grid_side_by_side.mp4", model)
    yield from _dialogue(media / "composites/grid_dialogue.mp4")
    for label, size in SETTINGS:
        made = setting(label, media, models[label.split(",")[0]], size)
        yield _calibration(made)
        yield from _scenes(made)
        yield from _mixes(made)
    yield from (_dubbed_elsewhere(label, media / "mead", model) for label, model in models.items())


def _talking_side(label: str, path: Path, model: Path) -> Row:
    truth = json.loads(path.with_suffix(".json").read_text("utf-8"))
    face = talker(path, model)
    left = min(face.series.tracks(), key=lambda t: float(face.series.box[face.series.rows(t), 0].mean()))
    scores = _scores(truth, Clipful((), series=face.series, audio=Heard(face.sound)))
    sides = ["none" if s.track is None else "left" if s.track == left else "right" for s in scores]
    right = sum(side == row["active"] for side, row in zip(sides, truth, strict=True))
    data = f"grid_side_by_side.mp4, {label}, {len(truth)} utterances"
    return Row("the talking face is chosen", data, f"{right} of {len(truth)}", "all", right == len(truth))


def _scores(truth: Sequence[dict[str, Any]], scene: Clipful) -> Sequence[SpeakerScore]:
    spans = [Span(start=row["start"], end=row["end"]) for row in truth]
    said = [Utterance(id=f"u{i}", span=span, text="", source="subtitles") for i, span in enumerate(spans)]
    return match(replace(scene, utterances=said)).scores


def _dialogue(path: Path) -> Iterator[Row]:
    """The whole command on the dialogue, with its words as subtitles without names, and with none."""
    truth = json.loads(path.with_suffix(".json").read_text("utf-8"))
    for label, words in (("unnamed subtitles", truth), ("no subtitles, recogniser", None)):
        trace = _analysed(path, words)
        told, wanted = _speakers(trace, truth), [row["speaker"] for row in truth]
        data = f"grid_dialogue.mp4, {label}, {len(truth)} turns"
        changes = [(a != b) == (c != d) for a, b, c, d in zip(wanted, wanted[1:], told, told[1:], strict=False)]
        met = all(changes) and None not in told
        yield Row("speaker changes recovered", data, f"{sum(changes)} of {len(changes)}", "all", met)
        same = [(a == b) == (told[i] == told[j] is not None) for (i, a), (j, b) in _pairs(wanted)]
        yield Row(
            "pairs of turns rightly by one or by two people", data, f"{sum(same)} of {len(same)}", "all", all(same)
        )
        count = len({u["person"] for u in trace["utterances"] if u["person"]})
        people = len(set(wanted))
        yield Row("people who speak", data, f"{count} of {people}; {len(trace['people'])} in all", "5", count == people)


def _pairs(items: Sequence[str]) -> Iterator[tuple[tuple[int, str], tuple[int, str]]]:
    yield from (((i, a), (j, b)) for i, a in enumerate(items) for j, b in enumerate(items) if i < j)


def _analysed(path: Path, words: Sequence[dict[str, Any]] | None) -> dict[str, Any]:
    with TemporaryDirectory() as folder:
        clip = Path(folder) / path.name
        clip.write_bytes(path.read_bytes())
        if words is not None:
            cues = [f"{i}\n{_clock(r['start'])} --> {_clock(r['end'])}\n{r['text']}\n" for i, r in enumerate(words, 1)]
            clip.with_suffix(".srt").write_text("\n".join(cues), "utf-8")
        command = [sys.executable, "-m", "emoagent", "analyze", str(clip), "-o", str(Path(folder) / "out")]
        subprocess.run(command, check=False, capture_output=True)
        trace: dict[str, Any] = json.loads((Path(folder) / "out" / "trace.json").read_text("utf-8"))
    return trace


def _clock(seconds: float) -> str:
    return f"00:00:{seconds:06.3f}".replace(".", ",")


def _speakers(trace: dict[str, Any], truth: Sequence[dict[str, Any]]) -> list[str | None]:
    """Who is said to speak longest in each turn of the truth."""
    found: list[str | None] = []
    for row in truth:
        seconds: dict[str, float] = {}
        for each in trace["utterances"]:
            shared = min(row["end"], each["span"]["end"]) - max(row["start"], each["span"]["start"])
            if shared > 0 and each["person"]:
                seconds[each["person"]] = seconds.get(each["person"], 0.0) + shared
        found.append(max(seconds, key=lambda person: seconds[person], default=None))
    return found


def _calibration(made: Setting) -> Row:
    found = list(made.windows)
    p, talks, weight = left_out(found, np.stack([w.given for w in found])), talks_of(found), weights(found)
    told = quality(p, talks, weight)
    errors = {w.person: [] for w in found}  # type: dict[str, list[float]]
    for window, guess, each in zip(found, p, weight, strict=True):
        errors[window.person].append(each * (guess - window.talks) ** 2)
    low, high = interval(errors)
    kinds = ", ".join(f"{sum(w.kind == kind for w in found)} {kind}" for kind in ("own", "dubbed", "silent"))
    value = f"Brier {told['brier']:.3f} [{low:.3f}, {high:.3f}], log loss {told['log_loss']:.3f}, ECE {told['ece']:.3f}"
    data = f"{made.label}: windows of 1 to 3 s, {kinds}; {len(errors)} people, one left out"
    return Row("calibration of a face's odds at a known delay", data, value)


def _scenes(made: Setting) -> Iterator[Row]:
    judge, faces = Judge(made.windows), made.talkers
    kinds = (
        ("of two faces the talking one, other silent", side_by_side(faces, talking=False)),
        ("the same, delayed", _delayed(made, talking=False)),
        ("of two talking faces the one that is heard", side_by_side(faces, talking=True)),
        ("the same, delayed", _delayed(made, talking=True)),
        ("nobody: a voice over another's silent face", unseen(faces, talking=False)),
        ("nobody: a voice over another's talking face (dubbed)", unseen(faces, talking=True)),
        ("a face with its own voice is no off-screen speech", seen(faces)),
    )
    for what, scenes in kinds:
        yield _share(what, made.label, [(scene, judge.right(scene)) for scene in scenes])


def _delayed(made: Setting, *, talking: bool) -> Iterator[Scene]:
    for delay in (-0.1, 0.1):
        yield from side_by_side(made.talkers, talking=talking, delay=delay)


def _share(what: str, label: str, told: Sequence[tuple[Scene, bool]]) -> Row:
    by_person: dict[str, list[float]] = {}
    for scene, right in told:
        by_person.setdefault(scene.people[-1], []).append(float(right))
    low, high = interval(by_person)
    right = sum(right for _, right in told)
    return Row(what, f"{label}, {len(told)} scenes", f"{right / len(told):.2f} [{low:.2f}, {high:.2f}]")


def _mixes(made: Setting) -> Iterator[Row]:
    """Two talking faces: both are heard, or one."""
    judge = Judge(made.windows)
    single = list(side_by_side(made.talkers, talking=True))
    heard = {face.name: face.sound for face in made.talkers}
    mixed = [replace(s, sound=_mixed(s.sound, heard[s.people[1]])) for s in single]
    for what, scenes in (("overlap by lips: found", mixed), ("overlap by lips: false alarms", single)):
        yield _share(what, made.label, [(scene, _both(judge, scene)) for scene in scenes])


def _mixed(a: Any, b: Any) -> Any:
    count = min(len(a), len(b))
    return np.clip(a[:count].astype(int) + b[:count], -32768, 32767).astype(np.int16)


def _both(judge: Judge, scene: Scene) -> bool:
    delay, odds = Delay(), judge.odds(scene)
    delay.judge(odds)
    return all(delay.expected(each) >= TOO for each in odds)


def _dubbed_elsewhere(label: str, folder: Path, model: Path) -> Row:
    """People and recordings that no fit has seen: their own sound against each other's, second by second and a half."""
    faces = [talker(path, model) for path in sorted(folder.glob("*.mp4"))]
    right = {face.name: [] for face in faces}  # type: dict[str, list[float]]
    for face in faces:
        for other in faces:
            ends = np.arange(1.8, min(len(face.sound), len(other.sound)) / 16_000, 0.75)
            truth = [{"start": end - 1.5, "end": end} for end in ends]
            scores = _scores(truth, Clipful((), series=face.series, audio=Heard(other.sound)))
            right[face.name] += [float((s.person is not None) == (face is other)) for s in scores]
    values = [value for of in right.values() for value in of]
    data = f"MEAD, {label}, {len(values)} windows of 1.5 s of 2 people"
    return Row("own voice told from another's (delay not known, 0.15 s)", data, f"{np.mean(values):.2f}")

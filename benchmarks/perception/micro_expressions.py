"""Movements that come and go within half a second: called where none was put, found where one was put into real frames.

Movements are put in as a raised cosine by the mesh puppets of samples/puppet.py, frame by frame, into clips of reading
and into noisy stills. Thresholds were chosen on the GRID clips; the six other clips and the stills were looked at too.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.face_clips import Scene, flashes, landmark_models, scaled, scene, stills, with_flash
from benchmarks.perception.row import Row
from benchmarks.puppet_faces import FPS, GRID, actors, film, watched
from emoagent.tools.sight.face_series import FaceSeries

SEED = 11
BLANK = np.zeros(0, np.uint8)
FACES = ("bbaf2n", "lbax4n", "swiz3n", "id2_vcd_swwp2s")
Models = dict[str, Path]


def rows(shared: Path) -> Iterator[Row]:
    """The whole table."""
    models = landmark_models(shared)
    with TemporaryDirectory() as folder:
        yield from _micro(shared, models, Path(folder))


REAL = (("mead/M003_level_1_disgusted_015.mp4", True), ("mead/W040_level_3_happy_029.mp4", True),
        ("pyfeat/single_face.mp4", False), ("pyfeat/face_noface.mov", False), ("pyfeat/noface_face.mov", False),
        ("pyfeat/WolfgangLanger_Pexels.mp4", False))  # fmt: skip


def _micro(shared: Path, models: Models, folder: Path) -> Iterator[Row]:
    reading = [scene(shared / f"media/grid/{name}.mpg", folder, talks=True) for name in GRID]
    others = [scene(shared / "media" / path, folder, talks=talks) for path, talks in REAL]
    for name, model in models.items():
        for what, scenes in (("plain reading", reading), ("other clips, talking and silent", others)):
            called = sum(len(flashes(watched(each.frames, model), each)) for each in scenes)
            seconds = sum(each.seconds for each in scenes)
            yield Row(
                f"micro-expressions called where none was put, {name}",
                f"{what}, {len(scenes)} clips, {seconds:.0f} s",
                f"{called}; with 95 % confidence at most {(3 if not called else 5) * 60 / seconds:.1f} a minute"
                if called < 2 else f"{called}",
                "0", not called,
            )  # fmt: skip
        for side in (260, 90):
            series = list(stills(shared, side, model, SEED))
            calls = [
                len(flashes(each, Scene("still", [(t, BLANK) for t in each.frames], None, False))) for each in series
            ]
            seconds = sum(len(each.frames) for each in series) / FPS
            yield Row(
                f"micro-expressions called on noisy stills, {name}, face {side} pixels high",
                f"{seconds:.0f} s", str(sum(calls)), "0", not any(calls),
            )  # fmt: skip
    yield from _detected(reading, models)
    yield from _on_stills(shared, models)


def _detected(reading: list[Scene], models: Models) -> Iterator[Row]:
    for action, pose in (("AU1+2", {"AU1": 1.0, "AU2": 1.0}), ("AU4", {"AU4": 1.0})):
        for amount, seconds in ((0.35, 0.4), (0.6, 0.24), (0.6, 0.4)):
            hits = dict.fromkeys(models, 0)
            for number, each in enumerate(reading):
                start = 0.9 + 0.13 * number
                frames = with_flash(each, scaled(pose, amount), start, seconds, models["full"])
                for name, model in models.items():
                    hits[name] += _hit(watched(frames, model), each, start + seconds / 2)
            told = ", ".join(f"{name} {count} of {len(reading)}" for name, count in hits.items())
            yield Row(f"{action} of strength {amount:g} put into {seconds:g} s of reading, found", "GRID", told)


def _on_stills(shared: Path, models: Models) -> Iterator[Row]:
    for action, pose in (("AU12", {"AU12": 1.0}), ("AU4", {"AU4": 1.0}), ("AU1+2", {"AU1": 1.0, "AU2": 1.0})):
        hits, tries = dict.fromkeys(models, 0), 0
        for face in actors(shared, 200, FACES):
            for seconds in (0.24, 0.4):
                tries += 1
                shares = [(number / FPS - 2.0) / seconds for number in range(50)]
                poses = [scaled(pose, 0.35 * (0.5 - 0.5 * np.cos(2 * np.pi * x))) if 0 < x < 1 else {} for x in shares]
                frames = film(face, poses, SEED)
                for name, model in models.items():
                    hits[name] += _hit(watched(frames, model), Scene("still", frames, None, False), 2 + seconds / 2)
        told = ", ".join(f"{name} {count} of {tries}" for name, count in hits.items())
        yield Row(f"{action} of strength 0.35 for 0.24 or 0.4 s in a silent, noisy face, found", "4 faces", told)


def _hit(series: FaceSeries, seen: Scene, middle: float) -> bool:
    return any(abs(found.measures["apex"][0] - middle) < 0.2 for found in flashes(series, seen))

"""Real faces moved by known amounts, and real clips. The moved faces are mesh puppets (samples/puppet.py) over stills
and frames of GRID, filmed shaken, with sensor noise and compression. Intensities are 0 to 5. Full: the landmark model
with blendshapes; plain: the one without.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.face_clips import (
    TESTS,
    Graded,
    course_errors,
    graded,
    landmark_models,
    look_at,
    scene,
    side_calls,
    silent,
    stills,
)
from benchmarks.perception.row import Row
from benchmarks.puppet_faces import FPS, GRID, Pose, actors, film, watched
from emoagent.agents.face_units import unit_findings
from emoagent.tools.sight.action_units import Expression

SEED = 11
DIRECTION = ("patlevin_portrait", "single_face", *GRID)
UNSEEN = ("single_face", "bbaf2n", "lbax4n", "swiz3n", "id2_vcd_swwp2s")  # faces on which nothing was fitted
Models = dict[str, Path]


def rows(shared: Path) -> Iterator[Row]:
    """The whole table."""
    models = landmark_models(shared)
    yield from _direction(shared, models)
    yield from _noise(shared, models)
    yield from _courses(shared, models)
    yield from _sides(shared, models)
    yield from _rest(shared, models)
    with TemporaryDirectory() as folder:
        yield from _reading(shared, models, Path(folder))


def _direction(shared: Path, models: Models) -> Iterator[Row]:
    found: dict[str, list[Graded]] = {name: [] for name in models}
    for shown in actors(shared, 200, DIRECTION):
        for action in TESTS:
            for name, one in graded(shown, action, models, SEED).items():
                found[name].append(one)
    for name in models:
        for action in TESTS:
            own = [one for one in found[name] if one.action == action]
            steps = " → ".join(f"{np.median([one.intensity[k] for one in own]):.1f}" for k in range(4))
            ordered, right = sum(one.monotone for one in own), sum(one.right for one in own)
            yield Row(
                f"{action} at 0, 1/3, 2/3, 1: sign and order right; right unit moves most, {name}",
                f"{len(own)} faces, seed {SEED}",
                f"{ordered} and {right} of {len(own)}; median {steps}",
                "all",
                ordered == right == len(own),
            )


def _noise(shared: Path, models: Models) -> Iterator[Row]:
    for name, model in models.items():
        for side in (260, 90):
            series = list(stills(shared, side, model, SEED))
            units = [silent(each).intensities() for each in series]
            off = np.concatenate([u.value - np.nanmedian(u.value, axis=0) for u in units])
            deviation, high = np.nanstd(off, axis=0), np.nanquantile(np.abs(off), 0.99, axis=0)
            listed_ = ", ".join(
                f"{unit} {a:.2f}/{b:.2f}" for unit, a, b in zip(units[0].names, deviation, high, strict=True)
            )
            yield Row(
                f"noise of each unit, deviation/99 % quantile, {name}, face {side} pixels high",
                f"{len(series)} stills, 100 frames each, shaken, noised, compressed; seed {SEED}",
                listed_,
                "99 % below 0.5",
                bool(high.max() < 0.5),
            )


def _courses(shared: Path, models: Models) -> Iterator[Row]:
    for name, errors in course_errors(actors(shared, 200, UNSEEN), models, SEED).items():
        onset, apex, offset = (np.array([error[k] for error in errors if error is not None]) for k in range(3))
        if not len(onset):
            continue
        worst = max(float(np.quantile(np.abs(each), 0.9)) for each in (onset, apex, offset))
        told = ", ".join(
            f"{word} {np.median(each):+.2f} (90 % within {np.quantile(np.abs(each), 0.9):.2f})"
            for word, each in (("onset", onset), ("apex", apex), ("offset", offset))
        )
        yield Row(
            f"times of a movement that rises 0.4 s, holds 0.6 s, falls 0.6 s; error in s, {name}",
            f"AU12, AU4, AU1+2 on {len(UNSEEN)} faces",
            f"found {len(onset)} of {len(errors)}; {told}",
            "90 % within 0.25",
            worst <= 0.25 and len(onset) == len(errors),
        )


def _sides(shared: Path, models: Models) -> Iterator[Row]:
    tally = side_calls(actors(shared, 200, UNSEEN), models, SEED)
    for name in models:
        for amount in (1.0, 0.5):
            for yaw, where in ((0, "frontal"), (15, "turned by 15°")):
                own = [call for call in tally if call.model == name and call.amount == amount and abs(call.yaw) == yaw]
                one = [call for call in own if call.side != "both"]
                both = [call for call in own if call.side == "both"]
                right = sum(call.called == call.side for call in one)
                wrong = sum(call.called not in ("both", call.side) for call in one)
                straight = sum(call.called == "both" for call in both)
                yield Row(
                    f"side of a smile of strength {amount:g}, {where}, {name}",
                    f"{len(UNSEEN)} faces not fitted on",
                    f"one-sided: {right} of {len(one)} right, {wrong} wrong side; both: {straight} of {len(both)}",
                    "none on the wrong side",
                    not wrong,
                )


def _rest(shared: Path, models: Models) -> Iterator[Row]:
    """A rest that is not the mean of what the person does."""
    smile: Pose = {"AU12": 1.0}
    courses: dict[str, tuple[list[Pose], slice, slice]] = {
        "smiles throughout (6 s)": ([smile] * 75, slice(0, 0), slice(0, 75)),
        "is in view for 1.6 s only": ([{}] * 10 + [smile] * 10, slice(0, 9), slice(12, 20)),
        "is turned by 30° for 6 of 8 s": (
            [{"yaw": 30.0}] * 75 + [{}] * 12 + [smile] * 13, slice(75, 87), slice(90, 100),
        ),
    }  # fmt: skip
    for name, model in models.items():
        for what, (poses, still, smiling) in courses.items():
            quiet, shown = [], []
            for face in actors(shared, 200, ("bbaf2n", "lbax4n", "swiz3n")):
                units = silent(watched(film(face, poses, SEED), model)).intensities()
                k, at = units.names.index("AU12"), np.round(units.time * FPS).astype(int)
                value = units.value[:, k]
                shown.append(float(np.nanmedian(value[(at >= smiling.start) & (at < smiling.stop)])))
                inside = (at >= still.start) & (at < still.stop)
                quiet += [float(np.nanmedian(value[inside]))] if inside.any() else []
            least = float(min(shown))
            told = f"smile {np.median(shown):.1f} (least {least:.1f})" + (
                f", neutral {max(quiet):.1f}" if quiet else ""
            )
            yield Row(
                f"AU12 of a person who {what}, {name}",
                "3 faces; with their own mean as rest it would be 0" if not quiet else "3 faces",
                told,
                "smile over 1.4, neutral under 1",
                least > 1.4 and (not quiet or max(quiet) < 1),
            )  # fmt: skip


def _reading(shared: Path, models: Models, folder: Path) -> Iterator[Row]:
    scenes = [scene(shared / f"media/grid/{name}.mpg", folder, talks=True) for name in GRID]
    for name, model in models.items():
        looks = [look_at(watched(each.frames, model), each) for each in scenes]
        active = np.concatenate([look.units.active() for look in looks if look])
        names = looks[0].units.names if looks[0] else ()
        shares = {unit: float(share) for unit, share in zip(names, active.mean(axis=0), strict=True) if share >= 0.005}
        counted = [unit for unit in shares if unit not in ("AU25", "AU26", "AU45")]
        yield Row(
            f"frames of plain reading in which a unit is active, {name}",
            f"{len(looks)} speakers, {len(active)} frames",
            ", ".join(f"{unit} {share:.1%}" for unit, share in shares.items()),
            "5 % at most but AU25, AU26",
            all(shares[unit] <= 0.05 for unit in counted),
        )
        said = [found for look in looks if look for found in unit_findings(look)]
        loud = [f for f in said if not {"AU25", "AU26"} & set(f.measures)]
        yield Row(
            f"findings about units in plain reading, {name}",
            f"{len(looks)} speakers",
            f"{len(loud)} but for AU25 and AU26, {sum(f.kind == 'asymmetry' for f in loud)} of them one-sided",
        )
        throughout, wrong = [], 0.0
        for each in scenes:
            series = watched(each.frames, model)
            units = Expression(series, series.tracks(), np.ones(len(series.time), bool)).intensities()
            throughout.append(units.active())
        share = np.concatenate(throughout).mean(axis=0)
        wrong = max(float(s) for s, unit in zip(share, names, strict=True) if unit not in ("AU25", "AU26", "AU45"))
        yield Row(
            f"the same, had they talked throughout and never been seen silent, {name}",
            f"{len(scenes)} speakers",
            f"at most {wrong:.1%} in any unit but AU25, AU26",
            "15 %",
            wrong <= 0.15,
        )

"""What the action-unit benchmark films and measures: faces moved by known amounts, movements put into clips."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.puppet_faces import FPS, Actor, Picture, Pose, actor, actors, film, frames_of, puppetry, watched
from emoagent.agents.face_look import Faces, Look, speakers
from emoagent.agents.face_micro import micro_findings
from emoagent.agents.registry import Finding
from emoagent.schema import Span, Utterance
from emoagent.tools.media.audio import Audio
from emoagent.tools.sight.action_units import AuSeries, Expression
from emoagent.tools.sight.face_series import FaceSeries
from emoagent.tools.weights.assets import listed

REST, HOLD = 20, 8  # frames
TESTS: dict[str, Pose] = {
    "AU12": {"AU12": 1.0},
    "AU4": {"AU4": 1.0},
    "AU1+2": {"AU1": 1.0, "AU2": 1.0},
    "AU26": {"jaw": 1.0},
}
EXPECTED = {"AU12": ("AU12",), "AU4": ("AU4",), "AU1+2": ("AU1", "AU2"), "AU26": ("AU25", "AU26")}
LEVELS = (1 / 3, 2 / 3, 1.0)


@dataclass(frozen=True)
class Graded:
    """One face, one action in four strengths: the unit's intensity at each, and the units by how far they moved."""

    face: str
    action: str
    intensity: tuple[float, ...]
    ranked: tuple[str, ...]

    @property
    def monotone(self) -> bool:
        """Whether more of the action measures more."""
        return all(a < b for a, b in zip(self.intensity, self.intensity[1:], strict=False))

    @property
    def right(self) -> bool:
        """Whether the units that the action consists of are those that move most."""
        wanted = EXPECTED[self.action]
        return set(self.ranked[: len(wanted)]) == set(wanted)


def silent(series: FaceSeries) -> Expression:
    """All faces as one person who never talks."""
    return Expression(series, series.tracks(), np.zeros(len(series.time), bool))


def scaled(pose: Pose, amount: float) -> Pose:
    """The pose at a part of its strength."""
    return {name: value * amount for name, value in pose.items()}


def graded(shown: Actor, action: str, models: dict[str, Path], seed: int) -> dict[str, Graded]:
    """The action in four strengths, filmed once and watched with each model."""
    poses: list[Pose] = [{}] * REST
    for level in LEVELS:
        poses += [scaled(TESTS[action], level)] * HOLD
    frames = film(shown, poses, seed)
    return {
        name: _graded(shown.name, action, silent(watched(frames, model)).intensities())
        for name, model in models.items()
    }


def _graded(face: str, action: str, units: AuSeries) -> Graded:
    ends = [(0, REST), *((REST + k * HOLD + 1, REST + (k + 1) * HOLD) for k in range(3))]
    value = np.nan_to_num(units.value)
    at = np.round(units.time * FPS)
    levels = [np.median(value[(at >= a) & (at < b)], axis=0) for a, b in ends]
    moved = levels[-1] - levels[0]
    order = [units.names[k] for k in np.argsort(-moved, kind="stable") if units.names[k] not in ("AU43", "AU45")]
    k = units.names.index(EXPECTED[action][-1] if action == "AU26" else EXPECTED[action][0])
    return Graded(face, action, tuple(float(level[k]) for level in levels), tuple(order))


@dataclass(frozen=True)
class Scene:
    """A clip as analysed frames, with one utterance over all of it if the person in it `talks`."""

    name: str
    frames: list[tuple[float, Picture]]
    audio: Audio | None
    talks: bool

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.frames[-1][0] - self.frames[0][0] + 1 / FPS


def scene(path: Path, folder: Path, *, talks: bool) -> Scene:
    """A clip, its sound decoded into `folder`."""
    from emoagent.tools.media.files import extract_audio, probe

    clip = probe(path).clip
    sound = folder / f"{path.stem}.s16"
    if clip.audio:
        extract_audio(path, sound, clip)
    return Scene(path.stem, frames_of(path), Audio(sound) if clip.audio else None, talks)


def look_at(series: FaceSeries, seen: Scene) -> Look | None:
    """All faces of the scene as one person: the speaker, or somebody whose silence is known."""
    span = Span(start=0, end=seen.frames[-1][0] + 1 / FPS)
    said = Utterance(id="u1", person="p1" if seen.talks else "p0", span=span, text="", source="subtitles")
    faces = Faces(series, {"p1": tuple(series.tracks())}, [said], seen.audio)
    if seen.talks:
        return next(speakers(faces, [said]), None)
    return faces.look(said, "p1", False, 1.0) if series.tracks() else None


def flashes(series: FaceSeries, seen: Scene) -> list[Finding]:
    """What is called a micro-expression in a scene."""
    each = look_at(series, seen)
    return [] if each is None else list(micro_findings(series, each))


def with_flash(seen: Scene, pose: Pose, start: float, seconds: float, model: Path) -> list[tuple[float, Picture]]:
    """The scene's frames with `pose` put on the face: there and gone in `seconds`, as a raised cosine."""
    frames = []
    for time, rgb in seen.frames:
        share = (time - start) / seconds
        if 0 < share < 1:
            posed = actor("", rgb, model)
            if posed is not None:
                height, width = rgb.shape[:2]
                view = puppetry().View(0.0, 0.0, 1.0, width, height)
                amount = 0.5 - 0.5 * np.cos(2 * np.pi * share)
                rgb = np.asarray(posed.puppet.render(dict(scaled(pose, amount)), view), np.uint8)
        frames.append((time, rgb))
    return frames


RISE, HELD, FALL, BEGIN = 0.4, 0.6, 0.6, 1.6  # seconds
Error = tuple[float, float, float]


def course_errors(shown: Iterator[Actor], models: dict[str, Path], seed: int) -> dict[str, list[Error | None]]:
    """For each model the errors of onset, apex (0 while it is held) and offset in seconds; None: not found."""
    ends = BEGIN + np.cumsum([0, RISE, HELD, FALL])
    found: dict[str, list[Error | None]] = {name: [] for name in models}
    for face in shown:
        for action in ("AU12", "AU4", "AU1+2"):
            amounts = np.interp(np.arange(56) / FPS, ends, [0.0, 1.0, 1.0, 0.0])
            frames = film(face, [scaled(TESTS[action], float(a)) if a > 0 else {} for a in amounts], seed)
            for name, model in models.items():
                found[name].append(_course_error(watched(frames, model), action, ends.tolist()))
    return found


def _course_error(series: FaceSeries, action: str, ends: Sequence[float]) -> Error | None:
    from emoagent.agents.face_units import unit_segments

    still = Scene("still", [(float(t), np.zeros(0, np.uint8)) for t in series.frames], None, False)
    each = look_at(series, still)
    found = unit_segments(each, EXPECTED[action][0]) if each else []
    if not found:
        return None
    segment = found[0][0]
    late = segment.top - ends[2] if segment.top > ends[2] else min(0.0, segment.top - ends[1])
    return segment.onset - ends[0], late, segment.offset - ends[3]


@dataclass(frozen=True)
class SideCall:
    """A smile on one side or on both, and on which it was called."""

    model: str
    side: str
    amount: float
    yaw: float
    called: str


def side_calls(shown: Iterator[Actor], models: dict[str, Path], seed: int) -> list[SideCall]:
    """Smiles left, right and both, at three yaws, in one clip for each face that begins with a turned rest."""
    rest: list[Pose] = [{"yaw": yaw} for yaw in (-15.0, 0.0, 15.0, 0.0) for _ in range(6)]
    wanted = [
        (side, amount, yaw) for yaw in (-15.0, 0.0, 15.0) for amount in (0.5, 1.0) for side in ("left", "right", "both")
    ]
    calls = []
    for face in shown:
        poses = list(rest)
        for side, amount, yaw in wanted:
            poses += [{"AU12" if side == "both" else f"AU12_{side}": amount, "yaw": yaw}] * 5 + [{"yaw": yaw}] * 3
        frames = film(face, poses, seed)
        for name, model in models.items():
            series = watched(frames, model)
            expression = silent(series)
            units = expression.intensities()
            sides = expression.difference("AU12", units)
            at = np.round(units.time * FPS).astype(int) - len(rest)
            for number, (side, amount, yaw) in enumerate(wanted):
                value = sides.value[(at >= 8 * number) & (at < 8 * number + 5)]
                middle = float(np.median(value)) if len(value) else 0.0
                called = "left" if middle >= sides.threshold else "right" if middle <= -sides.threshold else "both"
                calls.append(SideCall(name, side, amount, yaw, called))
    return calls


STILLS = ("patlevin_portrait", "bbaf2n", "lbbc2a")


def landmark_models(shared: Path) -> dict[str, Path]:
    """The landmark models that are there: `full` with blendshapes, `plain` without."""
    plain = next(asset.path for asset in listed() if asset.name == "face_landmarker_assembled")
    found = {"full": shared / "models" / "face_landmarker.task", "plain": plain}
    return {name: path for name, path in found.items() if path.exists()}


def stills(shared: Path, side: float, model: Path, seed: int, frames: int = 100) -> Iterator[FaceSeries]:
    """Three faces that do nothing, `side` pixels high, shaken, noised and compressed."""
    for shown in actors(shared, side, STILLS):
        yield watched(film(shown, [{}] * frames, seed), model)

"""Real face pictures that move as told: the sample's puppets (samples/puppet.py) over stills and frames of clips, so
that what an action unit does, on which side and when, is known."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoagent.tools.sight.face_search import look, search_regions
from emoagent.tools.sight.face_series import FaceSeries
from emoagent.tools.sight.landmarker import Landmarker

Picture = NDArray[np.uint8]
Pose = Mapping[str, float]  # action -> amount ("AU12_left": one side's); yaw, pitch, roll in degrees; jaw, blink
FPS = 12.5
SIDES = ("_left", "_right")
EDGE = 0.06  # eye distances over which a one-sided action fades at the middle of the face
GRID = ("bbaf2n", "brbk7n", "lbax4n", "lbbc2a", "swiz3n", "pwij3p", "id2_vcd_swwp2s")


@cache
def puppetry() -> ModuleType:
    """The module samples/puppet.py, which belongs to no package."""
    path = Path(__file__).parents[1] / "samples" / "puppet.py"
    spec = importlib.util.spec_from_file_location("puppet", path)
    if spec is None or spec.loader is None:
        raise ImportError(str(path))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def _puppet_class() -> Any:
    base: Any = puppetry().Puppet

    class Sided(base):  # type: ignore[misc]
        """A puppet whose actions can be told to one side."""

        def _act(self, pose: dict[str, float]) -> Any:
            total = super()._act({name: amount for name, amount in pose.items() if not name.endswith(SIDES)})
            left = 1 / (1 + np.exp(-4 * (self.flat[:, 0] - self.middle) / EDGE))
            for side, share in (("_left", left), ("_right", 1 - left)):
                own = {name.removesuffix(side): amount for name, amount in pose.items() if name.endswith(side)}
                if own:
                    total = total + share[:, None] * super()._act(own)
            return total

    return Sided


@dataclass(frozen=True)
class Actor:
    """A face picture that can be posed; `side` is the face's height in pixels of what it renders."""

    name: str
    puppet: Any
    view: Any

    def render(self, pose: Pose) -> Picture:
        """The posed picture, square."""
        return np.asarray(self.puppet.render(dict(pose), self.view), np.uint8)


def actor(name: str, rgb: Picture, model: Path, side: float = 200.0) -> Actor | None:
    """The largest face of `rgb`, rendered `side` pixels high in a picture twice as wide; None if none is found."""
    height, width = rgb.shape[:2]
    with Landmarker(model) as finder:
        rough = [seen for part in search_regions(width, height) for seen in look(finder, rgb, part)]
        if not rough:
            return None
        best = max(rough, key=lambda seen: seen.box.side)
        close = look(finder, rgb, best.box.square(2.0)) or [best]
    return _posed(name, rgb, max(close, key=lambda seen: seen.box.side), side)


def _posed(name: str, rgb: Picture, seen: Any, side: float) -> Actor:
    (x, y), scale = seen.box.centre, side / seen.box.height
    size = round(2 * side)
    view = puppetry().View(x - size / scale / 2, y - size / scale / 2, scale, size, size)
    return Actor(name, _puppet_class()(rgb, seen.landmarks.astype(np.float64), {}), view)


def frames_of(path: Path, count: int | None = None) -> list[tuple[float, Picture]]:
    """The first analysed frames of a clip."""
    from emoagent.tools.media.files import probe, read_frames
    from emoagent.tools.workspace import Workspace, working_in

    found: list[tuple[float, Picture]] = []
    with working_in(Workspace(path, path.parent)):
        for time, rgb in read_frames(probe(path).clip):
            found.append((time, rgb.copy()))
            if len(found) == count:
                break
    return found


def actors(shared: Path, side: float = 200.0, names: Sequence[str] = ()) -> Iterator[Actor]:
    """Actors from two stills, one MEAD frame and seven GRID speakers."""
    import cv2

    model = shared / "models" / "face_landmarker.task"
    media = shared / "media"
    stills = {name: media / "pyfeat" / f"{name}.jpg" for name in ("patlevin_portrait", "single_face")}
    clips = {"M003": media / "mead/M003_level_1_disgusted_015.mp4", **{n: media / f"grid/{n}.mpg" for n in GRID}}
    for name in names or (*stills, *clips):
        if name in stills:
            rgb = np.asarray(cv2.imread(str(stills[name]))[:, :, ::-1], np.uint8)
        else:
            rgb = frames_of(clips[name], 1)[0][1]
        if (found := actor(name, rgb, model, side)) is not None:
            yield found


def noisy(
    rgb: Picture, rng: np.random.Generator, *, noise: float = 3.0, quality: int = 80, shake: float = 0.5
) -> Picture:
    """The picture as a camera would give it again: shaken by `shake` pixels (standard deviation), with sensor noise
    (of 255) and JPEG compression."""
    import cv2

    height, width = rgb.shape[:2]
    move = np.float32([[1, 0, rng.normal(0, shake)], [0, 1, rng.normal(0, shake)]])  # type: ignore[arg-type]
    moved = cv2.warpAffine(rgb, move, (width, height), borderMode=cv2.BORDER_REPLICATE)  # type: ignore[arg-type]
    grainy = np.clip(moved + rng.normal(0, noise, moved.shape), 0, 255).astype(np.uint8)
    data = cv2.imencode(".jpg", grainy[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[:, :, ::-1], np.uint8)


def film(shown: Actor, poses: Sequence[Pose], seed: int, **camera: float) -> list[tuple[float, Picture]]:
    """One noisy frame for each pose, `FPS` a second; equal poses are rendered once."""
    rng, rendered = np.random.default_rng(seed), dict[tuple[tuple[str, float], ...], Picture]()
    frames = []
    for number, pose in enumerate(poses):
        key = tuple(sorted(pose.items()))
        if key not in rendered:
            rendered[key] = shown.render(pose)
        frames.append((number / FPS, noisy(rendered[key], rng, **camera)))  # type: ignore[arg-type]
    return frames


def watched(frames: Sequence[tuple[float, Picture]], model: Path) -> FaceSeries:
    """The faces in frames, by the real tracker."""
    from emoagent.tools.sight.face_tracker import track_faces

    with Landmarker(model) as finder:
        return track_faces(frames, finder, asset=model.name)

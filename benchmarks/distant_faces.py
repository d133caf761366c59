"""Scenes with people far away, made from clips with one large face each, so that the truth is known.

The face found in the original clip, with its box scaled and moved as the picture is, is the truth. People stand, with
soft edges, before landscapes, clouds, wood, doors and clothes: things that a detector could take for faces.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
FPS = 25
AROUND = (-0.9, -0.6, 1.9, 1.7)  # what is kept of a person: left, top, right, bottom in faces from the face's corner


@dataclass(frozen=True)
class Actor:
    """Pictures of one person, RGB, and the face's box in each: (n, 4) pixels; rows of NaN where none was found."""

    name: str
    pictures: list[Picture]
    boxes: NDArray[np.float64]


@dataclass(frozen=True)
class Scene:
    """A clip that was written, and its truth: (frames, faces, 4) boxes as fractions of the picture; NaN: unknown."""

    path: Path
    size: float
    boxes: NDArray[np.float64]


def decoded(path: Path, count: int) -> list[Picture]:
    """The first `count` pictures of a clip as RGB at 25 a second, the longer side at most 1280."""
    import av
    import cv2

    found: list[Picture] = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            if (frame.time or 0.0) * FPS < len(found) - 0.5:
                continue
            scale = min(1.0, 1280 / max(frame.width, frame.height))
            size = (round(frame.width * scale), round(frame.height * scale))
            small = cv2.resize(frame.to_ndarray(format="rgb24"), size, interpolation=cv2.INTER_AREA)
            found.append(np.asarray(small, np.uint8))
            if len(found) == count:
                break
    return found


def actor(path: Path, landmarker: Any, count: int) -> Actor:
    """The person of a clip; the landmarker looks at every whole picture, in which the face is large."""
    from emoagent.tools.sight.face_search import Box, look

    pictures = decoded(path, count)
    boxes = np.full((len(pictures), 4), np.nan)
    for i, rgb in enumerate(pictures):
        height, width = rgb.shape[:2]
        seen = look(landmarker, rgb, Box(0, 0, width, height))
        if len(seen) == 1:
            boxes[i] = seen[0].box
    return Actor(path.stem, pictures, boxes)


def backgrounds(shared: Path, width: int, height: int) -> list[Picture]:
    """Pictures without a face: a landscape, clouds and letters, and a patchwork of wood, doors, clothes and trees."""
    import cv2

    folder = shared / "media/pyfeat"
    land = np.asarray(cv2.imread(str(folder / "no-face.jpg")), np.uint8)[:, :, ::-1]
    clouds = decoded(folder / "no_face.mp4", 60)[-1]
    door, wood = decoded(folder / "single_face.mp4", 1)[0], decoded(folder / "WolfgangLanger_Pexels.mp4", 1)[0]
    pieces = [land[600:], door[:, 400:], wood[:, :240], clouds, door[290:, 150:430], land[350:700, 700:]]
    patches = [_filled(pieces[i % 6], width // 4, height // 3) for i in range(12)]
    rows = [np.hstack(patches[4 * i : 4 * i + 4]) for i in range(3)]
    return [_filled(land, width, height), _filled(clouds, width, height), _filled(np.vstack(rows), width, height)]


def scene(
    path: Path, actors: Sequence[Actor], background: Picture, size: float, *, seed: int, count: int = 50
) -> Scene:
    """Writes a clip of `count` frames in which the faces are `size` of the picture's height, each in its place."""
    rng = np.random.default_rng(seed)
    height, width = background.shape[:2]
    places = _places(rng, len(actors), size * height, width, height)
    truth = np.full((count, len(actors), 4), np.nan)

    def frames() -> Iterator[Picture]:
        for t in range(count):
            picture = background.copy()
            for k, (person, place) in enumerate(zip(actors, places, strict=True)):
                truth[t, k] = _paste(picture, person, t, place, size * height)
            yield picture

    write(path, frames())
    return Scene(path, size, truth / np.array([width, height, width, height]))


def write(path: Path, pictures: Iterator[Picture]) -> None:
    """Writes pictures, RGB, as H.264 of good quality."""
    import av

    with av.open(str(path), "w") as out:
        stream: Any = None
        for rgb in pictures:
            if stream is None:
                stream = out.add_stream("libx264", rate=FPS, options={"crf": "18", "preset": "ultrafast"})
                stream.height, stream.width, stream.pix_fmt = *rgb.shape[:2], "yuv420p"
            out.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        out.mux(stream.encode(None))


def _filled(rgb: Picture, width: int, height: int) -> Picture:
    """The middle of the picture at another size and shape."""
    import cv2

    scale = max(width / rgb.shape[1], height / rgb.shape[0])
    size = (max(width, round(rgb.shape[1] * scale)), max(height, round(rgb.shape[0] * scale)))
    large = cv2.resize(np.ascontiguousarray(rgb), size, interpolation=cv2.INTER_AREA)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return np.asarray(large[top : top + height, left : left + width], np.uint8)


def _places(rng: np.random.Generator, count: int, face: float, width: int, height: int) -> list[tuple[float, float]]:
    """Corners of faces that are far enough from each other and from the edges."""
    places: list[tuple[float, float]] = []
    while len(places) < count:
        place = (rng.uniform(face, width - 3 * face), rng.uniform(face, height - 3 * face))
        if all(abs(place[0] - x) > 3 * face or abs(place[1] - y) > 3 * face for x, y in places):
            places.append(place)
    return places


def _paste(picture: Picture, person: Actor, t: int, place: tuple[float, float], face: float) -> NDArray[np.float64]:
    """Puts the person where the face's median box has its corner at `place`; the box of the face in the picture."""
    import cv2

    middle = np.nanmedian(person.boxes, axis=0)
    rgb = person.pictures[t % len(person.pictures)]
    scale = face / middle[3]
    spans = [(middle[i % 2] + part * middle[2 + i % 2]) for i, part in enumerate(AROUND)]
    left, top = max(0, int(spans[0])), max(0, int(spans[1]))
    part = rgb[top : int(spans[3]), left : int(spans[2])]
    small = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    x, y = round(place[0] + (left - middle[0]) * scale), round(place[1] + (top - middle[1]) * scale)
    x, y = max(0, x), max(0, y)
    target = picture[y : y + small.shape[0], x : x + small.shape[1]]
    small = small[: target.shape[0], : target.shape[1]]
    soft = max(1, round(0.12 * face))
    alpha = np.zeros(small.shape[:2], np.float32)
    alpha[soft:-soft, soft:-soft] = 1
    alpha = np.asarray(cv2.GaussianBlur(alpha, (0, 0), soft / 2))[..., None]
    target[:] = np.round(alpha * small + (1 - alpha) * target).astype(np.uint8)
    box = person.boxes[t % len(person.boxes)]
    return (box - (left, top, 0, 0)) * scale + np.array([x, y, 0, 0])

"""Measurements of who looks like whom, and of covered faces, on real faces that are changed in known ways."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.distant_faces import decoded
from benchmarks.perception.row import Row

Picture = NDArray[np.uint8]
Change = Callable[[Picture], Picture]

PEOPLE = {  # who is who was told by looking; pwij3p and id2_vcd_swwp2s show one man
    "grid/bbaf2n.mpg": "A", "grid/brbk7n.mpg": "B", "grid/lbax4n.mpg": "C", "grid/lbbc2a.mpg": "D",
    "grid/swiz3n.mpg": "E",
    "grid/pwij3p.mpg": "F", "grid/id2_vcd_swwp2s.mpg": "F", "mead/M003_level_1_disgusted_015.mp4": "G",
    "mead/W040_level_3_happy_029.mp4": "H", "pyfeat/single_face.mp4": "I", "pyfeat/WolfgangLanger_Pexels.mp4": "K",
}  # fmt: skip
NEW_TO_COVER = "BDEFG"  # people on whom the rules of `face_cover` were not set


def _gamma(power: float) -> Change:
    return lambda rgb: (255 * (rgb / 255.0) ** power).astype(np.uint8)


def _warm(rgb: Picture) -> Picture:
    return np.clip(rgb * np.array([1.15, 1.0, 0.8]), 0, 255).astype(np.uint8)


def _side_lit(rgb: Picture) -> Picture:
    ramp = np.linspace(0.55, 1.25, rgb.shape[1])[None, :, None]
    return np.clip(rgb * ramp, 0, 255).astype(np.uint8)


def _small(rgb: Picture) -> Picture:
    import cv2

    return np.asarray(cv2.resize(rgb, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA), np.uint8)


CHANGES: dict[str, Change] = {
    "as filmed": lambda rgb: rgb, "darker": _gamma(1.7), "brighter": _gamma(0.6), "warmer": _warm,
    "lit from a side": _side_lit,
    "at 0.4 of the size": _small,
}  # fmt: skip


@dataclass
class Looks:
    """Pictures of known people, 12.5 a second, each clip cut into shots of a second and a half."""

    shared: Path
    models: Any
    shots: list[tuple[str, list[Picture]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name, person in PEOPLE.items():
            pictures = decoded(self.shared / "media" / name, 380 if person == "K" else 75)[::2]
            self.shots += [(person, pictures[i : i + 19]) for i in range(0, len(pictures) - 18, 19)]


def same_person(looks: Looks) -> Iterator[Row]:
    """Pairs of shots in different lights and sizes, compared as the gallery does.

    The threshold was set on clips of these people, so that no two are joined says less than how far they stay below.
    """
    seen: list[tuple[str, str, Any]] = []
    for person, pictures in looks.shots:
        for name, change in CHANGES.items():
            if (portrait := _portrait(looks.models, [change(rgb) for rgb in pictures[::3]])) is not None:
                seen.append((person, name, portrait))
    yield from _pairs(seen, "all people", lambda _: True)
    yield from _pairs(seen, "all but the one who hides her face", lambda person: person != "K")


def _pairs(seen: list[tuple[str, str, Any]], what: str, wanted: Callable[[str], bool]) -> Iterator[Row]:
    from emoagent.tools.sight.face_match import ALIKE

    kept = [each for each in seen if wanted(each[0])]
    vectors = np.array([portrait / np.linalg.norm(portrait) for *_, portrait in kept])
    alike = vectors @ vectors.T >= ALIKE
    person = np.array([each[0] for each in kept])
    upper = np.triu(np.ones(alike.shape, bool), 1)
    same = upper & (person[:, None] == person[None])
    other = upper & ~same & (person[:, None] != person[None])
    joins, splits = int((alike & other).sum()), int((~alike & same).sum())
    data = f"{what}: {len(set(person))} people, {len(kept)} shots in six lights and sizes"
    most = float((vectors @ vectors.T)[other].max())
    text = f"{joins} of {int(other.sum())}; most alike {most:.3f}, threshold {ALIKE}"
    yield Row("pairs of two people taken for one (threshold set on them)", data, text, "0", joins == 0)
    yield Row("pairs of one person taken for two", data, f"{splits} of {int(same.sum())} ({splits / same.sum():.0%})")


def _portrait(models: Any, pictures: list[Picture]) -> Any:
    """The mean description of the largest face, or None."""
    from emoagent.tools.sight.face_match import describe
    from emoagent.tools.sight.face_search import Box, look

    found = []
    for rgb in pictures:
        seen = look(models.landmarker, rgb, Box(0, 0, rgb.shape[1], rgb.shape[0]))
        found += [describe(rgb, max(seen, key=lambda each: each.box.side).landmarks)] if seen else []
    return np.sum(found, axis=0) if len(found) >= 2 else None


def covered_rows(looks: Looks) -> Iterator[Row]:
    """Half of each shot with a patch on the face: how the factor and the quality react."""
    for name, part in {"nothing": None, "a hand-coloured patch on the mouth": (-0.05, 0.62, 1.1, 0.4),
                       "a hand-coloured patch on one half": (-0.05, -0.05, 0.55, 1.1),
                       "a dark bar over the eyes": (-0.05, 0.15, 1.1, 0.28)}.items():  # fmt: skip
        factors, qualities = [], []
        for _, pictures in [shot for shot in looks.shots if shot[0] in NEW_TO_COVER]:
            series = _with_patch(looks.models, pictures, part, dark="dark" in name)
            late = series.time >= 0.08 * (len(pictures) // 2)
            early = ~late & (series.time > 0.1)
            factors += series.factors[late, 3].tolist()
            qualities += (series.quality[late] / max(1e-6, np.median(series.quality[early]))).tolist()
        text = f"uncovered {np.median(factors):.2f} (10th to 90th percentile {np.quantile(factors, 0.1):.2f} to "
        text += f"{np.quantile(factors, 0.9):.2f}), quality x {np.median(qualities):.2f}"
        good = np.quantile(factors, 0.1) >= 0.8 if part is None else np.median(factors) <= 0.6
        yield Row(f"a face with {name}", f"{len(factors)} frames of 5 people", text,
                  ">= 0.8 in nine of ten" if part is None else "<= 0.6 in half", bool(good))  # fmt: skip


def _with_patch(models: Any, pictures: list[Picture], part: Any, *, dark: bool) -> Any:
    from emoagent.tools.sight.face_search import Box, look

    rng, frames = np.random.default_rng(0), []
    for i, rgb in enumerate(pictures):
        seen = look(models.landmarker, rgb, Box(0, 0, rgb.shape[1], rgb.shape[0]))
        covered = part is not None and i >= len(pictures) // 2 and seen
        frames.append((0.08 * i, _patched(rgb, seen[0].box, part, dark, rng) if covered else rgb))
    return models.track(frames)[1]


def _patched(rgb: Picture, box: Any, part: Any, dark: bool, rng: np.random.Generator) -> Picture:
    """A shaded, grainy patch in the colour of the cheek, or a dark one."""
    x, y, width, height = box
    cheek = rgb[int(y + 0.45 * height) : int(y + 0.6 * height), int(x + 0.2 * width) : int(x + 0.4 * width)]
    colour = np.array([25, 25, 30]) if dark else np.median(cheek.reshape(-1, 3), axis=0)
    left, top = max(0, int(x + part[0] * width)), max(0, int(y + part[1] * height))
    right, bottom = int(x + (part[0] + part[2]) * width), int(y + (part[1] + part[3]) * height)
    painted = rgb.copy()
    area = painted[top:bottom, left:right]
    shade = np.linspace(0.85, 1.1, area.shape[1])[None, :, None]
    area[:] = np.clip(colour * shade + rng.normal(0, 6, (*area.shape[:2], 1)), 0, 255).astype(np.uint8)
    return painted

"""Finding hands in the frames of a clip, as often as it is worth it and no oftener than the budget allows."""

from __future__ import annotations

from array import array
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from emoagent.errors import ModelMissing, ResourceLimit
from emoagent.tools.media.shot_cuts import Thumbnail, thumbnail
from emoagent.tools.sight.hand_landmarker import POINTS, Hand, HandLandmarker
from emoagent.tools.sight.hand_series import HandSeries

SOON, USUAL, RARELY = 0.32, 1.2, 4.0  # seconds between searches: hands or a new motion; some motion; a still picture
SPARING = 2.0  # while the budget is overdrawn
BLOCKS = 4  # of 576 must change from frame to frame by more than sensor noise and compression do, 0..255 per colour:
MOVED, FRESH, TIMES_USUAL = 5.0, 10.0, 3.0  # some motion; a new motion, which is also thrice the usual one there
MEMORY = 0.06  # weight of the last frame in the usual change; a second of 12.5 frames counts for half
SEARCH, FACES, SHARE = 1.8, 1.0, 0.25  # cost of a search and of the face pass for a frame (measured), and the budget
LARGEST = 640  # pixels of the longer side that a search needs
SAVED, DEBT = 8 * SEARCH, 24 * SEARCH  # that may pile up, and that hands in view may overdraw


class Finder(Protocol):
    """What finds hands in a picture: `HandLandmarker`, or a double in tests."""

    def detect(self, time: float, rgb: NDArray[np.uint8]) -> list[Hand]: ...
    def close(self) -> None: ...


class HandTracker:
    """Takes the analysed frames one by one, chooses those worth searching, and gives all hands at the end.

    Searched are frames in which something moves that did not move before, and frames soon after a hand was seen; a
    still picture hardly ever. Where the model cannot be had nothing is searched, and `series().reason` says why.
    """

    def __init__(self, finder: Finder | None = None) -> None:
        self._reason = ""
        self._finder = finder or self._load()
        self._pace = Pace()
        self._time, self._frames = array("d"), array("d")
        self._points, self._score = array("f"), array("f")

    def add(self, time: float, rgb: NDArray[np.uint8]) -> None:
        """Takes the next frame: `time` in seconds, ascending; `rgb` uint8 (height, width, 3), not changed later."""
        if self._finder is None or not self._pace.is_time(time, thumbnail(rgb)):
            return
        found = self._finder.detect(time, _smaller(rgb))
        self._pace.searched(time, len(found))
        self._frames.append(time)
        for hand in found:
            self._time.append(time)
            self._score.append(hand.score)
            self._points.frombytes(hand.points.astype(np.float32).tobytes())

    def series(self) -> HandSeries:
        """All hands, after the last frame."""
        return HandSeries(
            time=np.array(self._time, np.float64),
            points=np.frombuffer(self._points, np.float32).reshape(-1, POINTS, 2),
            score=np.array(self._score, np.float32),
            frames=np.array(self._frames, np.float64),
            reason=self._reason,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Frees the model."""
        if self._finder is not None:
            self._finder.close()

    def _load(self) -> HandLandmarker | None:
        from emoagent.tools.progress import tell_fetched
        from emoagent.tools.weights.assets import hand_landmarker

        try:
            return HandLandmarker(hand_landmarker(tell_fetched).path)
        except (ModelMissing, ResourceLimit) as error:
            self._reason = f"{error.message} ({error.hint})" if error.hint else error.message
            return None


def _smaller(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The mean of whole groups of pixels; the palm detector looks at 192 of them."""
    import cv2

    height, width = rgb.shape[:2]
    factor = max(1, max(height, width) // LARGEST)
    if factor == 1:
        return rgb
    size = (width // factor, height // factor)
    return np.asarray(
        cv2.resize(rgb[: size[1] * factor, : size[0] * factor], size, interpolation=cv2.INTER_AREA), np.uint8
    )


class Pace:
    """Says of one frame after the other whether it is to be searched. It goes by the pictures and by what was found,
    not by the clock, so that the same clip is always searched in the same way."""

    def __init__(self) -> None:
        self._last: Thumbnail | None = None
        self._usual: NDArray[np.float32] | None = None
        self._searched = -np.inf
        self._hands = 0
        self._moved = self._fresh = False  # since the last search
        self._credit = SAVED / 2

    def is_time(self, time: float, small: Thumbnail) -> bool:
        """Whether the frame with this thumbnail, at `time` seconds, is to be searched."""
        self._credit = min(SAVED, self._credit + SHARE * FACES)
        self._watch(small)
        wait = SOON if self._hands or self._fresh else USUAL if self._moved else RARELY
        if self._credit < (-DEBT if self._hands else 0):
            wait = max(wait, SPARING)
        return time - self._searched >= wait

    def searched(self, time: float, hands: int) -> None:
        """Takes note of a search and of how many hands it found."""
        self._searched, self._hands = time, hands
        self._credit -= SEARCH * (1 + hands / 3)
        self._moved = self._fresh = False

    def _watch(self, small: Thumbnail) -> None:
        if self._last is not None:
            change = np.abs(small - self._last).mean(axis=2)
            usual = change if self._usual is None else self._usual
            self._moved |= int((change > MOVED).sum()) >= BLOCKS
            self._fresh |= int((change > np.maximum(FRESH, TIMES_USUAL * usual)).sum()) >= BLOCKS
            self._usual = np.asarray((1 - MEMORY) * usual + MEMORY * change, np.float32)
        self._last = small

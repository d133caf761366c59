"""Pictures as they come from a camera over the network: JPEG, PNG and WebP, decoded by a child process under limits.

The child (`emoagent.tools.media.picture_child`) stays, for loading it takes longer than a frame may.
"""

from __future__ import annotations

import atexit
from functools import cache
from typing import Self

import numpy as np
from numpy.typing import NDArray

from emoagent.errors import MediaError, ResourceLimit
from emoagent.tools.media.child_process import BrokeError, Child
from emoagent.tools.media.frame import SMALLEST, Frame

LARGEST = 8 << 20  # bytes of a picture's file
SECONDS = 5.0  # for one picture
ANSWER = 1920 * 1920 * 3  # bytes, at most

Picture = NDArray[np.uint8]


class Pictures:
    """One child process, started by the first picture. Safe to be used by several threads; they take turns."""

    def __init__(self) -> None:
        self._child = Child("emoagent.tools.media.picture_child")

    def decode(self, data: bytes) -> Picture:
        """RGB uint8 (height, width, 3), upright, its longer side at most 1920 pixels.

        Raises `MediaError` where it is no such picture, `ResourceLimit` where decoding it takes too long.
        """
        if not 0 < len(data) <= LARGEST:
            raise MediaError(f"a picture of {len(data)} bytes", hint=f"1 to {LARGEST} bytes of JPEG, PNG or WebP")
        try:
            header, rgb = self._child.ask({}, data, seconds=SECONDS, largest=ANSWER)
        except TimeoutError as error:
            raise ResourceLimit("a picture took too long to decode", hint="send smaller ones") from error
        except BrokeError as error:
            raise MediaError("the picture decoder broke on this picture", hint="send another one") from error
        if "error" in header:
            raise MediaError(f"picture: {header['error']}", hint="send JPEG, PNG or WebP of up to 16 megapixels")
        return _shaped(rgb, header.get("height"))

    def frame(self, time: float, data: bytes) -> Frame:
        """The same as a frame, `time` seconds after the turn began."""
        rgb = self.decode(data)
        if min(rgb.shape[:2]) < SMALLEST:
            raise MediaError(f"a picture of {rgb.shape[1]}x{rgb.shape[0]} pixels", hint=f"{SMALLEST} a side at least")
        return Frame(time, rgb)

    def close(self) -> None:
        """Ends the child; the next picture starts another one."""
        self._child.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _shaped(rgb: bytearray, height: object) -> Picture:
    if not isinstance(height, int) or height <= 0 or not rgb or len(rgb) % (3 * height):
        raise MediaError("the picture decoder broke on this picture", hint="send another one")
    return np.frombuffer(rgb, np.uint8).reshape(height, -1, 3)


@cache
def pictures() -> Pictures:
    """The one of this process."""
    shared = Pictures()
    atexit.register(shared.close)
    return shared

"""What MediaPipe's tasks have in common: loading the library, creating a task, feeding it, and keeping it quiet."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from types import ModuleType, TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from emoagent.errors import ModelMissing

Picture = NDArray[np.uint8]

_creating = Lock()


class Task:
    """A model that MediaPipe runs, with one model file. Close it, or use it in a `with` block; it is meant for one
    thread.

    `create`: makes the native task from the library. `asset`: the name by which `emoagent models` knows the model;
    `where`: the file. Raises `ModelMissing` if MediaPipe or the model cannot be loaded.
    """

    def __init__(self, create: Callable[[Any], Any], asset: str, where: object) -> None:
        self.library = library()
        with _explained(asset, where), _creating, quiet():
            self.native = create(self.library)
            self.warm_up()

    def warm_up(self) -> None:
        """The first picture makes the native libraries talk, not only their start; subclasses may show them one."""

    def image(self, rgb: Picture) -> Any:
        """A picture, uint8 (height, width, 3), as MediaPipe wants it."""
        return self.library.Image(image_format=self.library.ImageFormat.SRGB, data=np.ascontiguousarray(rgb))

    def close(self) -> None:
        """Frees the model. The task cannot be used afterwards."""
        with _creating, quiet():
            self.native.close()

    def keep(self) -> Self:
        """Leaves the model to the end of the process. It must not be closed then, nor close itself: Python has ended
        MediaPipe's threads by that time, and the attempt would be told on the terminal."""
        atexit.register(setattr, self.native, "_handle", None)
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def library() -> ModuleType:
    """MediaPipe; the native library is loaded here, where its failure is explained."""
    try:
        import mediapipe
        import mediapipe.tasks.python.vision
    except (ImportError, OSError) as error:
        raise ModelMissing(f"MediaPipe cannot be loaded: {error}", hint=_libraries_hint(), where="mediapipe") from error
    module: ModuleType = mediapipe
    return module


@contextmanager
def quiet() -> Iterator[None]:
    """Keeps the native libraries' notes off the terminal; they write to descriptor 2 and heed no setting."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nowhere)
        os.close(kept)


@contextmanager
def _explained(asset: str, where: object) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ModelMissing(f"MediaPipe cannot start: {error}", hint=_libraries_hint(), where="mediapipe") from error
    except (RuntimeError, ValueError) as error:
        hint = f"emoagent models verify; emoagent models pull {asset}"
        raise ModelMissing(f"{asset} is no usable model: {error}", hint=hint, where=str(where)) from error


def _libraries_hint() -> str:
    if sys.platform == "linux":
        return "install the graphics libraries that MediaPipe needs: apt-get install libegl1 libgles2 libgl1"
    return "reinstall it: pip install --force-reinstall mediapipe"

"""Pictures from the network: what is taken, what is refused, and that nothing breaks more than one picture."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress

import numpy as np
import pytest
from numpy.typing import NDArray

from emoagent.errors import MediaError, ResourceLimit
from emoagent.tools.media import picture_decoder
from emoagent.tools.media.picture_decoder import Pictures

PICTURE = np.kron(np.random.default_rng(0).integers(0, 255, (6, 8, 3)), np.ones((20, 20, 1))).astype(np.uint8)


def coded(rgb: NDArray[np.uint8], suffix: str = ".png") -> bytes:
    import cv2

    return bytes(cv2.imencode(suffix, rgb[..., ::-1])[1].tobytes())


@pytest.fixture(scope="module")
def decoder() -> Iterator[Pictures]:
    with Pictures() as made:
        yield made


@pytest.mark.parametrize(("suffix", "off"), [(".png", 0.0), (".jpg", 6.0), (".webp", 6.0)])
def test_the_formats_of_cameras_are_decoded(decoder: Pictures, suffix: str, off: float) -> None:
    got = decoder.decode(coded(PICTURE, suffix))
    assert got.shape == PICTURE.shape
    assert np.abs(got.astype(int) - PICTURE).mean() <= off


def hostile() -> dict[str, bytes]:
    jpeg, png = coded(PICTURE, ".jpg"), coded(PICTURE)
    huge = png[:16] + (60_000).to_bytes(4, "big") * 2 + png[24:]
    return {
        "nothing": b"",
        "text": b"<svg onload=alert(1)>" * 20,
        "gif": b"GIF89a" + bytes(200),
        "a playlist": b"#EXTM3U\nfile:///etc/passwd\n",
        "cut off": jpeg[: len(jpeg) // 3],
        "claims to be huge": huge,
        "is too wide": coded(np.zeros((16, 9000, 3), np.uint8)),
        "noise after the magic": b"\x89PNG\r\n\x1a\n" + np.random.default_rng(1).bytes(2000),
        "too many bytes": bytes(picture_decoder.LARGEST + 1),
    }


@pytest.mark.parametrize("what", list(hostile()))
def test_hostile_pictures_are_refused_and_the_next_one_is_decoded(decoder: Pictures, what: str) -> None:
    with pytest.raises(MediaError):
        decoder.decode(hostile()[what])
    assert decoder.decode(coded(PICTURE)).shape == PICTURE.shape


def test_damaged_pictures_never_end_it(decoder: Pictures) -> None:
    rng, child, refused = np.random.default_rng(2), process(decoder), 0
    for number in range(60):
        data = bytearray(coded(PICTURE, (".jpg", ".png", ".webp")[number % 3]))
        for _ in range(8):
            data[int(rng.integers(16, len(data)))] = int(rng.integers(256))
        try:
            assert decoder.decode(bytes(data)).ndim == 3
        except MediaError:
            refused += 1
    assert refused
    assert process(decoder) == child


def test_large_pictures_are_made_smaller(decoder: Pictures) -> None:
    assert decoder.decode(coded(np.zeros((1000, 4000, 3), np.uint8))).shape == (480, 1920, 3)


def test_it_is_there_again_after_it_was_killed(decoder: Pictures) -> None:
    os.kill(process(decoder), signal.SIGKILL)
    with suppress(MediaError):  # it may have been asked while it died
        decoder.decode(coded(PICTURE))
    assert decoder.decode(coded(PICTURE)).shape == PICTURE.shape


def test_a_decoder_that_does_not_answer_is_ended(decoder: Pictures, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_decoder, "SECONDS", 0.2)
    os.kill(process(decoder), signal.SIGSTOP)
    with pytest.raises(ResourceLimit, match="too long"):
        decoder.decode(coded(PICTURE))
    monkeypatch.undo()
    assert decoder.decode(coded(PICTURE)).shape == PICTURE.shape


def test_a_frame_is_large_enough_to_show_something(decoder: Pictures) -> None:
    assert decoder.frame(1.5, coded(PICTURE)).time == 1.5
    with pytest.raises(MediaError, match="8x8"):
        decoder.frame(0, coded(PICTURE[:8, :8]))


def process(decoder: Pictures) -> int:
    decoder.decode(coded(PICTURE))
    child = decoder._child._process
    assert child is not None
    return child.pid

"""What a message of a chat holds for us, in the blocks of which LangChain's messages are made."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emoagent.affect import Consent
from emoagent.errors import MediaError

if TYPE_CHECKING:
    from emoagent.tools.media.frame import Frame
    from emoagent.tools.media.sound import Sound

LARGEST = 16 << 20  # bytes of a file in a message
MEDIA = ("audio", "video")  # kinds of blocks with a sound
SECONDS = 61.0  # of sound that are decoded; 60 are used
PICTURES = 20  # of one message that are looked at
BETWEEN = 0.2  # seconds from one picture to the next, for nobody says when they were taken


@dataclass(frozen=True)
class Said:
    """The words of a message; in base64, the first block that has a sound, and pictures of who speaks."""

    text: str
    sound: str | None = None
    pictures: tuple[str, ...] = ()

    def allowed(self, consent: Consent) -> tuple[str | None, Sound | None, list[Frame]]:
        """Words, sound and pictures as far as the person has agreed to them; nothing else is even decoded.
        Raises `MediaError`."""
        text = self.text if consent.text and self.text.strip() else None
        sound = _heard(self.sound) if self.sound is not None and consent.voice else None
        return text, sound, _seen(self.pictures) if consent.face else []


def said_in(blocks: Iterable[Mapping[str, Any]], *, camera: bool = False) -> Said:
    """Reads the blocks of one message. Addresses are not followed. `camera`: whether its pictures show who speaks;
    without that they are not looked at."""
    blocks = list(blocks)
    words = [str(block["text"]) for block in blocks if block.get("type") == "text" and block.get("text")]
    sounds, pictures = _encoded(blocks, MEDIA), _encoded(blocks, ("image",))
    return Said("\n".join(words), next(iter(sounds), None), pictures[:PICTURES] if camera else ())


def _encoded(blocks: Iterable[Mapping[str, Any]], kinds: Sequence[str]) -> tuple[str, ...]:
    found = (block.get("base64") for block in blocks if block.get("type") in kinds)
    return tuple(data for data in found if isinstance(data, str))


def _heard(encoded: str) -> Sound:
    from emoagent.tools.media.sound import sound_of

    return sound_of(_bytes(encoded), SECONDS)


def _seen(encoded: Sequence[str]) -> list[Frame]:
    from emoagent.tools.media.picture_decoder import pictures

    return [pictures().frame(place * BETWEEN, _bytes(each)) for place, each in enumerate(encoded)]


def _bytes(encoded: str) -> bytes:
    if len(encoded) > LARGEST * 4 // 3 + 4:
        raise MediaError(f"a file in a message is larger than {LARGEST >> 20} MB", hint="send less of it")
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MediaError("a file in a message is no base64", hint="encode it (RFC 4648)") from error

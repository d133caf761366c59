"""What a message of a chat holds for us, in the blocks of which LangChain's messages are made."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emoagent.affect import Consent
from emoagent.errors import MediaError

if TYPE_CHECKING:
    from emoagent.tools.sound import Sound

LARGEST = 16 << 20  # bytes of a sound in a message
MEDIA = ("audio", "video")  # kinds of blocks with a sound


@dataclass(frozen=True)
class Said:
    """The words of a message, and what is encoded in the first block that has a sound."""

    text: str
    sound: str | None = None

    def allowed(self, consent: Consent) -> tuple[str | None, Sound | None]:
        """Words and sound as far as the person has agreed to them; the sound is not even decoded without.
        Raises `MediaError`."""
        text = self.text if consent.text and self.text.strip() else None
        return text, _decoded(self.sound) if self.sound is not None and consent.voice else None


def said_in(blocks: Iterable[Mapping[str, Any]]) -> Said:
    """Reads the blocks of one message. Addresses are not followed; pictures are not looked at, for nobody says that
    they show who speaks."""
    blocks = list(blocks)
    words = [str(block["text"]) for block in blocks if block.get("type") == "text" and block.get("text")]
    sounds = [
        block["base64"] for block in blocks if block.get("type") in MEDIA and isinstance(block.get("base64"), str)
    ]
    return Said("\n".join(words), next(iter(sounds), None))


def _decoded(encoded: str) -> Sound:
    from emoagent.tools.sound import sound_of

    if len(encoded) > LARGEST * 4 // 3 + 4:
        raise MediaError(f"the sound in a message is larger than {LARGEST >> 20} MB", hint="send less of it")
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MediaError("the sound in a message is no base64") from error
    return sound_of(data)

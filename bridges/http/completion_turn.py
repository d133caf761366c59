"""What of a chat-completions request is the user's turn: the last message, where it is the user's, and whose it is.

Sound and pictures are taken from the message itself (base64); no address is fetched. A picture may show anything and
anybody: only where the caller says that it comes from the camera in front of the user is it looked at.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from emoagent.bridges.http.sessions import NAME
from emoagent.errors import MediaError, NoConsent, UsageError

if TYPE_CHECKING:
    from emoagent.tools.media.frame import Frame
    from emoagent.tools.media.sound import Sound

OURS = SESSION, TURN, CAMERA, DEADLINE = (  # keys of `metadata`
    "emoagent_session", "emoagent_turn", "emoagent_camera", "emoagent_deadline"
)  # fmt: skip
HEADERS = {name: f"x-{name.replace('_', '-')}" for name in OURS}
MOST_PICTURES, MOST_SOUNDS = 16, 4
LONGEST = 10.0  # seconds that may be waited for a turn, as in `/v1/turns`
BETWEEN = 0.2  # seconds at which pictures of one message are placed
PICTURE = re.compile(r"data:image/[a-z0-9.+-]{1,20};base64,", re.IGNORECASE)
ASK = "begin one with what the person agrees to (POST /v1/sessions), then send its id as X-Emoagent-Session"


@dataclass(frozen=True)
class UserTurn:
    """`text` and, still coded, `sounds` and `pictures` of one message. The same `turn_id` is the same turn again.
    `deadline`: in seconds; None: the server's."""

    session: str
    turn_id: str
    text: str | None
    sounds: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()
    deadline: float | None = None

    @property
    def holds_anything(self) -> bool:
        """Whether there is something to analyse."""
        return bool(self.text or self.sounds or self.pictures)

    def sound(self) -> Sound | None:
        """All that is to be heard, in order. Raises `MediaError`."""
        from emoagent.bridges.http.turn_input import sound_file

        return _joined([sound_file(_bytes(data, "input_audio")) for data in self.sounds])

    def frames(self) -> list[Frame]:
        """The pictures, as if they had been taken one after another. Raises `MediaError`."""
        from emoagent.bridges.http.turn_input import decoded

        return decoded((BETWEEN * at, _bytes(data, "image_url")) for at, data in enumerate(self.pictures))


def turn_of(request: Mapping[str, Any], headers: Mapping[str, str]) -> UserTurn | None:
    """The turn of a request; `None` where its last message is not the user's, e.g. the result of a tool.

    Raises `NoConsent` where no session is named, `UsageError` for names that cannot be and too many attachments.
    """
    last: Mapping[str, Any] = request["messages"][-1]
    if last.get("role") != "user":
        return None
    session = _named(SESSION, request, headers)
    if session is None:
        raise NoConsent("no session is named, so nobody is known to have agreed", hint=ASK, where="session")
    parts = list(_parts(last.get("content")))
    texts = [text for kind, text in parts if kind == "text"]
    sounds = tuple(data for kind, data in parts if kind == "sound")
    camera = _told(CAMERA, request, headers) in ("true", "1", True)
    pictures = tuple(data for kind, data in parts if kind == "picture" and camera)
    if len(sounds) > MOST_SOUNDS or len(pictures) > MOST_PICTURES:
        raise UsageError(
            "there is too much in one message", hint=f"{MOST_SOUNDS} sounds, {MOST_PICTURES} pictures at most"
        )
    text = "\n".join(texts).strip() or None
    turn_id = _named(TURN, request, headers) or _print(request["messages"])
    return UserTurn(session, turn_id, text, sounds, pictures, _deadline(_told(DEADLINE, request, headers)))


def without_ours(request: Mapping[str, Any]) -> dict[str, Any] | None:
    """The request without what is meant for us, or `None` where nothing in it is: then it can go on as it came."""
    metadata = request.get("metadata")
    if not isinstance(metadata, Mapping) or metadata.keys().isdisjoint(OURS):
        return None
    rest = {name: value for name, value in metadata.items() if name not in OURS}
    others = {name: value for name, value in request.items() if name != "metadata"}
    return {**others, "metadata": rest} if rest else others


def noted(request: Mapping[str, Any], note: str) -> dict[str, Any]:
    """The request with one more message of the role `system`, behind those at its beginning."""
    messages = list(request["messages"])
    place = next((at for at, each in enumerate(messages) if each.get("role") not in ("system", "developer")), 0)
    return {**request, "messages": [*messages[:place], {"role": "system", "content": note}, *messages[place:]]}


def _told(name: str, request: Mapping[str, Any], headers: Mapping[str, str]) -> Any:
    metadata = request.get("metadata")
    return headers.get(HEADERS[name]) or (metadata.get(name) if isinstance(metadata, Mapping) else None)


def _named(name: str, request: Mapping[str, Any], headers: Mapping[str, str]) -> str | None:
    found = _told(name, request, headers)
    if found is None or found == "":
        return None
    if not isinstance(found, str) or len(found) > 128 or not re.match(NAME, found):
        raise UsageError(f"this is no name: {name}", hint="letters, digits and . _ : -, at most 128", where=name)
    return found


def _deadline(told: Any) -> float | None:
    if told is None or told == "":
        return None
    try:
        seconds = float(told)
    except (TypeError, ValueError):
        seconds = 0.0
    if not 0 < seconds <= LONGEST:
        raise UsageError("this is no deadline", hint=f"seconds, up to {LONGEST:g}", where=DEADLINE)
    return seconds


def _parts(content: Any) -> Iterator[tuple[str, str]]:
    """Kind and data of what can be analysed; other parts, and pictures at an address, are none of ours."""
    if isinstance(content, str):
        yield "text", content
    for part in content if isinstance(content, list) else ():
        kind = part.get("type") if isinstance(part, Mapping) else None
        if kind == "text" and isinstance(text := part.get("text"), str):
            yield "text", text
        elif kind == "input_audio" and isinstance(data := _inner(part, kind, "data"), str):
            yield "sound", data
        elif (
            kind == "image_url" and isinstance(url := _inner(part, kind, "url"), str) and (found := PICTURE.match(url))
        ):
            yield "picture", url[found.end() :]


def _inner(part: Mapping[str, Any], kind: str, name: str) -> Any:
    found = part.get(kind)
    return found.get(name) if isinstance(found, Mapping) else None


def _print(messages: Sequence[Any]) -> str:
    """Whoever asks again, after an error or for another answer, sends the same messages: that is the same turn."""
    return "c-" + sha256(json.dumps(messages, sort_keys=True).encode("utf-8", "replace")).hexdigest()[:24]


def _joined(sounds: Sequence[Sound]) -> Sound | None:
    if len(sounds) < 2:
        return sounds[0] if sounds else None
    import numpy as np

    from emoagent.tools.media.sound import Sound

    return Sound(np.concatenate([sound.at_16k().samples for sound in sounds]).astype(np.float32, copy=False), 16_000)


def _bytes(coded: str, where: str) -> bytes:
    try:
        return base64.b64decode(coded, validate=True)
    except (binascii.Error, ValueError):
        raise MediaError("this is no base64", hint="send the bytes in base64 (RFC 4648)", where=where) from None

"""For LiveKit agents: a hook on an `AgentSession` that says what each turn of the user expresses.

It listens beside the agent: to the sound and the pictures that come in, to when the user speaks, and to what is added
to the conversation. A turn's affect is kept in `extra["affect"]` of the user's message; its words stay as they are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from emoagent.affect import USER, AffectTurn
from emoagent.bridges.live_turns import RATE_OF_PICTURES, LiveTurns
from emoagent.errors import ExtraMissing

try:
    import livekit.rtc as rtc
    from livekit.agents import AgentSession, CloseEvent, ConversationItemAddedEvent, UserStateChangedEvent
    from livekit.agents.llm import ChatMessage
    from livekit.agents.voice.io import AudioInput, VideoInput
except ImportError as error:
    raise ExtraMissing("livekit-agents", "livekit") from error

if TYPE_CHECKING:
    from emoagent.bridges.session import Session
    from emoagent.tools.media.frame import Picture
    from emoagent.tools.media.sound import Sound

T = TypeVar("T")
KEY = "affect"  # in a message's `extra`


class AffectHook(rtc.EventEmitter[Literal["affect"]]):
    """`attach` it once the agent's session has started. Emits `affect` with the `AffectTurn` and the message.

    `pictures`: frames of the camera per second that are looked at.
    """

    def __init__(self, session: Session, *, person: str = USER, pictures: float = RATE_OF_PICTURES) -> None:
        super().__init__()
        self._turns = LiveTurns(session, person, pictures)
        self._working: set[asyncio.Task[Any]] = set()
        self._judging: asyncio.Task[AffectTurn | None] | None = None

    def attach(self, agent_session: AgentSession[Any]) -> None:
        """Listens to a session that has started, so that its input is there; without one only words are judged."""
        if agent_session.input.audio is not None:
            agent_session.input.audio = _Heard(agent_session.input.audio, self._turns)
        if agent_session.input.video is not None:
            agent_session.input.video = _Seen(agent_session.input.video, self._turns)
        agent_session.on("user_state_changed", self._state)
        agent_session.on("conversation_item_added", self._added)
        agent_session.on("close", self._closed)

    async def turn(self, message: ChatMessage) -> AffectTurn | None:
        """For `on_user_turn_completed`: what the turn of this message expresses, at the latest at the deadline.

        An agent that does not ask is not made to wait: the message gets its affect a little later."""
        self._judging = self._beside(self._judged(message, self._turns.end(message.text_content, message.id)))
        return await asyncio.shield(self._judging)

    def _state(self, event: UserStateChangedEvent) -> None:
        if event.new_state == "speaking":
            self._turns.voiced()
            self._turns.begin()
        else:
            self._turns.unvoiced()

    def _added(self, event: ConversationItemAddedEvent) -> None:
        message = event.item
        if not isinstance(message, ChatMessage):
            return
        if message.role == "assistant":
            self._beside(self._turns.reply(message.text_content or ""))
        elif message.role == "user":
            judging, self._judging = self._judging, None
            if judging is None:
                self._beside(self._judged(message, self._turns.end(message.text_content, message.id)))
            elif KEY not in message.extra:  # prepared early by the agent: another message of the same turn
                self._beside(self._noted(message, judging))

    def _closed(self, event: CloseEvent) -> None:
        self._turns.cancel()

    async def _judged(self, message: ChatMessage, judged: Coroutine[Any, Any, AffectTurn | None]) -> AffectTurn | None:
        affect = await judged
        if affect is not None:
            message.extra[KEY] = affect.model_dump(mode="json")
            self.emit("affect", affect, message)
        return affect

    async def _noted(self, message: ChatMessage, judging: asyncio.Task[AffectTurn | None]) -> None:
        if affect := await judging:
            message.extra[KEY] = affect.model_dump(mode="json")

    def _beside(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        return task


class _Heard(AudioInput):
    def __init__(self, source: AudioInput, turns: LiveTurns) -> None:
        super().__init__(label="emoagent", source=source)
        self._turns = turns

    async def __anext__(self) -> rtc.AudioFrame:
        frame = await super().__anext__()
        self._turns.hear(lambda: _sound(frame))
        return frame


class _Seen(VideoInput):
    def __init__(self, source: VideoInput, turns: LiveTurns) -> None:
        super().__init__(label="emoagent", source=source)
        self._turns = turns

    async def __anext__(self) -> rtc.VideoFrame:
        frame = await super().__anext__()
        self._turns.see(lambda: _picture(frame))
        return frame


def _sound(frame: rtc.AudioFrame) -> Sound:
    import numpy as np

    from emoagent.tools.media.sound import Sound

    samples = np.frombuffer(frame.data, np.int16).copy()
    return Sound(samples if frame.num_channels == 1 else samples.reshape(-1, frame.num_channels), frame.sample_rate)


def _picture(frame: rtc.VideoFrame) -> Picture:
    import numpy as np

    plain = frame.convert(rtc.VideoBufferType.RGB24)
    return np.frombuffer(plain.data, np.uint8).reshape(plain.height, plain.width, 3).copy()

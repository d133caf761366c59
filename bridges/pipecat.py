"""For pipecat: a processor that hears a user's turns as they pass and says what they express.

Place it between the speech recognition and the aggregator of the user's context, where sound, words and the frames
that tell when the user speaks all come by:

    Pipeline([transport.input(), stt, AffectProcessor(session), aggregators.user(), llm, tts, transport.output(), ...])

Every frame is passed on at once and unchanged; the work is done beside the pipeline. The affect of a turn follows it
downstream as a frame of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emoagent.affect import USER, AffectTurn
from emoagent.bridges.live_turns import RATE_OF_PICTURES, LiveTurns
from emoagent.errors import ExtraMissing

try:
    from pipecat.frames.frames import (
        DataFrame,
        Frame,
        InputAudioRawFrame,
        InputImageRawFrame,
        LLMContextAssistantTurnFrame,
        TranscriptionFrame,
        UserMuteStartedFrame,
        UserMuteStoppedFrame,
        UserStartedSpeakingFrame,
        UserStoppedSpeakingFrame,
        VADUserStartedSpeakingFrame,
        VADUserStoppedSpeakingFrame,
    )
    from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
except ImportError as error:
    raise ExtraMissing("pipecat-ai", "pipecat") from error

if TYPE_CHECKING:
    from emoagent.bridges.session import Session
    from emoagent.tools.media.frame import Picture
    from emoagent.tools.media.sound import Sound

CHANNELS = {"RGB": 3, "RGBA": 4}
SCREEN = "screenVideo"  # what pipecat calls a shared screen: no camera
LAST = 5.0  # seconds that a turn which is being judged is waited for when the pipeline ends


@dataclass
class AffectFrame(DataFrame):
    """What a turn of the user expresses. An interruption does not drop it."""

    affect: AffectTurn

    def __post_init__(self) -> None:
        super().__post_init__()
        self.interruptible = False


class AffectProcessor(FrameProcessor):
    """Gives an `AffectFrame` for each turn of the user, and calls the handlers of its event `on_affect`.

    `user_id`: where several people are in the room, whose sound and pictures these are; `None`: everybody's.
    `pictures`: frames of the camera per second that are looked at.
    """

    def __init__(
        self, session: Session, *, person: str = USER, user_id: str | None = None,
        pictures: float = RATE_OF_PICTURES, **more: Any,
    ) -> None:  # fmt: skip
        super().__init__(**more)
        self._turns = LiveTurns(session, person, pictures)
        self._user_id, self._muted = user_id, False
        self._working: set[asyncio.Task[None]] = set()
        self._register_event_handler("on_affect")

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Passes the frame on, then looks at it."""
        await super().process_frame(frame, direction)
        await self.push_frame(frame, direction)
        if isinstance(frame, InputAudioRawFrame | InputImageRawFrame):
            self._media(frame)
        elif isinstance(frame, TranscriptionFrame):
            if not self._muted and self._is_theirs(frame):
                self._turns.words(frame.text)
        elif isinstance(frame, LLMContextAssistantTurnFrame):
            self._beside(self._turns.reply(frame.text))
        else:
            self._turn_taking(frame)

    async def cleanup(self) -> None:
        """Waits a little for what is being judged; a turn that is still open is none."""
        self._turns.cancel()
        if self._working:
            _, late = await asyncio.wait(self._working, timeout=LAST)
            for task in late:
                await self.cancel_task(task)
        await super().cleanup()

    def _turn_taking(self, frame: Frame) -> None:
        match frame:
            case VADUserStartedSpeakingFrame():
                self._turns.voiced()
            case VADUserStoppedSpeakingFrame():
                self._turns.unvoiced()
            case UserStartedSpeakingFrame():
                self._turns.begin()
            case UserStoppedSpeakingFrame():
                self._beside(self._told(self._turns.end()))
            case UserMuteStartedFrame() | UserMuteStoppedFrame():
                self._muted = isinstance(frame, UserMuteStartedFrame)
            case _:
                pass

    async def _told(self, judged: Coroutine[Any, Any, AffectTurn | None]) -> None:
        affect = await judged
        if affect is not None:
            await self.push_frame(AffectFrame(affect))
            await self._call_event_handler("on_affect", affect)

    def _media(self, frame: InputAudioRawFrame | InputImageRawFrame) -> None:
        if not self._is_theirs(frame):
            return
        if isinstance(frame, InputAudioRawFrame):
            self._turns.hear(lambda: _sound(frame))
        elif frame.transport_source != SCREEN:
            self._turns.see(lambda: _picture(frame))

    def _is_theirs(self, frame: Frame) -> bool:
        who = getattr(frame, "user_id", "")
        return not self._user_id or not who or who == self._user_id

    def _beside(self, work: Coroutine[Any, Any, None]) -> None:
        task = self.create_task(work)
        self._working.add(task)
        task.add_done_callback(self._working.discard)


def _sound(frame: InputAudioRawFrame) -> Sound:
    import numpy as np

    from emoagent.tools.media.sound import Sound

    samples = np.frombuffer(frame.audio, np.int16)
    return Sound(samples if frame.num_channels == 1 else samples.reshape(-1, frame.num_channels), frame.sample_rate)


def _picture(frame: InputImageRawFrame) -> Picture | None:
    """RGB; `None` where it is coded in another way."""
    import numpy as np

    channels = CHANNELS.get(frame.format or "")
    width, height = frame.size
    if channels is None or len(frame.image) != width * height * channels:
        return None
    return np.frombuffer(frame.image, np.uint8).reshape(height, width, channels)[..., :3].copy()

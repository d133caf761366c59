"""A call as LiveKit's agents run it, said on stdout as one JSON object: what came of each turn, and what was kept.

    python livekit_call.py ask|wait VIDEO WAV START WAV START

Each WAV is played as the room's sound once the one before has been answered, and VIDEO from second START as the camera.
The detector of voice is LiveKit's own, the recogniser of speech is PocketSphinx, the model says one sentence. `ask`:
the agent asks for the affect before it answers; `wait`: it does not.
"""

from __future__ import annotations

import asyncio
import json
import sys
import wave
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from livekit import rtc
from livekit.agents import Agent, AgentSession, TurnHandlingOptions, inference, llm, stt
from livekit.agents.voice.io import AudioInput, VideoInput

from emoagent import TurnAnalyzer
from emoagent.affect import AffectTurn
from emoagent.bridges.livekit import KEY, AffectHook
from emoagent.schema import Evidence
from emoagent.tools.media.audio import HeldAudio
from emoagent.tools.media.sound import Sound
from emoagent.tools.words.sphinx import recognise

PIECE = 0.02  # seconds
RATE = 24_000  # what a room gives
PATIENCE = 60.0  # seconds after the last sound


class Sphinx(stt.STT):
    """A real recogniser that needs no network."""

    def __init__(self) -> None:
        super().__init__(capabilities=stt.STTCapabilities(streaming=False, interim_results=False))

    async def _recognize_impl(self, buffer: Any, **_: Any) -> stt.SpeechEvent:
        frame = rtc.combine_audio_frames(buffer)
        text = await asyncio.to_thread(words, Sound(np.frombuffer(frame.data, np.int16).copy(), frame.sample_rate))
        said = stt.SpeechData(language="en", text=text)
        return stt.SpeechEvent(type=stt.SpeechEventType.FINAL_TRANSCRIPT, alternatives=[said])


def words(sound: Sound) -> str:
    """What PocketSphinx understands."""
    heard = HeldAudio(sound.at_16k().samples, 0.0)
    return " ".join(word.text for _, found in recognise(heard) for word in found)


class Brief(llm.LLM):
    """A model that says one sentence, and keeps what it was shown."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[list[dict[str, Any]]] = []

    def chat(self, *, chat_ctx: Any, tools: Any = None, conn_options: Any = None, **_: Any) -> llm.LLMStream:
        messages, _extra = chat_ctx.to_provider_format(format="openai")
        self.shown.append(messages)
        return Sentence(self, chat_ctx=chat_ctx, tools=tools or [], conn_options=conn_options)


class Sentence(llm.LLMStream):
    """What it says."""

    async def _run(self) -> None:
        self._event_ch.send_nowait(llm.ChatChunk(id="1", delta=llm.ChoiceDelta(role="assistant", content="I see.")))


class Microphone(AudioInput):
    """Plays files as they were spoken, at 24 kHz as a room gives it; silence before and after."""

    def __init__(self) -> None:
        super().__init__(label="file")
        self.samples = np.zeros(0, np.int16)
        self.at = self.given = 0
        self.began = 0.0

    def play(self, path: str) -> None:
        """From now on."""
        with wave.open(path) as file:
            rate, raw = file.getframerate(), file.readframes(file.getnframes())
        resampler = rtc.AudioResampler(rate, RATE)
        pieces = [*resampler.push(rtc.AudioFrame(raw, rate, 1, len(raw) // 2)), *resampler.flush()]
        self.samples, self.at = np.concatenate([np.frombuffer(piece.data, np.int16) for piece in pieces]), 0

    async def __anext__(self) -> rtc.AudioFrame:
        loop, step = asyncio.get_running_loop(), round(RATE * PIECE)
        self.began = self.began or loop.time()
        await asyncio.sleep(max(0.0, self.began + self.given / RATE - loop.time()))
        piece = self.samples[self.at : self.at + step]
        if len(piece) < step:
            piece = np.random.default_rng(self.given).normal(0, 3, step).astype(np.int16)
        self.at, self.given = self.at + step, self.given + step
        return rtc.AudioFrame(piece.tobytes(), RATE, 1, step)


class Camera(VideoInput):
    """Shows pictures, 12.5 a second, as a room gives them; then grey."""

    def __init__(self) -> None:
        super().__init__(label="video")
        self.pictures: Iterator[Any] = iter(())

    def play(self, shown: list[Any]) -> None:
        """From now on."""
        self.pictures = iter(shown)

    async def __anext__(self) -> rtc.VideoFrame:
        await asyncio.sleep(0.08)
        rgba = next(self.pictures, np.full((48, 64, 4), 128, np.uint8))
        frame = rtc.VideoFrame(rgba.shape[1], rgba.shape[0], rtc.VideoBufferType.RGBA, rgba.tobytes())
        return frame.convert(rtc.VideoBufferType.I420)


def pictures(video: str, start: float) -> list[Any]:
    """Every second one of the 4 s from second `start` on, RGBA."""
    import av

    with av.open(video) as media:
        shown = [frame for frame in media.decode(video=0) if start <= frame.time < start + 4][::2]
        return [frame.to_ndarray(format="rgba") for frame in shown]


class Asking(Agent):
    """Wants to know before it answers."""

    def __init__(self, hook: AffectHook | None) -> None:
        super().__init__(instructions="Be brief.")
        self.hook = hook
        self.known: list[AffectTurn | None] = []

    async def on_user_turn_completed(self, turn_ctx: Any, new_message: Any) -> None:
        if self.hook is not None:
            self.known.append(await self.hook.turn(new_message))


async def call(asks: bool, played: list[tuple[str, list[Any]]]) -> dict[str, Any]:
    """Runs it until every turn was told and answered."""
    with TurnAnalyzer(deadline=5.0) as analyzer:
        analyzer.warm()
        session = analyzer.open("call")
        hook, model, microphone, camera = AffectHook(session), Brief(), Microphone(), Camera()
        agent = Asking(hook if asks else None)
        handling = TurnHandlingOptions(turn_detection="vad", endpointing={"min_delay": 1.0, "max_delay": 2.0})
        room = AgentSession(stt=Sphinx(), llm=model, vad=inference.VAD(), turn_handling=handling)
        room.input.audio, room.input.video = microphone, camera
        told: list[AffectTurn] = []
        hook.on("affect", lambda affect, message: told.append(affect))
        await room.start(agent)
        hook.attach(room)
        for number, (path, shown) in enumerate(played, 1):
            microphone.play(path)
            camera.play(shown)
            for _ in range(round(PATIENCE / 0.1)):
                await asyncio.sleep(0.1)
                if min(len(told), sum(item.role == "assistant" for item in messages(room))) >= number:
                    break
        await room.aclose()
        return {
            "told": [one.model_dump(mode="json") for one in told],
            "known": [one.turn for one in agent.known if one],
            "kept": [session.record(one.turn).utterance.text for one in session.timeline()],
            "seen": [kinds(session.record(one.turn).evidence, "face") for one in session.timeline()],
            "history": [
                {"role": item.role, "text": item.text_content, "affect": item.extra.get(KEY)} for item in messages(room)
            ],
            "shown": model.shown,
        }


def kinds(evidence: Sequence[Evidence], modality: str) -> list[str]:
    """What kinds of evidence there are of one modality."""
    return sorted({one.kind for one in evidence if one.modality == modality})


def messages(room: AgentSession[Any]) -> list[Any]:
    """What was said, by whom."""
    return [item for item in room.history.items if item.type == "message" and item.role != "system"]


if __name__ == "__main__":
    said = [
        (path, pictures(sys.argv[2], float(start))) for path, start in zip(sys.argv[3::2], sys.argv[4::2], strict=True)
    ]
    print(json.dumps(asyncio.run(call(sys.argv[1] == "ask", said))))

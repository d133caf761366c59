"""A call as pipecat runs it, said on stdout as one JSON object: what came out of the pipeline, in order.

    python pipecat_call.py URL WAV WAV

Each WAV is played as the microphone once the one before has been answered. The detector of voice is pipecat's own, the
recogniser of speech is PocketSphinx, and URL is a server that speaks the chat-completions protocol.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
import wave
from collections.abc import AsyncGenerator, Callable
from typing import Any

import numpy as np
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.frames.frames import (
    EndFrame,
    Frame,
    InputAudioRawFrame,
    InputImageRawFrame,
    InterruptionFrame,
    TranscriptionFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
)
from pipecat.observers.base_observer import BaseObserver, FramePushed
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMContextAggregatorPair,
    LLMUserAggregatorParams,
)
from pipecat.services.openai.llm import OpenAILLMService
from pipecat.services.stt_service import SegmentedSTTService
from pipecat.turns.user_stop import SpeechTimeoutUserTurnStopStrategy
from pipecat.turns.user_turn_strategies import UserTurnStrategies
from pipecat.utils.time import time_now_iso8601
from pipecat.workers.runner import WorkerRunner

from emoagent import TurnAnalyzer
from emoagent.affect import AffectTurn
from emoagent.bridges.pipecat import AffectFrame, AffectProcessor
from emoagent.tools.audio import HeldAudio
from emoagent.tools.sound import Sound
from emoagent.tools.sphinx import recognise

PIECE = 0.02  # seconds
PATIENCE = 60.0  # seconds after the last sound


class Sphinx(SegmentedSTTService):
    """A real recogniser that needs no network."""

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame, None]:
        text = await asyncio.to_thread(words, Sound.from_wav(audio))
        yield TranscriptionFrame(text or "hello", "", time_now_iso8601())


def words(sound: Sound) -> str:
    """What PocketSphinx understands."""
    heard = HeldAudio(sound.at_16k().samples, 0.0)
    return " ".join(word.text for _, found in recognise(heard) for word in found)


class Watched(BaseObserver):
    """Writes down what the processor before and the one after `processor` are given."""

    def __init__(self, processor: AffectProcessor) -> None:
        super().__init__()
        self.processor = processor
        self.order: list[str] = []
        self.into, self.out = hashlib.sha256(), hashlib.sha256()

    async def on_push_frame(self, data: FramePushed) -> None:
        if data.destination is self.processor and isinstance(data.frame, InputAudioRawFrame | InputImageRawFrame):
            self.into.update(_bytes(data.frame))
        if data.source is not self.processor:
            return
        if isinstance(data.frame, InputAudioRawFrame | InputImageRawFrame):
            self.out.update(_bytes(data.frame))
        told = UserStartedSpeakingFrame | UserStoppedSpeakingFrame | AffectFrame | InterruptionFrame
        if isinstance(data.frame, told):
            self.order.append(type(data.frame).__name__)


def _bytes(frame: Any) -> bytes:
    body = frame.audio if isinstance(frame, InputAudioRawFrame) else frame.image
    return f"{frame.id} {frame.metadata}".encode() + body


async def call(url: str, paths: list[str]) -> dict[str, Any]:
    """Runs it to its end."""
    with TurnAnalyzer(deadline=5.0) as analyzer:
        analyzer.warm()
        session = analyzer.open("call")
        affect = AffectProcessor(session)
        context = LLMContext([{"role": "system", "content": "Be brief."}])
        turns = UserTurnStrategies(stop=[SpeechTimeoutUserTurnStopStrategy()])
        user = LLMUserAggregatorParams(
            vad_analyzer=SileroVADAnalyzer(), user_turn_strategies=turns, user_turn_stop_timeout=PATIENCE
        )
        pair = LLMContextAggregatorPair(context, user_params=user)
        llm = OpenAILLMService(api_key="none", base_url=url, settings=OpenAILLMService.Settings(model="scripted"))
        pipeline = Pipeline([Sphinx(ttfs_p99_latency=0.5), affect, pair.user(), llm, pair.assistant()])
        watched = Watched(affect)
        worker = PipelineWorker(pipeline, observers=[watched], cancel_on_idle_timeout=False)
        told: list[AffectTurn] = []

        @affect.event_handler("on_affect")
        async def on_affect(_: AffectProcessor, found: AffectTurn) -> None:
            told.append(found)

        runner = WorkerRunner(handle_sigint=False)
        await runner.add_workers(worker)
        playing = microphone(worker, paths, lambda: min(len(told), answers(context)))
        await asyncio.gather(runner.run(), playing)
        return {
            "told": [one.model_dump(mode="json") for one in told],
            "kept": [session.record(one.turn).utterance.text for one in session.timeline()],
            "context": [dict(one) for one in context.get_messages()],
            "order": watched.order,
            "unchanged": watched.into.hexdigest() == watched.out.hexdigest(),
        }


def answers(context: LLMContext) -> int:
    """How often the model has answered."""
    return sum(one["role"] == "assistant" for one in context.get_messages())


async def microphone(worker: PipelineWorker, paths: list[str], done: Callable[[], int]) -> None:
    """Plays the files as they were spoken, each followed by silence until it is `done`; a camera shows grey."""
    room, loop = np.random.default_rng(0), asyncio.get_running_loop()
    for number, path in enumerate(paths, 1):
        with wave.open(path) as file:
            rate, sound = file.getframerate(), file.readframes(file.getnframes())
        step = 2 * round(PIECE * rate)
        until, began, at = len(sound) + round(PATIENCE / PIECE) * step, loop.time(), 0
        while at < until and (at < len(sound) or done() < number):
            quiet = room.normal(0, 3, step // 2).astype(np.int16).tobytes()
            piece = sound[at : at + step] if at + step <= len(sound) else quiet
            await worker.queue_frame(InputAudioRawFrame(piece, rate, 1))
            if at % (5 * step) == 0:
                await worker.queue_frame(InputImageRawFrame(bytes([128]) * (64 * 48 * 3), (64, 48), "RGB"))
            at += step
            await asyncio.sleep(max(0.0, began + at / step * PIECE - loop.time()))
    await worker.queue_frame(EndFrame())


if __name__ == "__main__":
    print(json.dumps(asyncio.run(call(sys.argv[1], sys.argv[2:]))))

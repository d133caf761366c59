"""A call as pipecat runs it, said on stdout as one JSON object: what came out of the pipeline, in order.

    python pipecat_call.py URL VIDEO WAV START WAV START

Each WAV is played as the microphone once the one before has been answered, and VIDEO from second START as the camera.
The detector of voice is pipecat's own, the recogniser of speech is PocketSphinx, and URL is a server that speaks the
chat-completions protocol.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
import wave
from collections.abc import AsyncGenerator, Callable, Sequence
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
from emoagent.schema import Evidence
from emoagent.tools.media.audio import HeldAudio
from emoagent.tools.media.sound import Sound
from emoagent.tools.words.sphinx import recognise

PIECE = 0.02  # seconds
PATIENCE = 60.0  # seconds after the last sound
Played = tuple[str, list[InputImageRawFrame]]


class Sphinx(SegmentedSTTService):
    """A real recogniser that needs no network."""

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame, None]:
        text = await asyncio.to_thread(words, Sound.from_wav(audio))
        if text:
            yield TranscriptionFrame(text, "", time_now_iso8601())


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


async def call(url: str, played: list[Played]) -> dict[str, Any]:
    """Runs it to its end."""
    with TurnAnalyzer(deadline=5.0) as analyzer:
        analyzer.warm()
        session = analyzer.open("call")
        affect = AffectProcessor(session)
        context = LLMContext([{"role": "system", "content": "Be brief."}])
        turns = UserTurnStrategies(stop=[SpeechTimeoutUserTurnStopStrategy(user_speech_timeout=2.0)])
        user = LLMUserAggregatorParams(
            vad_analyzer=SileroVADAnalyzer(), user_turn_strategies=turns, user_turn_stop_timeout=PATIENCE
        )
        pair = LLMContextAggregatorPair(context, user_params=user)
        llm = OpenAILLMService(api_key="none", base_url=url, settings=OpenAILLMService.Settings(model="scripted"))
        pipeline = Pipeline([Sphinx(ttfs_p99_latency=5.0), affect, pair.user(), llm, pair.assistant()])
        watched = Watched(affect)
        worker = PipelineWorker(pipeline, observers=[watched], cancel_on_idle_timeout=False)
        told: list[AffectTurn] = []

        @affect.event_handler("on_affect")
        async def on_affect(_: AffectProcessor, found: AffectTurn) -> None:
            told.append(found)

        runner = WorkerRunner(handle_sigint=False)
        await runner.add_workers(worker)
        playing = microphone(worker, played, lambda: min(len(told), answers(context)))
        await asyncio.gather(runner.run(), playing)
        return {
            "told": [one.model_dump(mode="json") for one in told],
            "kept": [session.record(one.turn).utterance.text for one in session.timeline()],
            "seen": [kinds(session.record(one.turn).evidence, "face") for one in session.timeline()],
            "context": [dict(one) for one in context.get_messages()],
            "order": watched.order,
            "unchanged": watched.into.hexdigest() == watched.out.hexdigest(),
        }


def answers(context: LLMContext) -> int:
    """How often the model has answered."""
    return sum(one["role"] == "assistant" for one in context.get_messages())


def kinds(evidence: Sequence[Evidence], modality: str) -> list[str]:
    """What kinds of evidence there are of one modality."""
    return sorted({one.kind for one in evidence if one.modality == modality})


def pictures(video: str, start: float) -> list[InputImageRawFrame]:
    """The camera in the 4 s from second `start` on, 12.5 pictures a second."""
    import av

    with av.open(video) as media:
        shown = [frame for frame in media.decode(video=0) if start <= frame.time < start + 4][::2]
        arrays = [frame.to_ndarray(format="rgb24") for frame in shown]
    return [InputImageRawFrame(rgb.tobytes(), (rgb.shape[1], rgb.shape[0]), "RGB") for rgb in arrays]


async def microphone(worker: PipelineWorker, played: list[Played], done: Callable[[], int]) -> None:
    """Plays the files as they were spoken and seen, each followed by silence until it is `done`."""
    room, loop = np.random.default_rng(0), asyncio.get_running_loop()
    for number, (path, camera) in enumerate(played, 1):
        with wave.open(path) as file:
            rate, sound = file.getframerate(), file.readframes(file.getnframes())
        step = 2 * round(PIECE * rate)
        until, began, at = len(sound) + round(PATIENCE / PIECE) * step, loop.time(), 0
        while at < until and (at < len(sound) or done() < number):
            quiet = room.normal(0, 3, step // 2).astype(np.int16).tobytes()
            piece = sound[at : at + step] if at + step <= len(sound) else quiet
            await worker.queue_frame(InputAudioRawFrame(piece, rate, 1))
            if at % (4 * step) == 0 and at // (4 * step) < len(camera):
                await worker.queue_frame(camera[at // (4 * step)])
            at += step
            await asyncio.sleep(max(0.0, began + at / step * PIECE - loop.time()))
    await worker.queue_frame(EndFrame())


if __name__ == "__main__":
    said = [
        (path, pictures(sys.argv[2], float(start))) for path, start in zip(sys.argv[3::2], sys.argv[4::2], strict=True)
    ]
    print(json.dumps(asyncio.run(call(sys.argv[1], said))))

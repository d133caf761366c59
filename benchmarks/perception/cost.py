"""What each agent costs on one core: its processor time over the length of the clip, after what it needs is there (the
faces are tracked, the sound is decoded). Median of three runs in one process; the pass over the pictures and the
recogniser run once. Decoding, in a process of its own, is not counted.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from benchmarks.clips import SAMPLE, looped
from benchmarks.perception.row import Row
from emoagent.agents.registry import opiners, perceivers
from emoagent.agents.speaker import bind
from emoagent.agents.transcript import hear
from emoagent.agents.turns import tell_apart
from emoagent.schema import Clip, Evidence, Utterance
from emoagent.tools.media.audio import audio_of
from emoagent.tools.media.files import probe
from emoagent.tools.sight.faces import faces_of
from emoagent.tools.voice.voices import voices_of
from emoagent.tools.workspace import Workspace, working_in

SECONDS, RUNS = 60.0, 3


def rows(shared: Path) -> Iterable[Row]:
    """One row for each step and agent."""
    with tempfile.TemporaryDirectory() as folder:
        path = looped(SAMPLE, Path(folder) / "clip.mp4", SECONDS)
        with working_in(Workspace(path, Path(folder) / "run")):
            yield from _steps(probe(path).clip)


def _steps(clip: Clip) -> Iterator[Row]:
    audio = audio_of(clip)
    yield _row("pocketsphinx", clip, _once(lambda: hear(clip, "pocketsphinx")))
    heard, _ = hear(clip, "subtitles")
    nameless = type(heard)(tuple(u.model_copy(update={"person": None}) for u in heard.utterances))
    yield _row("voices (where the subtitles name nobody)", clip, _once(lambda: tell_apart(clip, nameless)))
    yield _row("faces and hands, the pass over the pictures", clip, _once(lambda: faces_of(clip)))
    series = faces_of(clip)
    yield _row("bind", clip, _median(lambda: bind(clip, heard.utterances, heard.people, series, audio,
                                                   series.groups(), voices_of(clip))))  # fmt: skip
    bound = bind(clip, heard.utterances, heard.people, series, audio, series.groups(), voices_of(clip))
    evidence: list[Evidence] = []
    for agent in perceivers():
        yield _row(agent.name, clip, _median(lambda agent=agent: list(agent(clip, bound.utterances))))  # type: ignore[misc]
        evidence += agent(clip, bound.utterances)
    yield from _opinions(bound.utterances, evidence)


def _opinions(utterances: Iterable[Utterance], evidence: list[Evidence]) -> Iterator[Row]:
    for agent in opiners():
        cases = [(u, [e for e in evidence if e.utterance == u.id and e.modality == agent.modality]) for u in utterances]
        seconds = _median(lambda agent=agent, cases=cases: [agent.run(u, items, ()) for u, items in cases if items])  # type: ignore[misc]
        yield Row(agent.name, f"{len(cases)} utterances", f"{1000 * seconds / len(cases):.2f} ms an utterance")


def _once(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _median(work: Callable[[], object]) -> float:
    return statistics.median(_once(work) for _ in range(RUNS))


def _row(name: str, clip: Clip, seconds: float) -> Row:
    return Row(name, f"the sample, {clip.duration:.0f} s", f"{seconds / clip.duration:.4f} x real time")

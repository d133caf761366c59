"""Written dialogues on the path that an analysis takes: quotations as evidence, opinions, what the dialogue recalls,
and the reasoner. Only seeing and hearing are left out."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from emoagent.agents.hear_subtitles import heard
from emoagent.agents.language.question import CASE, REPAIR, SYSTEM
from emoagent.agents.reasoner import embedded
from emoagent.agents.transcript import transcript
from emoagent.errors import UsageError
from emoagent.evals.benchmark import Options
from emoagent.evals.corpora.line import Line
from emoagent.evals.scoring.answer import Answer
from emoagent.graphs.judgement import judge_all, opine_all
from emoagent.graphs.state import Episode
from emoagent.profiles import open_backends
from emoagent.prompts.template import fingerprint
from emoagent.schema import Clip, Opinion, Span, Verdict
from emoagent.settings import Settings, load_settings
from emoagent.tools.language.backends import backends, served_by
from emoagent.tools.words.subtitles import READING_SPEED, Cue
from emoagent.tools.words.text_model import text_model

TEXT_MODEL = "EMOAGENT_TEXT_MODEL"
REASONERS = (embedded.name, "language")
SHORTEST, LONGEST = 0.2, 30.0  # seconds that a turn may last; a time outside is a mistake of the release
PAUSE, LONGEST_PAUSE = 0.5, 10.0  # between turns: where the release gives none that can be, and at most


@dataclass
class Replay:
    """What was answered to the lines, in their order: by the reasoner (`fused`, from `verdicts`), and by the opinion on
    the text alone (`text`, from `opinions`). `models` maps a model to its sha256; `faults` are what failed on the way;
    `judge` is which language model judged, empty for none.
    """

    fused: list[Answer] = field(default_factory=list)
    text: list[Answer] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    opinions: list[Opinion | None] = field(default_factory=list)
    seconds_opining: float = 0.0
    seconds_judging: float = 0.0
    models: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    judge: str = ""

    @property
    def text_milliseconds(self) -> float:
        """Cost of all opinions on one utterance, of which only the text's has evidence."""
        return 1000 * self.seconds_opining / max(1, len(self.text))

    @property
    def milliseconds(self) -> float:
        """Cost of opinions and verdict on one utterance."""
        return 1000 * (self.seconds_opining + self.seconds_judging) / max(1, len(self.fused))

    @property
    def notes(self) -> tuple[str, ...]:
        """Which language model judged, if one did, and what failed, if anything."""
        failed = f"{len(self.faults)} agents failed, the first: {self.faults[0]}" if self.faults else ""
        return tuple(note for note in (self.judge, failed) if note)


def replay(lines: Sequence[Line], options: Options, truths: Mapping[str, str] | None = None) -> Replay:
    """Every dialogue from its first line on; in causal mode, no line is judged by a later one. `truths` maps a line's
    main label to a label of meld7, where the corpus has other names.

    Raises `UsageError` for an unknown reasoner, `ModelMissing` without a text model, and `BackendUnreachable` where the
    language model is gone.
    """
    found = Replay()
    with text_model_in(options.text_model), reasoning(options) as settings:
        text_model()  # a model that is missing is no abstention
        found.judge = _who()
        for dialogue in dialogues(lines):
            _replay(dialogue, settings, truths or {}, found)
    return found


def dialogues(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """The lines of each dialogue; a line that stands alone is one."""
    part: list[Line] = []
    for line in lines:
        if part and (line.dialogue is None or line.dialogue != part[-1].dialogue):
            yield part
            part = []
        part.append(line)
    if part:
        yield part


def episode(dialogue: Sequence[Line]) -> Episode:
    """The dialogue as if it had been read from subtitles, with its quotations as evidence."""
    spans = timeline(dialogue)
    spoken = heard([Cue(span, line.speaker, line.text) for span, line in zip(spans, dialogue, strict=True)])
    name = dialogue[0].dialogue or dialogue[0].key or "line"
    clip = Clip(id=name, name=name, sha256="", bytes=0, format="text", duration=spans[-1].end)
    quoted = list(transcript(clip, spoken.utterances))
    return Episode(clip=clip, utterances=spoken.utterances, people=spoken.people, evidence=quoted)


def timeline(dialogue: Sequence[Line]) -> list[Span]:
    """When each line is said, from 0 s on, one after the other: with the durations and pauses of the release where it
    gives any that can be, else by the time it takes to read a line."""
    spans: list[Span] = []
    for place, line in enumerate(dialogue):
        before = spans[-1].end if spans else 0.0
        start = before + (_pause(dialogue[place - 1], line) if spans else 0.0)
        spans.append(Span(start=round(start, 3), end=round(start + _duration(line), 3)))
    return spans


@contextmanager
def reasoning(options: Options) -> Iterator[Settings]:
    """The settings of the run; inside the `with` block its language model is there, if `--reasoner language` asks for
    one. Which one, and where it runs, is said as for `emoagent analyze`: by `EMOAGENT_REASONER_URL` and the like."""
    if options.reasoner not in REASONERS:
        raise UsageError(f"there is no reasoner {options.reasoner!r}", hint=f"--reasoner {' or '.join(REASONERS)}")
    settings = load_settings(mode=options.mode, policy=options.policy, reasoner=options.reasoner, captions="off")
    if settings.reasoner == embedded.name:
        yield settings
        return
    with TemporaryDirectory(prefix="emoagent-") as folder, served_by(open_backends(settings, Path(folder))):
        yield settings


def _who() -> str:
    model = backends().reasoner
    if model is None:
        return ""
    prompts = fingerprint(SYSTEM, CASE, REPAIR)[:12]
    return f"judged by {model.name} ({model.backend}), prompts {prompts}; its own computing is not in the cost"


@contextmanager
def text_model_in(folder: Path | None) -> Iterator[None]:
    """Inside the `with` block, the text model is the one in `folder`; `None` leaves the shipped one."""
    if folder is None:
        yield
        return
    before = os.environ.get(TEXT_MODEL)
    os.environ[TEXT_MODEL] = str(folder.resolve())
    try:
        yield
    finally:
        os.environ.pop(TEXT_MODEL)
        if before is not None:
            os.environ[TEXT_MODEL] = before


def _replay(dialogue: Sequence[Line], settings: Settings, truths: Mapping[str, str], found: Replay) -> None:
    state, began = episode(dialogue), time.process_time()
    thought = opine_all(state, settings)
    state.opinions = list(thought["opinions"])
    opined = time.process_time()
    judged = judge_all(state, settings)
    found.seconds_opining += opined - began
    found.seconds_judging += time.process_time() - opined
    found.models |= {model.name: model.sha256 for model in thought["models"]}
    found.faults += [fault.message for update in (thought, judged) for fault in update["faults"]]
    texts = {opinion.utterance: opinion for opinion in state.opinions if opinion.modality == "text"}
    for line, verdict in zip(dialogue, judged["verdicts"], strict=True):
        truth = truths.get(line.labels[0], line.labels[0])
        found.verdicts.append(verdict)
        found.opinions.append(texts.get(verdict.utterance))
        found.fused.append(by_verdict(line, truth, verdict))
        found.text.append(by_opinion(line, truth, texts.get(verdict.utterance)))


def by_verdict(line: Line, truth: str, verdict: Verdict) -> Answer:
    """What a verdict answers to a line."""
    return Answer(
        truth, verdict.label, verdict.confidence, verdict.distribution, verdict.invalid, line.dialogue or "", line.key
    )


def by_opinion(line: Line, truth: str, opinion: Opinion | None) -> Answer:
    """What one opinion answers on its own: its likeliest label."""
    masses = opinion.distribution if opinion else {}
    label = max(masses, key=lambda name: masses[name]) if masses else None
    confidence = masses[label] if label else None
    return Answer(truth, label, confidence, masses, group=line.dialogue or "", key=line.key)


def _duration(line: Line) -> float:
    given = line.times[1] - line.times[0] if line.times else 0.0
    read = max(SHORTEST, min(LONGEST, len(line.text) / READING_SPEED))
    return given if SHORTEST <= given <= LONGEST else read


def _pause(before: Line, line: Line) -> float:
    given = line.times[0] - before.times[1] if line.times and before.times else -1.0
    return given if 0 <= given <= LONGEST_PAUSE else PAUSE

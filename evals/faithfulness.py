"""Whether verdicts rest on the evidence that they cite: how often the label changes once it is gone, against the loss
of as many items that are not cited. Defined in docs/design/explanation.md."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from emoagent.agents.auditor import Effect, audit, choices, removal
from emoagent.agents.case import Case
from emoagent.agents.dialogue import KINDS
from emoagent.agents.fusion import pool
from emoagent.agents.reasoner import embedded
from emoagent.errors import UsageError
from emoagent.evals.benchmark import Options, benchmark
from emoagent.evals.corpora.meld_evidence import FILE, meld_evidence
from emoagent.evals.recorded import face_evidence, voice_evidence
from emoagent.evals.replay import episode, text_model_in
from emoagent.evals.result import Figure, Result, SystemRow
from emoagent.evals.scoring.bootstrap import samples, spanned
from emoagent.evals.scoring.rows import points
from emoagent.evals.traces import traces
from emoagent.graphs.judgement import cases, judge_all, opine_all
from emoagent.graphs.state import Episode
from emoagent.schema import Audit, ClaimAudit, Trace, Verdict
from emoagent.settings import Settings, load_settings

TIMES = 3  # as often as by the loss of uncited evidence: what is asked for
CONTROLS = 40  # explanations with random cites that are tried for each verdict
BALANCED, HEEDED, FEWER, RANDOM = "balanced", "heeded", "fewer uncited", "random cites"
PARTS = (BALANCED, HEEDED, FEWER, RANDOM)
NOTES = (
    "balanced: at least as many uncited items as cited ones, and as many removed; the mean of at most 20 choices",
    "heeded: only uncited items that an opinion with weight stands on; the same number is drawn from the cited ones",
    "fewer uncited: all cited against all uncited items, an unequal comparison",
    "random cites: the same number of items drawn from all evidence, as if an explanation cited them",
    "a verdict that abstains once its evidence is gone has changed",
)


@dataclass(frozen=True)
class Loss:
    """What the removal of evidence does in the mean: how often the label changes, how often to another label rather
    than to none, and the divergence in bits."""

    flipped: float
    other: float
    bits: float


@dataclass(frozen=True)
class Trial:
    """One comparison on one verdict. `group` is its clip or dialogue."""

    group: str
    cited: Loss
    uncited: Loss


@dataclass
class Found:
    """All comparisons by the name of their part, and the audits of the verdicts that were tested."""

    trials: dict[str, list[Trial]] = field(default_factory=lambda: {name: [] for name in PARTS})
    audits: list[tuple[str, Verdict, Audit]] = field(default_factory=list)
    silent: int = 0
    seconds: float = 0.0
    models: dict[str, str] = field(default_factory=dict)
    clips: list[str] = field(default_factory=list)


@benchmark(
    data="runs", splits=("dev", "test"), source="folders of `emoagent analyze`, or recorded evidence of MELD clips"
)
def faithfulness(folder: Path, options: Options) -> Result:
    """Change of the verdict without the evidence it cites, against the loss of as many uncited items."""
    if options.reasoner != embedded.name:
        raise UsageError(f"there is no reasoner {options.reasoner!r}", hint=f"--reasoner {embedded.name}")
    settings, found = load_settings(mode=options.mode, policy=options.policy), Found()
    with text_model_in(options.text_model):
        for group, case, verdict in _verdicts(folder, options, settings, found):
            if verdict.label is None or not verdict.claims:
                found.silent += 1
                continue
            began = time.process_time()
            found.audits.append((group, verdict, audit(case, verdict)))
            found.seconds += time.process_time() - began
            for part, trial in compare(group, case, verdict, options.seed):
                found.trials[part].append(trial)
    tested = found.audits
    if not tested:
        raise UsageError(f"there is no verdict with a label in {folder}", hint="analyse other clips")
    rows = [_row(part, found.trials[part], options.seed) for part in PARTS if found.trials[part]]
    claims = list(_claim_rows(tested, options.seed))
    claims[0] = claims[0].model_copy(update={"milliseconds": 1000 * found.seconds / len(tested)})
    notes = [f"{found.silent} utterances without a label were not tested; ms is the processor time of one audit"]
    notes += [f"clips: {', '.join(found.clips)}"] if found.clips else []
    notes += [note for part in PARTS if (note := _bound(part, found.trials[part]))]
    return Result(
        benchmark="faithfulness",
        split=options.split,
        n=len(tested),
        seed=options.seed,
        mode=options.mode,
        policy=options.policy,
        reasoner=options.reasoner,
        rows=(*rows, *claims),
        notes=(*NOTES, *notes),
        models=found.models,
    )


def compare(group: str, case: Case, verdict: Verdict, seed: int) -> Iterator[tuple[str, Trial]]:
    """The comparisons that are possible on one verdict, which has a label and claims."""
    everything = [item.id for item in case.evidence]
    cited = sorted({cite for claim in verdict.claims for cite in claim.cites} & set(everything))
    uncited = [name for name in everything if name not in cited]
    counts = [share.opinion for share in pool(case.opinions, case.evidence, case.label_set).shares if share.weight]
    heeded = [name for name in uncited if any(name in opinion.cites for opinion in counts)]

    def loss(choices: Iterable[frozenset[str]]) -> Loss:
        return _mean([removal(case, verdict, ids) for ids in choices])

    whole = loss([frozenset(cited)])
    balanced = len(uncited) >= len(cited) > 0
    if uncited and cited:
        part = BALANCED if balanced else FEWER
        yield part, Trial(group, whole, loss(choices(uncited, len(cited), seed)))
    if heeded and cited:
        size = min(len(cited), len(heeded))
        yield HEEDED, Trial(group, loss(choices(cited, size, seed)), loss(choices(heeded, size, seed)))
    if balanced:
        pairs = list(_at_random(everything, len(cited), f"{seed} {verdict.utterance}"))
        yield RANDOM, Trial(group, loss(one for one, _ in pairs), loss(other for _, other in pairs))


def _at_random(everything: Sequence[str], size: int, seed: str) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    """Random cites, and as many others."""
    source = random.Random(seed)
    for _ in range(CONTROLS):
        drawn = source.sample(list(everything), 2 * size)
        yield frozenset(drawn[:size]), frozenset(drawn[size:])


def _mean(effects: Sequence[Effect]) -> Loss:
    rows = [(effect.flipped, effect.flipped and not effect.silenced, effect.divergence) for effect in effects]
    return Loss(*(float(np.mean(column)) for column in zip(*rows, strict=True)))


def _row(part: str, trials: Sequence[Trial], seed: int) -> SystemRow:
    pairs = [(trial.cited, trial.uncited) for trial in trials]
    values = np.array([(a.flipped, b.flipped, a.other, b.other, a.bits, b.bits) for a, b in pairs])
    drawn = [values[places].mean(axis=0) for places in samples([t.group for t in trials], seed)]
    means = values.mean(axis=0)

    def figure(column: int, unit: str = "") -> Figure:
        return spanned(means[column], [each[column] for each in drawn]).model_copy(update={"unit": unit})

    margin = spanned(means[0] - TIMES * means[1], [each[0] - TIMES * each[1] for each in drawn])
    figures = {
        "label changes without cited": figure(0),
        "label changes without uncited": figure(1),
        **_ratio(means, drawn, len(trials)),
        f"cited − {TIMES} × uncited": points(margin),
        "to another label without cited": figure(2),
        "to another label without uncited": figure(3),
        "bits without cited": figure(4, "bits"),
        "bits without uncited": figure(5, "bits"),
    }
    system = "floor: random cites" if part == RANDOM else "embedded"
    return SystemRow(system=system, part=BALANCED if part == RANDOM else part, n=len(trials), figures=figures)


def _ratio(means: Sequence[float], drawn: Sequence[Sequence[float]], n: int) -> dict[str, Figure]:
    """How many times as often; where uncited evidence never mattered, what it is at least by the rule of three. An
    interval that has no finite upper end is left out."""
    if not means[1]:
        return {"times as often, at least": Figure(value=means[0] / min(1.0, 3 / n), unit="times")}
    found = [each[0] / each[1] if each[1] else np.inf for each in drawn]
    low, high = np.percentile(found, 2.5, method="lower"), np.percentile(found, 97.5, method="higher")
    known = bool(np.isfinite(high))
    value = float(means[0] / means[1])
    return {
        "times as often": Figure(
            value=value, low=float(low) if known else None, high=float(high) if known else None, unit="times"
        )
    }


def _bound(part: str, trials: Sequence[Trial]) -> str | None:
    """The note where uncited evidence never changed a label."""
    if not trials or any(trial.uncited.flipped for trial in trials):
        return None
    n = len(trials)
    return f"{part}: 0 of {n} verdicts ever changed without uncited items; at most {100 * min(1.0, 3 / n):.1f} % (95 %)"


def _claim_rows(tested: Sequence[tuple[str, Verdict, Audit]], seed: int) -> Iterator[SystemRow]:
    """How many claims the audit finds supported, by stance. Context claims nothing that could fail but its cites."""
    marks = [
        (group, verdict.claims[mark.claim].stance, mark) for group, verdict, each in tested for mark in each.claims
    ]
    for stance in ("supports", "against", "context"):
        chosen = [(group, mark) for group, of, mark in marks if of == stance]
        if chosen:
            yield SystemRow(
                system="claims", part=stance, n=len(chosen), figures={"supported": _supported(chosen, seed)}
            )


def _supported(marks: Sequence[tuple[str, ClaimAudit]], seed: int) -> Figure:
    values = np.array([bool(mark.supported) for _, mark in marks], dtype=float)
    return spanned(values.mean(), [values[places].mean() for places in samples([group for group, _ in marks], seed)])


def _verdicts(folder: Path, options: Options, settings: Settings, found: Found) -> Iterator[tuple[str, Case, Verdict]]:
    """Every judged utterance of the runs; of a recorded clip its last, the only one with a face and a voice."""
    place = next((each for each in (folder, folder / "meld_evidence") if (each / FILE).is_file()), None)
    if place is None:
        for trace in options.kept(list(traces(folder))):
            found.clips.append(trace.clip.name)
            for case, verdict in _judged(_traced(trace), settings, found):
                yield trace.clip.id, case, verdict
        return
    if options.split != "test":
        raise UsageError("the recorded clips are of MELD's test split", hint="--split test")
    for clip in options.kept(meld_evidence(place)):
        state = episode([*clip.before, clip.line])
        last = state.utterances[-1]
        state.evidence = [*state.evidence, *face_evidence(last, clip), *voice_evidence(last, clip)]
        yield clip.line.dialogue or clip.line.key, *_judged(state, settings, found)[-1]


def _traced(trace: Trace) -> Episode:
    """The evidence of a run; what was recalled from the dialogue is recalled anew."""
    evidence = [item for item in trace.evidence if item.kind not in KINDS]
    return Episode(clip=trace.clip, utterances=trace.utterances, people=trace.people, evidence=evidence)


def _judged(state: Episode, settings: Settings, found: Found) -> list[tuple[Case, Verdict]]:
    """New opinions and verdicts on the evidence of an episode."""
    thought = opine_all(state, settings)
    found.models |= {model.name: model.sha256 for model in thought["models"]}
    state.opinions = list(thought["opinions"])
    judged = judge_all(state, settings)
    state.evidence, state.opinions = state.evidence + judged["evidence"], state.opinions + judged["opinions"]
    state.verdicts = judged["verdicts"]
    return list(cases(state, settings))

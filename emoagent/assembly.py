"""From the state of a finished graph to the trace: order, provenance, and nothing that changes from run to run."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib import metadata

from emoagent.graphs.episode import chosen
from emoagent.graphs.state import Episode
from emoagent.labels import DEFAULT
from emoagent.profiles import pick_profile
from emoagent.schema import Call, Evidence, Fault, Provenance, Trace
from emoagent.settings import Settings

LISTED_PACKAGES = (
    "av", "langgraph", "mediapipe", "numpy", "onnxruntime", "pocketsphinx", "pysubs2", "swift-f0", "tokenizers",
)  # fmt: skip
MODALITY_ORDER = ("text", "face", "voice", "behavior", "dialogue")


def assemble(state: Episode, settings: Settings, calls: Sequence[Call] = ()) -> Trace:
    """The trace of a run that went through the whole graph."""
    assert state.clip is not None
    order = {utterance.id: place for place, utterance in enumerate(state.utterances)}
    return Trace(
        label_set=DEFAULT,
        clip=state.clip,
        people=state.people,
        utterances=state.utterances,
        evidence=tuple(sorted(state.evidence, key=lambda e: (order[e.utterance], _place(e)))),
        opinions=tuple(sorted(state.opinions, key=lambda o: order[o.utterance])),
        conflicts=state.conflicts,
        verdicts=state.verdicts,
        audits=state.audits,
        faults=_once(state.faults),
        provenance=_provenance(state, settings),
        baseline=state.baseline,
        contributions=state.contributions,
        calls=tuple(calls),
    )


def _place(evidence: Evidence) -> tuple[int, str]:
    return MODALITY_ORDER.index(evidence.modality), evidence.producer.name


def _once(faults: list[Fault]) -> tuple[Fault, ...]:
    return tuple({(fault.code, fault.message): fault for fault in reversed(faults)}.values())[::-1]


def _provenance(state: Episode, settings: Settings) -> Provenance:
    told = settings.told()
    profile, why = pick_profile(settings)
    return Provenance(
        emoagent=metadata.version("emoagent"),
        python=platform.python_version(),
        packages={name: metadata.version(name) for name in LISTED_PACKAGES},
        profile=profile,
        profile_reason=why,
        settings={**told, **{f"found.{name}": note for name, note in sorted(state.notes.items())}},
        agents=tuple(agent.producer for agent in chosen(settings)),
        models=tuple(state.models),
    )

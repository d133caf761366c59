"""The graph of one episode.

    probe ─┬▶ hear ──┬▶ bind ─▶ perceive × n, in parallel ─▶ opine ─▶ judge ─▶ audit
           └▶ watch ─┘

An agent that fails leaves a `Fault`, and the rest goes on. What must stop the run (unusable media, a transcript that
was asked for and cannot be had, no room left) is raised.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Send

from emoagent.agents.registry import Perceiver, perceivers
from emoagent.agents.speaker import bind
from emoagent.agents.transcript import hear
from emoagent.agents.turns import tell_apart
from emoagent.errors import BackendUnreachable, EmoagentError, ModelMissing, ResourceLimit, UsageError
from emoagent.graphs.judgement import audit_all, judge_all, opine_all
from emoagent.graphs.stage import Update, faults_into, stage
from emoagent.graphs.state import Environment, Episode, Task
from emoagent.schema import Clip, Evidence, Fault, Model
from emoagent.settings import Settings
from emoagent.tools.language.backends import Backends
from emoagent.tools.media.audio import audio_of
from emoagent.tools.media.files import probe
from emoagent.tools.remarks import remarks
from emoagent.tools.sight.faces import detector_model, faces_of, landmark_model
from emoagent.tools.sight.hands import hand_model
from emoagent.tools.voice.voices import voice_model, voices_of
from emoagent.tools.workspace import workspace

Graph = CompiledStateGraph[Episode, Environment, Episode, Episode]


def episode_graph(saver: BaseCheckpointSaver[Any] | None = None, surroundings: type[Any] = Environment) -> Graph:
    """The compiled graph; run it with `context=Environment(workspace, settings)`, or with another class that has the
    same attributes."""
    graph = StateGraph(Episode, context_schema=surroundings)
    graph.add_node("probe", stage("probe", _probe))
    graph.add_node("hear", stage("hear", _hear))
    graph.add_node("watch", stage("watch", _watch))
    graph.add_node("bind", stage("bind", _bind))
    graph.add_node("perceive", stage("perceive", _perceive), input_schema=Task)
    graph.add_node("opine", stage("opine", opine_all))
    graph.add_node("judge", stage("judge", judge_all))
    graph.add_node("audit", stage("audit", audit_all))
    graph.add_edge(START, "probe")
    graph.add_edge("probe", "hear")
    graph.add_edge("probe", "watch")
    graph.add_edge(["hear", "watch"], "bind")
    graph.add_conditional_edges("bind", _tasks, ["perceive", "opine"])
    graph.add_edge("perceive", "opine")
    graph.add_edge("opine", "judge")
    graph.add_edge("judge", "audit")
    graph.add_edge("audit", END)
    return graph.compile(checkpointer=saver, name="episode")


def chosen(settings: Settings) -> tuple[Perceiver, ...]:
    """The perception agents that the settings name, or all. Raises `UsageError` for an unknown name."""
    known = {agent.name: agent for agent in perceivers()}
    if unknown := [name for name in settings.agents if name not in known]:
        raise UsageError(f"there is no agent {unknown[0]!r}", hint=f"known agents: {', '.join(known)}")
    return tuple(known[name] for name in settings.agents or known)


def _probe(state: Episode, settings: Settings) -> Update:
    probed = probe(workspace().source, workspace().sha256)
    if probed.clip.duration > settings.max_hours * 3600:
        hours = probed.clip.duration / 3600
        raise ResourceLimit(
            f"{probed.clip.name}: it lasts {hours:.1f} hours, more than the {settings.max_hours:g} that are allowed",
            hint="cut it, or raise the limit: EMOAGENT_MAX_HOURS",
        )
    names = tuple(agent.name for agent in chosen(settings))
    return {"clip": probed.clip, "agents": names, "faults": list(probed.faults)}


def _hear(state: Episode, settings: Settings) -> Update:
    faults = list[Fault]()
    with faults_into(faults, "hear", stops=() if settings.transcript == "auto" else (EmoagentError,)):
        heard, why = hear(_clip(state), settings.transcript)
    if faults:
        heard, why = hear(_clip(state), "windows")
    models = list(heard.models)
    with faults_into(faults, "voices"):
        heard = tell_apart(_clip(state), heard) if settings.tell_voices else heard
        models += _voice_models(_clip(state))
    notes = {"transcript": why}
    return {
        "utterances": heard.utterances, "people": heard.people, "notes": notes, "faults": faults, "models": models,
    }  # fmt: skip


def _voice_models(clip: Clip) -> list[Model]:
    voices = voices_of(clip)
    return [voice_model()] if voices and not voices.source else []


def _watch(state: Episode, settings: Settings) -> Update:
    clip, faults, models, seen = _clip(state), list[Fault](), list[Model](), "failed"
    if clip.video is None or not any("faces" in agent.needs for agent in chosen(settings)):
        return {"notes": {"faces": "none"}}
    with faults_into(faults, "watch"):
        models.append(landmark_model())
        for helpful in (detector_model, hand_model):
            with faults_into(faults, "watch"):
                models.append(helpful())
        faces_of(clip)
        seen = "tracked"
    return {"notes": {"faces": seen}, "faults": faults, "models": models}


def _bind(state: Episode, settings: Settings) -> Update:
    clip, faults = _clip(state), list[Fault]()
    series = faces_of(clip) if state.notes["faces"] == "tracked" else None
    audio = None
    if clip.audio is not None:
        with faults_into(faults, "sound"):
            audio = audio_of(clip)
    groups = series.groups() if series else None
    bound = bind(clip, state.utterances, state.people, series, audio, groups, voices_of(clip))
    sound = "decoded" if audio is not None else "none"
    return {"utterances": bound.utterances, "people": bound.people, "faults": faults, "notes": {"sound": sound}}


def _tasks(state: Episode, runtime: Runtime[Environment]) -> list[Send] | str:
    able = [agent for agent in perceivers() if _can_run(agent, state, runtime.context.backends)]
    names = [agent.name for agent in able if agent.name in state.agents]
    return [Send("perceive", Task(name, _clip(state), state.utterances)) for name in names] or "opine"


def _can_run(agent: Perceiver, state: Episode, models: Backends) -> bool:
    there = {
        "text": True,
        "audio": state.notes["sound"] == "decoded",
        "video": _clip(state).video is not None,
        "faces": state.notes["faces"] == "tracked",
        "vision": models.vision is not None,
    }
    return all(there[need] for need in agent.needs)


def _perceive(state: Task, settings: Settings) -> Update:
    agent = next(agent for agent in chosen(settings) if agent.name == state.agent)
    asks = "vision" in agent.needs
    if asks and settings.captions == "bemerc":  # shown the dialogue, and its evidence says so
        agent = replace(agent, needs=agent.needs | {"text"})
    stops = (BackendUnreachable, ModelMissing) if asks else ()
    evidence, faults = list[Evidence](), list[Fault]()
    with remarks() as notes, faults_into(faults, agent.name, stops):
        for found in agent(state.clip, state.utterances):  # one by one: what came before a failure stays
            evidence.append(found)
    return {"evidence": evidence, "faults": faults, "notes": notes}


def _clip(state: Episode) -> Clip:
    assert state.clip is not None
    return state.clip

"""One question an utterance: what a language model is asked, and the form to which its answer must keep. The first
message is the same for all utterances, so that a server reads it once; nothing in it comes from the recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from emoagent.agents.language.answer import (
    ABSTAIN,
    CITES,
    CLAIMS,
    KEYS,
    OBSERVATIONS,
    OPEN_LABELS,
    SAYS,
    STANCES,
    TEXT,
    WORD,
)
from emoagent.agents.language.evidence import Part, Shown
from emoagent.labels import labels
from emoagent.prompts.data import as_data
from emoagent.prompts.template import prompt
from emoagent.schema import Modality, Opinion, Purpose
from emoagent.tools.language.generation import Message, Question
from emoagent.tools.language.json_answer import closed

SYSTEM, CASE, REPAIR = "language_system", "language_case", "language_repair"
MOST = (
    1800  # tokens of an answer; the schema allows about as many characters, and a model with few words needs them all
)
ECHOED = 2000  # characters of a wrong answer that the model is shown again
WORDS = ((0.75, "very likely"), (0.5, "likely"), (0.3, "possible"), (0.18, "a little likelier than chance"))


def question(shown: Shown, seed: int, purpose: Purpose = "judge", name: str = "judge") -> Question:
    """What is asked about an utterance; `name` makes its id unique, e.g. `u3.ablate.face`."""
    label_set, utterance = shown.case.label_set, shown.case.utterance.id
    return Question(
        id=f"{utterance}.{name}",
        purpose=purpose,
        messages=(Message("system", (_instructions(label_set),)), Message("user", (_case(shown),))),
        schema=form(tuple(shown.ids), label_set),
        most=MOST,
        seed=seed,
        utterance=utterance,
        prompts=_fingerprints(SYSTEM, CASE),
        shows=_shows(shown),
    )


def again(shown: Shown, seed: int, answer: str, error: str) -> Question:
    """The same question with the answer that could not be used and why; asked once."""
    asked = question(shown, seed, "repair", "repair")
    told = prompt(REPAIR).filled(error=error)
    echo = answer[:ECHOED].encode(errors="replace").decode()
    messages = (*asked.messages, Message("assistant", (echo or "(nothing)",)), Message("user", (told,)))
    return Question(
        id=asked.id,
        purpose=asked.purpose,
        messages=messages,
        schema=asked.schema,
        most=asked.most,
        seed=seed,
        utterance=asked.utterance,
        prompts=_fingerprints(SYSTEM, CASE, REPAIR),
        shows=asked.shows,
    )


def form(ids: Sequence[str], label_set: str) -> dict[str, Any]:
    """The JSON Schema of an answer: closed, every list and every text bounded, what is seen before what is concluded.
    Only `ids` can be cited."""
    cites = _list(_enum(ids), CITES, 1)
    observation = closed({"source": _enum(get_args(Modality)), "says": _text(SAYS), "cites": cites})
    sentence = closed({"text": _text(TEXT, 1), "stance": _enum(STANCES), "cites": cites})
    number = {"type": "integer", "minimum": 0, "maximum": 100}
    fields = (
        _list(observation, OBSERVATIONS),
        _text(SAYS),
        _list(sentence, CLAIMS, 1),
        _list(_text(WORD, 1), OPEN_LABELS),
        closed(dict.fromkeys(labels(label_set), number)),
        _enum((*labels(label_set), ABSTAIN)),
    )
    return closed(dict(zip(KEYS, fields, strict=True)))


def _instructions(label_set: str) -> str:
    limits = {"observations": OBSERVATIONS, "claims": CLAIMS, "open_labels": OPEN_LABELS}
    told = {name: str(number) for name, number in limits.items()}
    return prompt(SYSTEM).filled(labels=", ".join(labels(label_set)), **told)


def _case(shown: Shown) -> str:
    span = shown.case.utterance.span
    target = {"speaker": shown.speaker, "from": f"{span.start:.1f} s", "to": f"{span.end:.1f} s"}
    return prompt(CASE).filled(
        before_note=_left_out(shown.before, "earlier turns have no place here"),
        before=_lines(shown.before) or "(none)",
        after=_after(shown.after),
        utterance=as_data(target),
        opinions="\n".join(f"- {opinion.modality}: {_told(opinion)}" for opinion in shown.opinions) or "(nothing)",
        evidence="\n\n".join(_block(part) for part in shown.parts),
    )


def _block(part: Part) -> str:
    note = _left_out(part, "less reliable ones have no place here")
    return f"{part.source}{note}:\n<data>\n{_lines(part)}\n</data>"


def _lines(part: Part) -> str:
    return "\n".join(f"{item.short} {item.line}" for item in part.items)


def _left_out(part: Part, what: str) -> str:
    return f" ({part.left_out} {what})" if part.left_out else ""


def _after(turns: Sequence[str]) -> str:
    lines = "\n".join(turns)
    return f"\nTurns after, which may be judged by as well:\n<data>\n{lines}\n</data>\n" if turns else ""


def _told(opinion: Opinion) -> str:
    """A distribution in words, the likeliest first; what hardly differs from chance is not told."""
    if opinion.abstained:
        return "abstains"
    ranked = sorted(opinion.distribution.items(), key=lambda pair: -pair[1])
    told = [f"{label} {_degree(mass)} ({mass:.0%})" for label, mass in ranked if mass >= WORDS[-1][0]]
    return ", ".join(told) if told else "nothing stands out, nearly flat"


def _degree(mass: float) -> str:
    return next(word for least, word in WORDS if mass >= least)


def _enum(names: Sequence[str]) -> dict[str, Any]:
    return {"type": "string", "enum": list(names)}


def _list(of: Mapping[str, Any], most: int, least: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": dict(of), "minItems": least, "maxItems": most}


def _text(most: int, least: int = 0) -> dict[str, Any]:
    return {"type": "string", "minLength": least, "maxLength": most}


def _shows(shown: Shown) -> tuple[str, ...]:
    return tuple(item.cite for item in shown.ids.values())


def _fingerprints(*names: str) -> dict[str, str]:
    return {name: prompt(name).fingerprint for name in names}

"""An answer by a language model that is shown a part of the trace. It may say only what it cites, and what it cites
must have been shown to it. Whatever else it says is dropped; where nothing is left, the embedded answer is given."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from emoagent.agents.ask.answer import Answer
from emoagent.agents.ask.desk import Desk
from emoagent.agents.ask.question import LONGEST
from emoagent.agents.ask.sentences import Sentence
from emoagent.agents.language.evidence import tokens
from emoagent.agents.sentences import percent
from emoagent.errors import BackendUnreachable
from emoagent.prompts.data import as_data
from emoagent.prompts.template import prompt
from emoagent.schema import Trace, Utterance
from emoagent.tools.language.generation import Generator, Message, Question, ask
from emoagent.tools.language.json_answer import SPARE, Unreadable, body_of, closed, no_json
from emoagent.tools.plain_text import clock, one_line

SYSTEM, CASE = "ask_system", "ask_case"
SENTENCES, CITES, TEXT = 6, 4, 300  # how many are asked for at most; characters of a sentence
MOST = 1200  # tokens of an answer
EVIDENCE = 8  # pieces of an utterance that are shown
WORDS = 400  # characters of an utterance that are shown


@dataclass(frozen=True)
class Shown:
    """What the model is shown: lines of data, and what may be cited, by short ids. `left_out`: utterances."""

    lines: tuple[str, ...]
    ids: Mapping[str, str]
    left_out: int


def answer_by_language(first: Answer, trace: Trace, model: Generator, room: int, seed: int) -> Answer:
    """The model's answer to the question of `first`, the embedded answer: that tells what to show, and is given where
    the model's cannot be used. `room`: tokens for what is shown."""
    shown = _show(Desk(trace), first.about, room)
    try:
        reply = ask(model, question_of(first.question, shown, seed))
        sentences = read_answer(reply.text, reply.finish, shown.ids)
    except Unreadable as error:
        return _instead(first, f"The answer of the language model {model.name} could not be used: {error}.")
    except BackendUnreachable as error:
        return _instead(first, f"The language model {model.name} did not answer: {error.message}.")
    if not sentences:
        return _instead(first, f"The language model {model.name} finds no answer in the trace.")
    notes = tuple(note for note in first.notes if first.understood)
    if shown.left_out:
        notes += (f"The language model was not shown {shown.left_out} of the utterances, for want of room.",)
    return replace(first, sentences=sentences, notes=notes, understood=True, by=f"language:{model.name}")


def question_of(asked: str, shown: Shown, seed: int) -> Question:
    """What the model is asked."""
    left_out = f" ({shown.left_out} more have no place here)" if shown.left_out else ""
    case = prompt(CASE).filled(
        left_out=left_out, utterances="\n".join(shown.lines) or "(none)", question=as_data(asked[:LONGEST])
    )
    system = prompt(SYSTEM).filled(sentences=str(SENTENCES), cites=str(CITES))
    return Question(
        id="ask",
        purpose="ask",
        messages=(Message("system", (system,)), Message("user", (case,))),
        schema=_form(tuple(shown.ids)),
        most=MOST,
        seed=seed,
        prompts={name: prompt(name).fingerprint for name in (SYSTEM, CASE)},
        shows=tuple(shown.ids.values()),
    )


def read_answer(text: str, finish: str, ids: Mapping[str, str]) -> tuple[Sentence, ...]:
    """The sentences that cite what was shown; none where the model says that there is no answer. Raises
    `Unreadable`."""
    try:
        found = json.loads(body_of(text))
    except Unreadable:
        raise
    except (ValueError, RecursionError) as error:
        raise Unreadable(no_json(finish)) from error
    if not isinstance(found, dict) or found.keys() != {"answerable", "sentences"}:
        raise Unreadable("it does not have the keys that were asked for")
    if not isinstance(found["answerable"], bool) or not isinstance(found["sentences"], list):
        raise Unreadable("its parts are not of the kind that was asked for")
    if not found["answerable"]:
        return ()
    told = [_sentence(each, ids) for each in found["sentences"][: SENTENCES * SPARE]]
    kept = tuple(dict.fromkeys(each for each in told if each is not None))
    if not kept:
        raise Unreadable("no sentence of it cites evidence that it was shown")
    return kept[:SENTENCES]


def _sentence(found: Any, ids: Mapping[str, str]) -> Sentence | None:
    if (
        not isinstance(found, dict)
        or not isinstance(found.get("text"), str)
        or not isinstance(found.get("cites"), list)
    ):
        raise Unreadable("a sentence has no text or no cites")
    if len(found["text"]) > TEXT * SPARE:
        raise Unreadable(f"a sentence is longer than {TEXT} characters")
    cites = [ids[cite] for cite in found["cites"] if isinstance(cite, str) and cite in ids]
    text = one_line(found["text"])
    return Sentence(text, tuple(dict.fromkeys(cites))) if text and cites else None


def _instead(first: Answer, why: str) -> Answer:
    return replace(first, notes=(*first.notes, why))


def _show(desk: Desk, about: Sequence[str], room: int) -> Shown:
    """The utterances in question, else all, as far as there is room."""
    named = [desk.utterances[name] for name in about] or list(desk.trace.utterances)
    lines, ids, used, shown = list[str](), dict[str, str](), 0, 0
    for utterance in named:
        more, known = _lines(desk, utterance, len(ids))
        used += sum(map(tokens, more))
        if lines and used > room:
            break
        lines += more
        ids |= known
        shown += 1
    return Shown(tuple(lines), ids, len(named) - shown)


def _lines(desk: Desk, utterance: Utterance, before: int) -> tuple[list[str], dict[str, str]]:
    verdict = desk.verdicts.get(utterance.id)
    cited = [cite for claim in verdict.claims for cite in claim.cites] if verdict else []
    ranked = sorted(desk.of(utterance), key=lambda item: (item.id not in cited, -item.reliability))[:EVIDENCE]
    short = {item.id: f"E{before + place}" for place, item in enumerate(ranked, start=1)}
    lines = [as_data(dict(_told(desk, utterance)))]
    for item in ranked:
        lines.append(f"{short[item.id]} {as_data({'source': item.modality, 'finding': item.finding})}")
    for claim in verdict.claims if verdict else ():
        rests = " ".join(short[cite] for cite in claim.cites if cite in short)
        lines.append(f"reason {as_data({'stance': claim.stance, 'text': claim.text, 'rests on': rests})}")
    return lines, {name: cite for cite, name in short.items()}


def _told(desk: Desk, utterance: Utterance) -> Iterator[tuple[str, str | None]]:
    verdict = desk.verdicts.get(utterance.id)
    yield "utterance", utterance.id
    yield "speaker", desk.name(utterance.person)
    yield "at", f"{clock(utterance.span.start)} to {clock(utterance.span.end)}"
    yield "words", utterance.text[:WORDS]
    if verdict is None or verdict.label is None:
        yield "expressed", f"no label: {verdict.reason if verdict else 'not judged'}"
        return
    yield "expressed", verdict.label
    yield "confidence", None if verdict.confidence is None else percent(verdict.confidence)
    ranked = sorted(verdict.distribution.items(), key=lambda pair: -pair[1])[:3]
    yield "likeliest", ", ".join(f"{label} {percent(share)}" for label, share in ranked)
    yield "caused by", " ".join(verdict.causes) or None
    yield "changed from", verdict.shift.before if verdict.shift else None
    conflict = next(iter(desk.conflicts(utterance)), None)
    yield "conflict", conflict.kind if conflict else None


def _form(ids: Sequence[str]) -> dict[str, Any]:
    """The JSON Schema of an answer; only `ids` can be cited."""
    cites = {"type": "array", "items": {"type": "string", "enum": list(ids)}, "minItems": 1, "maxItems": CITES}
    sentence = closed({"text": {"type": "string", "minLength": 1, "maxLength": TEXT}, "cites": cites})
    sentences = {"type": "array", "items": sentence, "minItems": 0, "maxItems": SENTENCES}
    return closed({"answerable": {"type": "boolean"}, "sentences": sentences})

"""What generative models were asked and answered, exactly as it was: behind a line that opens it, always as text."""

from __future__ import annotations

from emoagent.schema import Call, Part, Shown, Utterance
from emoagent.viewer.index import Index
from emoagent.viewer.markup import Markup, anchor, join, said, tag
from emoagent.viewer.wording import PURPOSES, count

ROLES = {"system": "Instructions", "user": "Question", "assistant": "Earlier answer"}


def calls_of(index: Index, utterance: Utterance) -> Markup | None:
    """The calls about one utterance."""
    return _section(index, index.calls.get(utterance.id, ()), "h4", "What the models were asked and answered")


def calls_of_none(index: Index) -> Markup | None:
    """The calls that are about no single utterance."""
    known = {utterance.id for utterance in index.trace.utterances}
    rest = tuple(call for call in index.trace.calls if call.utterance not in known)
    return _section(index, rest, "h2", "Other questions to models")


def frame_anchor(image: str) -> str:
    """The id of a picture among the calls."""
    return anchor("f", image)


def _section(index: Index, calls: tuple[Call, ...], level: str, title: str) -> Markup | None:
    if not calls:
        return None
    return tag("section", tag(level, title), *(_call(index, call) for call in calls), class_="calls")


def _call(index: Index, call: Call) -> Markup:
    name = tag("span", f"{call.model}, {call.backend}{_tokens(call)}", class_="muted")
    summary = tag("summary", f"{PURPOSES[call.purpose]} ", name, _cut_off(call))
    messages = (_message(index, call, message) for message in call.messages)
    held = "The answer was held to a JSON Schema. " if call.constrained else ""
    prompts = ", ".join(f"{file} {digest[:12]}" for file, digest in sorted(call.prompts.items()))
    note = f"{held}Seed {call.seed}." + (f" Prompts: {prompts}." if prompts else "")
    answer = tag("section", tag("h5", "Raw answer"), said(call.answer, "pre"), class_="answer")
    return tag("details", summary, *messages, answer, tag("p", note, class_="muted small"), id=anchor("c", call.id),
               class_="call")  # fmt: skip


def _tokens(call: Call) -> str:
    told = [count(number, f"token {way}") if number == 1 else f"{number:,} tokens {way}"
            for number, way in ((call.tokens_in, "in"), (call.tokens_out, "out")) if number is not None]  # fmt: skip
    return "".join(f", {each}" for each in told)


def _cut_off(call: Call) -> Markup | None:
    return None if call.finish == "stop" else tag("span", f" {_finish(call.finish)}", class_="doubt")


def _finish(finish: str) -> str:
    return "cut off" if finish == "length" else finish


def _message(index: Index, call: Call, message: Shown) -> Markup:
    parts = [_part(index, call, part) for part in message.parts]
    return tag("section", tag("h5", ROLES[message.role]), *parts, class_="message")


def _part(index: Index, call: Call, part: Part) -> Markup:
    first = index.first_shown.get(part.image or part.text or "", call.id)
    if part.image is not None:
        return _frame(index, part.image) if first == call.id else _again("The picture", part.image, first)
    if first != call.id:
        return _again("The text", None, first)
    return said(part.text or "", "pre")


def _frame(index: Index, image: str) -> Markup:
    if image not in index.pictures:
        return tag("p", "A picture that is not here: ", tag("code", image), class_="muted", id=frame_anchor(image))
    drawn = tag("img", src=index.pictures[image], alt=f"Frame {image}", loading="lazy", decoding="async")
    return tag("figure", drawn, tag("figcaption", tag("code", image)), id=frame_anchor(image), class_="frame")


def _again(what: str, image: str | None, first: str) -> Markup:
    link = tag("a", "shown before", href="#" + (frame_anchor(image) if image else anchor("c", first)), class_="chip")
    return tag("p", join((f"{what} ", link)), class_="muted small")

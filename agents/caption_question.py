"""What a vision-language model is asked about one person in one utterance. The instructions come first and are the same
for all utterances; without the dialogue (`blind`), nothing of what was said is in the question."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from emoagent.agents.caption_answer import CHANGES, form
from emoagent.prompts.data import as_data
from emoagent.prompts.template import fingerprint, prompt
from emoagent.schema import Utterance
from emoagent.tools.language.generation import Message, Picture, Question

BLIND, BEMERC = "caption_blind", "caption_bemerc"
FRAMES, DIALOGUE, REPAIR = "caption_frames", "caption_dialogue", "caption_repair"
MOST = 1600  # tokens of an answer: about as many as the schema allows characters, for models with few words
TURNS = 6  # utterances before, in the dialogue
SAID = 400  # characters of a turn
ECHOED = 2000  # characters of a wrong answer that the model is shown again


def question(utterance: Utterance, shown: Sequence[Picture], before: Sequence[Utterance] | None) -> Question:
    """The question about the frames `shown`. `before`: the turns before it, which the model is given together with this
    one; `None`: it is given no words."""
    system, names = (BLIND, [BLIND, FRAMES]) if before is None else (BEMERC, [BEMERC, FRAMES, DIALOGUE])
    told = [] if before is None else [_dialogue([*before[-TURNS:], utterance])]
    instructions = prompt(system).filled(most=str(CHANGES))
    return Question(
        id=f"{utterance.id}.caption",
        purpose="caption",
        messages=(Message("system", (instructions,)), Message("user", (*shown, *told, _frames(shown)))),
        schema=form(len(shown)),
        most=MOST,
        utterance=utterance.id,
        prompts={name: prompt(name).fingerprint for name in names},
    )


def again(asked: Question, answer: str, problem: str) -> Question:
    """The same question with the answer that could not be used, and why."""
    echo = answer[:ECHOED].encode(errors="replace").decode() or "(nothing)"
    wrong = Message("assistant", (echo,)), Message("user", (prompt(REPAIR).filled(problem=problem),))
    return replace(
        asked, id=f"{asked.id}.repair", purpose="repair", messages=(*asked.messages, *wrong),
        prompts={**asked.prompts, REPAIR: prompt(REPAIR).fingerprint},
    )  # fmt: skip


def without_pictures(asked: Question) -> Question:
    """The question with the names of its pictures alone, to be kept while others are asked."""
    return _changed(asked, lambda picture: replace(picture, jpeg=b""))


def with_pictures(asked: Question, folder: Path) -> Question:
    """The same with its pictures, read from the run folder."""
    return _changed(asked, lambda picture: replace(picture, jpeg=(folder / picture.name).read_bytes()))


def revision(model: str, blind: bool) -> str:
    """A fingerprint of the model's name and of the prompts, 12 hexadecimal digits."""
    names = [BLIND, FRAMES, REPAIR] if blind else [BEMERC, FRAMES, DIALOGUE, REPAIR]
    return hashlib.sha256(f"{model}\n{fingerprint(*names)}".encode()).hexdigest()[:12]


def _frames(shown: Sequence[Picture]) -> str:
    start = shown[0].at or 0.0
    times = ", ".join(f"{(picture.at or 0.0) - start:.2f}" for picture in shown)
    return prompt(FRAMES).filled(count=str(len(shown)), times=times)


def _dialogue(turns: Sequence[Utterance]) -> str:
    lines = (as_data({"speaker": turn.person, "says": turn.text[:SAID]}) for turn in turns)
    person = turns[-1].person
    return prompt(DIALOGUE).filled(turns="\n".join(lines), who=f", by {as_data(person)}" if person else "")


def _changed(asked: Question, change: Callable[[Picture], Picture]) -> Question:
    parts = [[change(part) if isinstance(part, Picture) else part for part in each.parts] for each in asked.messages]
    told = zip(asked.messages, parts, strict=True)
    return replace(asked, messages=tuple(replace(message, parts=tuple(new)) for message, new in told))

"""Reads a language model's answer, strictly: it keeps to the form that was asked for, or it is unreadable and says why.
Nothing is guessed, and nothing becomes neutral that is not called so."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from emoagent.agents.language.evidence import Item
from emoagent.labels import labels, resolve
from emoagent.prompts.data import as_data
from emoagent.schema import Claim, Modality
from emoagent.tools.language.json_answer import SPARE, Unreadable, body_of, no_json
from emoagent.tools.plain_text import one_line

ABSTAIN = "abstain"
OBSERVATIONS, CLAIMS, CITES, OPEN_LABELS = 4, 3, 4, 3  # how many are asked for at most
SAYS, TEXT, WORD = 120, 180, 24  # characters that are asked for at most
KEYS = ("observations", "conflict", "explanation", "open_labels", "probabilities", "label")
STANCES = ("supports", "against")


@dataclass(frozen=True)
class LanguageAnswer:
    """What a language model says. `label` is `None` where it abstains; `masses` are its own figures, as shares of 1 (or
    empty). `invented`: cites that were never shown, which are dropped; `bare`: sentences left without any cite, which
    are dropped too."""

    label: str | None
    masses: Mapping[str, float]
    claims: tuple[Claim, ...]
    open_labels: tuple[str, ...]
    why: str
    invented: int = 0
    bare: int = 0


def read_answer(text: str, finish: str, shown: Mapping[str, Item], label_set: str) -> LanguageAnswer:
    """The answer in `text`; a block of thoughts before it and a fence around it are put up with, nothing else is.
    `shown` maps the ids that may be cited. Raises `Unreadable`."""
    found = _fields(_object(text, finish), KEYS, "the answer")
    _observations(found["observations"])
    _text(found["conflict"], "conflict", SAYS)
    told = [_sentence(each) for each in _list(found["explanation"], "explanation", CLAIMS, least=1)]
    claims = [_claim(text, stance, cites, shown) for text, stance, cites in told]
    label = _label(found["label"], label_set)
    return LanguageAnswer(
        label=label,
        masses=_masses(found["probabilities"], label, label_set),
        claims=tuple(claim for claim in claims if claim is not None),
        open_labels=_open(found["open_labels"], label_set),
        why=told[0][0],
        invented=sum(cite not in shown for _, _, cites in told for cite in cites),
        bare=claims.count(None),
    )


def _object(text: str, finish: str) -> dict[str, Any]:
    try:
        found = json.loads(body_of(text), object_pairs_hook=_once, parse_constant=_no_number, parse_float=_no_number)
    except Unreadable:
        raise
    except (ValueError, RecursionError) as error:
        raise Unreadable(no_json(finish)) from error
    if not isinstance(found, dict):
        raise Unreadable("it is JSON, but not an object")
    return found


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unreadable("a key stands in it twice")
    return found


def _no_number(said: str) -> Any:
    raise Unreadable(f"{_brief(said)} is not a whole number")


def _fields(found: Any, keys: Sequence[str], where: str) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise Unreadable(f"{where} is not an object")
    if missing := [key for key in keys if key not in found]:
        raise Unreadable(f"{where} has no {_brief(missing[0])}")
    if odd := [key for key in found if key not in keys]:
        raise Unreadable(f"{where} has a key {_brief(odd[0])} that was not asked for")
    return found


def _list(found: Any, where: str, most: int, least: int = 0) -> list[Any]:
    if not isinstance(found, list):
        raise Unreadable(f"{_brief(where)} is not a list")
    if not least <= len(found) <= most * SPARE:
        raise Unreadable(f"{_brief(where)} has {len(found)} entries")
    return found


def _text(found: Any, where: str, most: int) -> str:
    """A string as it can be shown anywhere: on one line, and without what cannot be printed."""
    if not isinstance(found, str):
        raise Unreadable(f"{_brief(where)} is not a string")
    if len(found) > most * SPARE:
        raise Unreadable(f"{_brief(where)} is longer than {most} characters")
    return one_line(found)


def _cites(found: Any) -> tuple[str, ...]:
    cites = [_text(cite, "cites", WORD) for cite in _list(found, "cites", CITES)]
    return tuple(dict.fromkeys(cites))


def _choice(found: Any, where: str, allowed: Sequence[str]) -> str:
    if not isinstance(found, str) or found not in allowed:
        raise Unreadable(f"{_brief(where)} is none of {', '.join(allowed)}")
    return found


def _observations(found: Any) -> None:
    for each in _list(found, "observations", OBSERVATIONS):
        said = _fields(each, ("source", "says", "cites"), "an observation")
        _choice(said["source"], "source", get_args(Modality))
        _text(said["says"], "says", SAYS)
        _cites(said["cites"])


def _sentence(found: Any) -> tuple[str, str, tuple[str, ...]]:
    said = _fields(found, ("text", "stance", "cites"), "a sentence of the explanation")
    text = _text(said["text"], "text", TEXT)
    if not text:
        raise Unreadable("a sentence of the explanation is empty")
    return text, _choice(said["stance"], "stance", STANCES), _cites(said["cites"])


def _claim(text: str, stance: str, cites: Sequence[str], shown: Mapping[str, Item]) -> Claim | None:
    known = [shown[cite] for cite in cites if cite in shown]
    if not known:
        return None
    sources = {item.source for item in known}
    return Claim(
        text=text,
        cites=tuple(dict.fromkeys(item.cite for item in known)),
        stance="against" if stance == "against" else "supports",
        modality=sources.pop() if len(sources) == 1 else None,
    )


def _label(found: Any, label_set: str) -> str | None:
    if not isinstance(found, str):
        raise Unreadable("'label' is not a string")
    label = resolve(found, label_set)
    if label is None and found.strip().casefold() != ABSTAIN:
        raise Unreadable(f"there is no label {_brief(found)}")
    return label


def _masses(found: Any, label: str | None, label_set: str) -> dict[str, float]:
    """The figures as shares of 1; who abstains need not have any."""
    if not isinstance(found, dict):
        raise Unreadable("'probabilities' is not an object")
    masses = dict[str, int]()
    for word, value in found.items():
        name = resolve(word, label_set)
        if name is None or name in masses:
            raise Unreadable(f"'probabilities' has {_brief(word)}, which is no label or stands there twice")
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 100:
            raise Unreadable(f"the probability of {name} is not a whole number from 0 to 100")
        masses[name] = value
    if missing := [name for name in labels(label_set) if name not in masses]:
        raise Unreadable(f"'probabilities' lacks {missing[0]}")
    total = sum(masses.values())
    if not total and label is not None:
        raise Unreadable("all probabilities are 0")
    return {name: masses[name] / total for name in labels(label_set)} if total else {}


def _open(found: Any, label_set: str) -> tuple[str, ...]:
    said = [_text(word, "open_labels", WORD).lower() for word in _list(found, "open_labels", OPEN_LABELS)]
    kept = [word for word in said if word and resolve(word, label_set) is None]
    return tuple(dict.fromkeys(kept))[:OPEN_LABELS]


def _brief(word: str) -> str:
    """A word of the model's, as data, so that an error can tell it."""
    return as_data(word if len(word) <= 40 else f"{word[:40]}…")

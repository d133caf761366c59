"""Hostile answers: none crashes, none becomes a label that it does not name, all are counted."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted import content, reply

from emoagent.agents.language.answer import KEYS, LanguageAnswer, read_answer
from emoagent.agents.language.evidence import Item
from emoagent.agents.language.question import CASE, REPAIR, SYSTEM
from emoagent.labels import labels
from emoagent.prompts.template import prompt
from emoagent.tools.language.json_answer import LONGEST, Unreadable

SHOWN = {f"E{n}": Item(f"u1.face.{n}", "text" if n == 1 else "face", "{}", f"E{n}") for n in range(1, 5)}
GOOD = content("joy", ["E1", "E2"])
WHOLE = json.dumps(GOOD)
OTHERS: tuple[Any, ...] = (None, True, 0, -1, 1.5, "", "joy", [], {}, [[]], [{}], {"joy": 1}, "\ud800", "\x00")


def read(text: str, finish: str = "stop") -> LanguageAnswer:
    return read_answer(text, finish, SHOWN, "meld7")


def _changed(path: tuple[str | int, ...], value: Any) -> str:
    whole = json.loads(WHOLE)
    inner = whole
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return json.dumps(whole)


def _dropped(path: tuple[str | int, ...]) -> str:
    whole = json.loads(WHOLE)
    inner = whole
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    return json.dumps(whole)


def _paths(found: Any, before: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    steps: Any = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    for step, inner in steps:
        yield (*before, step)
        yield from _paths(inner, (*before, step))


def _masses(**values: Any) -> str:
    return _changed(("probabilities",), {**GOOD["probabilities"], **values})


def _cut() -> Iterator[str]:
    for place in range(0, len(WHOLE), max(1, len(WHOLE) // 120)):
        yield WHOLE[:place]
    yield WHOLE[:-1]
    yield WHOLE[1:]


def _missing() -> Iterator[str]:
    for path in _paths(GOOD):
        if isinstance(path[-1], str):
            yield _dropped(path)


def _labels() -> Iterator[str]:
    for word in (
        "boredom",
        "contempt",
        "love",
        "JOY!",
        "joy, anger",
        "joy\x00",
        "喜び",
        "高兴",
        "Freude",
        "😀",
        "n/a",
        " ",
        "",
    ):
        yield _changed(("label",), word)
    for word in (
        "none",
        "unknown",
        "I cannot tell",
        "neutral?",
        "Neutral emotion",
        "ニュートラル",
        "中性",
        "joy" * 10**5,
    ):
        yield _changed(("label",), word)


def _figures() -> Iterator[str]:
    for value in (-1, 101, 10**400, 0.5, 1e308, "70", "70%", None, True, [70], {"p": 70}, "NaN"):
        yield _masses(joy=value)
    for value in ("NaN", "Infinity", "-Infinity", "1e999", "7" * 5000, "0x10", "+5", "05", "1_0"):
        yield WHOLE.replace('"joy": 70', f'"joy": {value}')
    yield _masses(boredom=10)
    yield _masses(happy=10)
    yield _masses(**dict.fromkeys(labels(), 0))
    yield _changed(("probabilities",), {"joy": 100})
    yield _changed(("probabilities",), [70, 5, 5, 5, 5, 5, 5])


def _doubled() -> Iterator[str]:
    for key in KEYS:
        yield WHOLE[:-1] + f', "{key}": null}}'
        yield WHOLE[:-1] + f', "{key}": {json.dumps(GOOD[key])}}}'
    yield WHOLE.replace('"joy": 70', '"joy": 70, "joy": 0')
    yield WHOLE + WHOLE
    yield f"[{WHOLE}]"
    yield f"{WHOLE}\n{WHOLE}"


def _huge() -> Iterator[str]:
    yield from (
        "a" * 5_000_000,
        "[" * 100_000,
        '{"a":' * 100_000,
        " " * 3_000_000,
        "\n" * 50_000 + "x",
        "```\n" * 9_000,
    )
    yield "[" * 9_000 + "]" * 9_000
    yield '{"a":' * 3_000 + "1" + "}" * 3_000
    yield _changed(("conflict",), "x" * 3_000_000)
    yield _changed(("explanation", 0, "text"), "x" * 5_000)
    yield _changed(("explanation",), GOOD["explanation"] * 50)
    yield _changed(("explanation",), [])
    yield _changed(("observations",), GOOD["observations"] * 17)
    yield _changed(("open_labels",), ["a"] * 13)
    yield _changed(("explanation", 0, "cites"), ["E1"] * 17)
    yield "<think>" + "so " * 9_000 + "</think>" + WHOLE


def _extra() -> Iterator[str]:
    for path in ((), ("probabilities",), ("explanation", 0), ("observations", 0)):
        for key in ("score", "emotion", "__proto__", "\x00", "\ud800", "Label"):
            yield _changed((*path, key), 1)


def _texts() -> Iterator[str]:
    yield from ("", " ", "\n\t", "\ufeff", "\x00", "\ud800", "null", "true", "0", '"joy"', "[]", "{}", "joy", "neutral")
    yield from (prompt(name).text for name in (SYSTEM, CASE, REPAIR))
    yield prompt(SYSTEM).text + WHOLE
    yield f"Sure! Here is the JSON:\n{WHOLE}"
    yield f"{WHOLE}\nI hope that this helps."
    yield f"```json\n{WHOLE}"
    yield f"```python\n{WHOLE}\n```"
    yield f"<think>neutral it is {WHOLE}"
    yield f"{WHOLE}</think>"
    yield WHOLE.replace('"', "'")
    yield WHOLE.replace(": ", "=")
    yield WHOLE.replace("}", "},")
    yield "label: joy"
    yield "The utterance expresses joy."
    yield "这句话表达了高兴。"
    yield "Die Äußerung drückt Freude aus."
    yield "Высказывание нейтральное."
    yield "😀😀😀"
    yield "I'm sorry, but I can't help with that."
    yield "<|im_end|><|im_start|>assistant"
    yield "neutral " * 2_000


def hostile() -> list[tuple[str, str]]:
    """Name of the kind, and the answer. None of them may be read."""
    kinds = {
        "cut": _cut(), "missing": _missing(), "label": _labels(), "figure": _figures(), "doubled": _doubled(),
        "huge": _huge(), "extra": _extra(), "text": _texts(),
    }  # fmt: skip
    return [(kind, text) for kind, texts in kinds.items() for text in texts]


def test_not_one_hostile_answer_is_read_and_none_raises_anything_else() -> None:
    counted, read_all = Counter[str](), list[str]()
    for kind, text in hostile():
        if (reason := _refused(text)) is None:
            read_all.append(f"{kind}: {text[:80]!r}")
            continue
        assert 0 < len(reason.encode()) < 250  # short, and without what cannot be written
        counted[kind] += 1
    assert not read_all
    assert counted.total() >= 300
    assert set(counted) == {kind for kind, _ in hostile()}


def _refused(text: str) -> str | None:
    try:
        read(text)
    except Unreadable as error:
        return str(error)
    return None


def test_a_wrong_type_at_every_place() -> None:
    """Where the other type is right as well (a string for a string), the label is still the one that stands there."""
    refused = taken = 0
    for path in _paths(GOOD):
        for value in OTHERS:
            text = _changed(path, value)
            try:
                found = read(text)
            except Unreadable:
                refused += 1
            else:
                taken += 1
                assert found.label == json.loads(text)["label"] == "joy"
    assert refused >= 300
    assert taken + refused == len(OTHERS) * sum(1 for _ in _paths(GOOD))


def test_what_is_told_of_a_cut_answer() -> None:
    for finish, told in (("length", "cut off"), ("stop", "not one JSON object")):
        with pytest.raises(Unreadable, match=told):
            read(WHOLE[:-20], finish)
    assert read(WHOLE, "length").label == "joy"


@settings(max_examples=60)
@given(st.text(max_size=400))
def test_any_text(text: str) -> None:
    with pytest.raises(Unreadable):
        read(text)


@settings(max_examples=60)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(KEYS),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), inner),
        max_leaves=12,
    )
)
def test_any_json(found: Any) -> None:
    with pytest.raises(Unreadable):
        read(json.dumps(found))


def test_any_mutation_of_a_good_answer_is_read_as_it_stands_or_not_at_all() -> None:
    source, outcomes = random.Random(7), Counter[str]()
    for _ in range(1_500):
        characters = list(WHOLE)
        for _ in range(source.randint(1, 3)):
            place = source.randrange(len(characters))
            characters[place] = source.choice(
                ["", '"', "{", "}", ",", ":", "0", "\\", "x", "\n", "9", "[", "]", "\x00"]
            )
        text = "".join(characters)
        try:
            found = read(text)
        except Unreadable:
            outcomes["unreadable"] += 1
        else:
            outcomes["read"] += 1
            assert found.label == json.loads(text)["label"].casefold()
            assert sum(found.masses.values()) == pytest.approx(1)
    assert outcomes.total() == 1_500
    assert min(outcomes.values()) > 50


def test_a_good_answer() -> None:
    found = read(WHOLE)
    assert found.label == "joy"
    assert found.masses["joy"] == pytest.approx(0.7)
    assert tuple(found.masses) == labels()
    assert found.open_labels == ("delight",)
    [claim] = found.claims
    assert claim.cites == ("u1.face.1", "u1.face.2")
    assert claim.modality is None
    assert (found.invented, found.bare) == (0, 0)


@pytest.mark.parametrize(
    "around", ["{}", "```json\n{}\n```", "```\n{}```", "<think>Hm, neutral?</think>\n{}", "\n {} \n"]
)
def test_what_may_stand_around_it(around: str) -> None:
    assert read(around.replace("{}", WHOLE)).label == "joy"


@pytest.mark.parametrize(
    ("said", "label"), [("happy", "joy"), ("Happiness", "joy"), (" AFRAID ", "fear"), ("sad", "sadness")]
)
def test_labels_by_their_aliases(said: str, label: str) -> None:
    masses = {said if name == label else name: 10 for name in labels()}
    assert read(json.dumps(content(label=said, probabilities=masses))).label == label


def test_abstaining_is_an_answer_and_needs_no_figures() -> None:
    found = read(reply("abstain", probabilities=dict.fromkeys(labels(), 0)))
    assert found.label is None
    assert found.masses == {}


def test_invented_cites_are_dropped_and_counted_and_so_is_a_sentence_that_has_no_other() -> None:
    told = [
        {"text": "One.", "stance": "supports", "cites": ["E9", "E2", "E2"]},
        {"text": "Two.", "stance": "against", "cites": ["u1.face.1", "E0"]},
        {"text": "Three.", "stance": "supports", "cites": []},
    ]
    found = read(reply(explanation=told))
    assert [(claim.text, claim.cites, claim.modality) for claim in found.claims] == [("One.", ("u1.face.2",), "face")]
    assert (found.invented, found.bare) == (3, 2)


def test_texts_are_one_line_that_can_be_printed_and_written() -> None:
    told = [{"text": "A\nB\x00C\u202eD \ud800", "stance": "against", "cites": ["E1"]}]
    found = read(reply(explanation=told, open_labels=["Wry\u2028Smile", "HAPPY", ""]))
    assert found.claims[0].text == "A B C D"
    assert found.open_labels == ("wry smile",)


def test_the_limit_of_an_answer() -> None:
    assert read(WHOLE + " " * (LONGEST - len(WHOLE))).label == "joy"
    with pytest.raises(Unreadable, match="longer than"):
        read(WHOLE + " " * (LONGEST - len(WHOLE) + 1))

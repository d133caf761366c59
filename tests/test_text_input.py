"""How an utterance and the turns before it become tokens."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from emoagent.tools.words.text_input import CLS, LONGEST, OTHER, SAME, SEP, TURNS, UNKNOWN, Said, encode, tokenizer

SPEECH = st.text(alphabet=st.characters(codec="utf-8"), max_size=300)
TURN = st.builds(Said, SPEECH, st.sampled_from([None, "a", "b"]))


def ids(text: str) -> list[int]:
    """The word pieces of `text`."""
    found: list[int] = tokenizer().encode(text, add_special_tokens=False).ids
    return found


def test_the_newest_turn_comes_first_and_says_who_spoke() -> None:
    row = encode(Said("Why me?", "ann"), [Said("Go away.", "ann"), Said("No.", "bob"), Said("Oh!", None)])
    own = [CLS, *ids("Why me?"), SEP]
    turns = [UNKNOWN, *ids("Oh!"), SEP, OTHER, *ids("No."), SEP, SAME, *ids("Go away."), SEP]
    assert row.ids == own + turns
    assert row.types == [0] * len(own) + [1] * len(turns)


def test_names_are_compared_and_never_read() -> None:
    before = [("Hello.", "x"), ("You again?", "y")]
    first = encode(Said("Yes.", "x"), [Said(text, name) for text, name in before])
    second = encode(Said("Yes.", "Q"), [Said(text, {"x": "Q", "y": "Z"}[name]) for text, name in before])
    assert first == second


def test_what_does_not_fit_is_the_oldest() -> None:
    long = " ".join(["word"] * 60)
    row = encode(Said(long, "a"), [Said(f"{name} {long}", "b") for name in ("oldest", "middle", "newest")])
    assert ids("newest")[0] in row.ids
    assert ids("middle")[0] in row.ids
    assert ids("oldest")[0] not in row.ids


def test_cased_and_accented_text_is_read_as_the_pretrained_model_reads_it() -> None:
    assert ids("Café OLÉ?!") == ids("cafe ole?!")
    assert tokenizer().token_to_id("[CLS]") == CLS
    assert tokenizer().token_to_id("[SEP]") == SEP


@given(TURN, st.lists(TURN, max_size=9))
def test_any_text_gives_a_row_that_the_model_can_take(said: Said, before: list[Said]) -> None:
    row = encode(said, before)
    assert len(row.ids) == len(row.types) <= LONGEST
    assert row.ids[0] == CLS
    assert row.types == sorted(row.types)
    assert encode(said, before[-TURNS:]) == row

"""The text model that is shipped, and the opinion that is formed with it."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import pytest
from judging import heard, said

from emoagent.agents import text_opinion as module
from emoagent.agents.text_opinion import text_opinion
from emoagent.errors import ModelMissing
from emoagent.labels import LABEL_SETS
from emoagent.tools.words.text_input import Said
from emoagent.tools.words.text_model import SHIPPED, load, text_model

PLAIN = [
    ("I'm so happy for you, this is wonderful!", "joy"),
    ("I hate you! Get out of my house!", "anger"),
    ("Oh my God! I can't believe it!", "surprise"),
    ("I miss her so much. I can't stop crying.", "sadness"),
    ("I'm scared. Please don't leave me alone in the dark.", "fear"),
    ("The meeting is at ten in the blue room.", "neutral"),
]


@pytest.mark.parametrize(("text", "label"), PLAIN)
def test_plain_words_are_read_plainly(text: str, label: str) -> None:
    masses = text_model().read(Said(text)).distribution
    assert max(masses, key=lambda name: masses[name]) == label


def test_a_reading_is_complete_and_sums_to_one() -> None:
    reading = text_model().read(Said("What a lovely surprise!", "a"), [Said("Look what I got you.", "b")])
    assert tuple(reading.distribution) == LABEL_SETS["meld7"]
    assert tuple(reading.emorynlp7) == LABEL_SETS["emorynlp7"]
    assert sum(reading.distribution.values()) == pytest.approx(1)
    assert sum(reading.emorynlp7.values()) == pytest.approx(1)
    assert -1 <= reading.arousal <= 1
    assert reading.vector.shape == (384,)


def test_valence_and_arousal_point_the_right_way() -> None:
    good, bad = (text_model().read(Said(text)) for text in ("I love this!", "This is a horrible disaster."))
    wild, calm = (text_model().read(Said(text)) for text in ("Run! He has a gun!", "The report is on the shelf."))
    assert good.valence > 0 > bad.valence
    assert wild.arousal > calm.arousal


def test_open_labels_are_words_outside_the_seven() -> None:
    assert "gratitude" in text_model().read(Said("Thank you so much, I really appreciate it.")).open_labels
    assert "neutral" not in text_model().read(Said("The train leaves at nine.")).open_labels


def test_what_was_said_before_counts() -> None:
    alone = text_model().read(Said("Yeah.", "a"))
    after = text_model().read(Said("Yeah.", "a"), [Said("Your father died this morning. I'm so sorry.", "b")])
    assert after.distribution["sadness"] > alone.distribution["sadness"]


def test_the_card_says_what_it_was_made_from() -> None:
    card = json.loads((resources.files("emoagent.tools") / SHIPPED / "card.json").read_text("utf-8"))
    assert not [name for name in card["data"] if "MELD train" in name or "GPL" in name]
    assert {"seed", "revision", "base", "licence"} <= set(card)
    assert (resources.files("emoagent.tools") / SHIPPED / "model.onnx").stat().st_size < 30e6  # type: ignore[attr-defined]


def test_another_model_is_taken_where_it_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EMOAGENT_TEXT_MODEL", str(tmp_path))
    with pytest.raises(ModelMissing, match="no text model"):
        text_model()


def test_a_broken_model_is_told(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"no model")
    (tmp_path / "card.json").write_text("{}", "utf-8")
    with pytest.raises(ModelMissing, match="does not tell 'name'"):
        load(tmp_path)
    card = (resources.files("emoagent.tools") / SHIPPED / "card.json").read_text("utf-8")
    (tmp_path / "card.json").write_text(card, "utf-8")
    with pytest.raises(ModelMissing, match="cannot be read"):
        load(tmp_path)


def test_the_opinion_is_flattened_by_reliability_and_cites_the_words() -> None:
    u = said("I hate you!")
    sure, unsure = (text_opinion.run(u, [heard(u, share)], ()) for share in (1.0, 0.3))
    assert sure.distribution["anger"] > unsure.distribution["anger"] > 1 / 7
    assert sure.cites == unsure.cites == (f"{u.id}.text.1",)
    assert sure.valence is not None
    assert sure.valence < (unsure.valence or 0) < 0


@pytest.mark.parametrize("text", ["", "[inaudible]", "?!", "Ich weiß es wirklich nicht, mein lieber Freund."])
def test_what_cannot_be_read_is_an_abstention(text: str) -> None:
    u = said(text)
    opinion = text_opinion.run(u, [heard(u)], ())
    assert opinion.abstained
    assert opinion.reason


def test_inaudible_turns_before_are_not_read() -> None:
    u, gap, first = said("Yeah.", "u3", "p1", 6), said("[inaudible]", "u2", "p2", 3), said("He died.", "u1", "p2")
    assert text_opinion.run(u, [heard(u)], (first, gap)) == text_opinion.run(u, [heard(u)], (first,))


def test_nothing_is_read_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    u = said("I never want to see this place again.")
    first = text_opinion.run(u, [heard(u)], ())
    monkeypatch.setattr(load().__class__, "read", lambda *_: pytest.fail("read again"))
    assert text_opinion.run(u, [heard(u)], ()) == first
    module._read.cache_clear()

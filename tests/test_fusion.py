from __future__ import annotations

import json
import math
import random
from itertools import combinations
from pathlib import Path

import pytest
from judging import heard, item, said

from emoagent.agents import fusion
from emoagent.agents.conflict import conflicts
from emoagent.agents.fusion import MODALITY, Pool, pool, reliability
from emoagent.errors import UsageError
from emoagent.labels import labels
from emoagent.schema import Evidence, Modality, Opinion, Policy

MODALITIES: tuple[Modality, ...] = ("text", "face", "voice", "behavior")


def _random(seed: int) -> tuple[list[Opinion], list[Evidence]]:
    source, u = random.Random(seed), said("")
    evidence = [item(u, 1, m, "any", reliability=source.uniform(0.1, 1)) for m in MODALITIES]
    opinions = []
    for e in evidence:
        raw = [source.random() ** 3 + 1e-3 for _ in labels()]
        masses = {name: value / sum(raw) for name, value in zip(labels(), raw, strict=True)}
        opinions.append(Opinion(utterance="u1", modality=e.modality, distribution=masses, cites=(e.id,)))
    return opinions, evidence


def _one(modality: Modality, reliable: float = 1.0, **masses: float) -> tuple[Opinion, Evidence]:
    """An opinion with what is left over spread evenly, and its evidence."""
    left = [name for name in labels() if name not in masses]
    even = (1 - sum(masses.values())) / len(left)
    evidence = item(said(""), 1, modality, "any", reliability=reliable)
    distribution = dict.fromkeys(left, even) | masses
    return Opinion(utterance="u1", modality=modality, distribution=distribution, cites=(evidence.id,)), evidence


def _pooled(*pairs: tuple[Opinion, Evidence], policy: Policy = "reliability-weighted") -> Pool:
    opinions, evidence = zip(*pairs, strict=True)
    return pool(opinions, evidence, "meld7", policy, conflicts(opinions, policy))


@pytest.mark.parametrize("seed", range(25))
def test_masking_a_modality_leaves_the_others_in_proportion(seed: int) -> None:
    opinions, evidence = _random(seed)
    whole = {s.opinion.modality: s.weight for s in pool(opinions, evidence, "meld7").shares}
    for masked in MODALITIES:
        left = [
            Opinion(utterance="u1", modality=masked, abstained=True, reason="masked") if o.modality == masked else o
            for o in opinions
        ]
        some = {s.opinion.modality: s.weight for s in pool(left, evidence, "meld7").shares}
        assert masked not in some
        for a, b in combinations(some, 2):
            assert some[a] / some[b] == pytest.approx(whole[a] / whole[b])


@pytest.mark.parametrize("seed", range(10))
def test_what_is_added_explains_the_pool_exactly_in_any_order(seed: int) -> None:
    opinions, evidence = _random(seed)
    pooled = pool(opinions, evidence, "meld7")
    for label, rival in combinations(pooled.ranked[:4], 2):
        odds = math.log(pooled.distribution[label] / pooled.distribution[rival])
        assert sum(pooled.adds(share, label, rival) for share in pooled.shares) == pytest.approx(odds, abs=0.05)
    assert pooled.distribution == pytest.approx(pool(opinions[::-1], evidence, "meld7").distribution)


@pytest.mark.parametrize("modality", ["text", "voice"])
def test_whoever_is_alone_counts_in_full(modality: Modality) -> None:
    [share] = _pooled(_one(modality, 0.3, joy=0.6)).shares
    assert (share.weight, share.reliability) == (1.0, 0.3)


def test_a_lone_text_keeps_its_distribution_and_company_makes_it_surer() -> None:
    alone = _one("text", 0.6, joy=0.6)
    assert _pooled(alone).distribution == pytest.approx(alone[0].distribution, abs=1e-3)
    assert _pooled(alone, _one("face", 0.6, joy=0.6)).distribution["joy"] > 0.7


def test_a_uniform_opinion_adds_nothing() -> None:
    text = _one("text", joy=0.6)
    assert _pooled(text, _one("face"), _one("voice")).distribution == pytest.approx(_pooled(text).distribution)


def test_pool_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fusion, "CARRIED", 0.0)
    power = 0.5 * MODALITY["face"]
    pooled = _pooled(_one("text", joy=0.4), _one("face", 0.5, sadness=0.4))
    powers = dict.fromkeys(labels(), 0.1 * float(0.1**power)) | {
        "joy": 0.4 * 0.1**power,
        "sadness": 0.1 * 0.4**power,
    }
    total = sum(powers.values())
    assert pooled.distribution == pytest.approx({name: value / total for name, value in powers.items()}, abs=1e-3)


def test_a_label_counts_by_how_reliable_the_channel_is_about_it(monkeypatch: pytest.MonkeyPatch) -> None:
    face, voice = _one("face", joy=0.5), _one("voice", anger=0.5)
    monkeypatch.setattr(fusion, "CARRIED", 1.0)
    assert reliability("face", "joy") == pytest.approx(2.0, abs=0.1)
    assert reliability("voice", "anger") > reliability("face", "anger")
    assert reliability("face", "surprise") == reliability("text", "joy") == 1.0
    fitted = _pooled(face, voice).distribution["joy"]
    monkeypatch.setattr(fusion, "CARRIED", 0.0)
    assert fitted > _pooled(face, voice).distribution["joy"]


def test_nothing_gives_nothing_rather_than_neutral() -> None:
    silent = Opinion(utterance="u1", modality="text", abstained=True, reason="no words")
    assert pool([silent], [], "meld7").distribution == {}
    assert pool([_one("text", joy=0.9)[0]], [], "meld7").distribution == {}


def test_face_and_voice_first_decide_a_conflict() -> None:
    text, face, voice = _one("text", joy=0.7), _one("face", sadness=0.7), _one("voice", anger=0.8)
    policies: tuple[Policy, ...] = ("reliability-weighted", "report-both", "face-first", "voice-first")
    first = {policy: _pooled(text, face, voice, policy=policy).ranked[0] for policy in policies}
    assert first["face-first"] == "sadness"
    assert first["voice-first"] == "anger"
    assert first["report-both"] == first["reliability-weighted"]
    agreed = _pooled(text, _one("face", joy=0.6), policy="face-first")
    assert {s.weight for s in agreed.shares} == {MODALITY["text"], MODALITY["face"]}


def test_valence_arousal_and_open_labels_are_those_of_the_opinions() -> None:
    (text, quoted), (voice, tone) = _one("text", joy=0.7), _one("voice", joy=0.3)
    text = text.model_copy(update={"valence": 0.8, "arousal": 0.1, "open_labels": ("pride", "love")})
    voice = voice.model_copy(update={"arousal": 0.9, "open_labels": ("love", "triumph")})
    pooled = pool([text, voice], [quoted, tone], "meld7")
    weight = MODALITY["voice"]
    assert pooled.valence == 0.8
    assert pooled.arousal == pytest.approx((0.1 + weight * 0.9) / (1 + weight), abs=1e-4)
    assert pooled.open_labels == ("pride", "love", "triumph")
    sad, _ = _one("face", sadness=0.4)
    against = pool([text, sad.model_copy(update={"open_labels": ("grief",)})], [quoted, _one("face")[1]], "meld7")
    assert "grief" not in against.open_labels
    plain = _pooled(_one("text", joy=1.0))
    assert plain.valence == pytest.approx(0.8, abs=0.05)


def test_confidence_rises_with_what_the_pool_says() -> None:
    sure, unsure = (_pooled(_one("text", joy=p)).confidence for p in (0.9, 0.4))
    assert 0 < unsure < sure < 0.9


def test_what_comes_later_counts_less_than_the_words() -> None:
    text, memory = _one("text", joy=0.5), _one("dialogue", anger=0.9)
    pooled = _pooled(text, memory)
    assert [share.weight for share in pooled.shares] == [1.0, MODALITY["dialogue"]]
    assert pooled.distribution["anger"] > _pooled(text).distribution["anger"]


def test_labels_of_another_set_are_refused() -> None:
    u = said("")
    opinion = Opinion(utterance="u1", modality="text", distribution={"joy": 1.0}, cites=(heard(u).id,))
    with pytest.raises(UsageError, match="emorynlp7 has no label"):
        pool([opinion], [heard(u)], "emorynlp7")


def test_the_shipped_weights_come_from_the_recipe(shared: Path, tmp_path: Path) -> None:
    from emoagent.training.fusion import OUT, main

    main(["--data", str(shared / "data"), "--out", str(tmp_path / "weights.json")])
    assert (tmp_path / "weights.json").read_text() == OUT.read_text()
    to_face = json.loads(OUT.read_text())["voice_to_face"]
    assert MODALITY["voice"] / MODALITY["face"] == pytest.approx(to_face, abs=0.01)

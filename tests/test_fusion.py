from __future__ import annotations

import csv
import math
import random
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import pytest
from judging import heard, item, said

from emoagent.agents.fusion import WEIGHTS, pool
from emoagent.errors import UsageError
from emoagent.labels import labels
from emoagent.schema import Evidence, Modality, Opinion

MODALITIES: tuple[Modality, ...] = ("text", "face", "voice", "dialogue")


def _random(seed: int) -> tuple[list[Opinion], list[Evidence]]:
    source, u = random.Random(seed), said("")
    evidence = [item(u, 1, m, "any", reliability=source.uniform(0.1, 1)) for m in MODALITIES]
    opinions = []
    for e in evidence:
        raw = [source.random() ** 3 + 1e-3 for _ in labels()]
        masses = {name: value / sum(raw) for name, value in zip(labels(), raw, strict=True)}
        opinions.append(Opinion(utterance="u1", modality=e.modality, distribution=masses, cites=(e.id,)))
    return opinions, evidence


@pytest.mark.parametrize("seed", range(25))
def test_masking_a_modality_leaves_the_others_in_proportion(seed: int) -> None:
    opinions, evidence = _random(seed)
    whole = {s.opinion.modality: s.weight for s in pool(opinions, evidence, "meld7").shares}
    assert sum(whole.values()) == pytest.approx(1)
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
def test_what_all_say_stays_and_order_does_not_matter(seed: int) -> None:
    opinions, evidence = _random(seed)
    same = [o.model_copy(update={"distribution": opinions[0].distribution}) for o in opinions]
    pooled = pool(same, evidence, "meld7").distribution
    assert pooled == pytest.approx(opinions[0].distribution, abs=0.01)
    assert pool(opinions, evidence, "meld7").distribution == pool(opinions[::-1], evidence, "meld7").distribution


def test_nothing_gives_nothing_rather_than_neutral() -> None:
    silent = Opinion(utterance="u1", modality="text", abstained=True, reason="no words")
    assert pool([silent], [], "meld7").distribution == {}


def test_confidence_is_below_the_pooled_probability() -> None:
    u = said("I am so happy!")
    masses = dict.fromkeys(labels(), 0.05) | {"joy": 0.7}
    opinion = Opinion(utterance="u1", modality="text", distribution=masses, cites=(heard(u).id,))
    sure, unsure = (pool([opinion], [heard(u, r)], "meld7").confidence for r in (1.0, 0.3))
    assert unsure < sure < 0.7


def test_labels_of_another_set_are_refused() -> None:
    u = said("")
    opinion = Opinion(utterance="u1", modality="text", distribution={"joy": 1.0}, cites=(heard(u).id,))
    with pytest.raises(UsageError, match="emorynlp7 has no label"):
        pool([opinion], [heard(u)], "emorynlp7")


def test_face_against_voice_as_the_crowd_weighs_them(shared: Path) -> None:
    """The weights predict what CREMA-D's crowd sees in face and voice together better than either channel alone."""
    votes: dict[str, dict[str, list[float]]] = defaultdict(dict)
    with (shared / "data" / "crema_d" / "tabulatedVotes.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            votes[row["fileName"]][row[""][0]] = [float(row[k]) for k in "ADFHNS"]
    right = {"pool": 0.0, "face": 0.0, "voice": 0.0}
    for by_channel in votes.values():
        logs = {c: [math.log((v + 0.5) / (sum(votes) + 3)) for v in votes] for c, votes in by_channel.items()}
        pooled = [WEIGHTS["voice"] * a + WEIGHTS["face"] * b for a, b in zip(logs["1"], logs["2"], strict=True)]
        for name, scores in (("pool", pooled), ("face", logs["2"]), ("voice", logs["1"])):
            truth = by_channel["3"]
            right[name] += truth[scores.index(max(scores))] == max(truth)
    assert right["pool"] / len(votes) > 0.81
    assert right["pool"] > right["face"] > right["voice"]

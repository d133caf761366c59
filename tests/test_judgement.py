"""Whatever the evidence, a judgement is a legal record: random cases through opinions, verdict and audit."""

from __future__ import annotations

import random

import pytest
from judging import case_of, heard, item, said, seen, voiced

from emoagent.agents.auditor import audit
from emoagent.agents.case import Case, Turn
from emoagent.agents.reasoner import embedded
from emoagent.agents.voice_opinion import CUES
from emoagent.labels import labels
from emoagent.schema import Evidence, Policy, Utterance

LINES = ("", "?!", "Oh my God!", "I am so sorry.", "You idiot!", "So happy for you, wonderful!", "bin ich", "At ten.")
UNITS = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45)
POLICIES: tuple[Policy, ...] = ("reliability-weighted", "report-both", "face-first", "voice-first")


def _evidence(source: random.Random, u: Utterance) -> list[Evidence]:
    units = [(f"AU{n}", source.uniform(0, 5)) for n in source.sample(UNITS, source.randint(0, 6))]
    face = [e for name, value in units for e in seen(u, None, source.random(), **{name: value})]
    face = [e.model_copy(update={"id": f"{u.id}.face.{i}"}) for i, e in enumerate(face)]
    cues = {kind: source.gauss(0, 3) for kind in source.sample(sorted(CUES), source.randint(0, 6))}
    parts = [
        [heard(u, source.random())],
        face,
        voiced(u, source.choice((0.0, 0.5, 1.0)), **cues),
        [item(u, 90, "face", "face_at_rest", reliability=source.random(), person=source.choice((None, "p2")))],
    ]
    return [e for part in parts if source.random() < 0.7 for e in part]


def _case(seed: int) -> Case:
    source = random.Random(seed)
    history = list[Turn]()
    for number in range(source.randint(0, 2)):
        u = said(source.choice(LINES), f"u{number}", source.choice((None, "p1", "p2")), 3.0 * number)
        history.append(Turn(u, embedded(case_of(u, [heard(u)], history)).verdict))
    u = said(source.choice(LINES), "u9", source.choice((None, "p1")), 9.0)
    return case_of(u, _evidence(source, u), history, source.choice(POLICIES))


@pytest.mark.parametrize("block", range(10))
def test_any_case_gives_a_legal_judgement(block: int) -> None:
    for seed in range(40 * block, 40 * block + 40):
        case = _case(seed)
        judgement = embedded(case)
        verdict, known = judgement.verdict, {e.id for e in case.evidence}
        assert embedded(case) == judgement
        assert verdict.label is None or verdict.label in labels()
        assert {cite for claim in verdict.claims for cite in claim.cites} <= known
        assert verdict.label is None or verdict.claims
        assert verdict.conflict == (judgement.conflicts[0].id if judgement.conflicts else None)
        speaks = [o for o in case.opinions if not o.abstained and o.modality != "dialogue"]
        assert speaks or verdict.label is None
        assert (audit(case, verdict).finding == "not-tested") == (verdict.label is None)

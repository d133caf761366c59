from __future__ import annotations

import statistics
import time

from judging import case_of, heard, item, said, seen, voiced

from emoagent.agents.auditor import audit
from emoagent.agents.case import Case, Judgement
from emoagent.agents.reasoner import embedded
from emoagent.schema import Claim

LINE = "I am so happy for you, this is wonderful!"


def _rich() -> Case:
    u = said(LINE)
    others = [item(u, n, "face", "head_pose", {"yaw": (5.0, "degrees")}) for n in range(5, 12)]
    voice = voiced(u, pitch=2.0, loudness=1.5, rate=0.2, effort=0.1)
    return case_of(u, [heard(u), *seen(u, AU6=3.0, AU12=4.0, AU25=2.0), *voice, *others])


def test_a_verdict_that_stands_on_its_evidence_is_carried() -> None:
    case = _rich()
    verdict = embedded(case).verdict
    result = audit(case, verdict)
    assert result.finding == "carried"
    assert result.cited_flipped
    assert result.uncited_divergence is not None
    assert result.uncited_divergence < 0.05 < result.cited_divergence
    assert len(result.claims) == len(verdict.claims)


def test_an_explanation_that_cites_what_does_not_matter_is_decoration() -> None:
    case = _rich()
    idle = Claim(text="The head is straight.", cites=("u1.face.5",))
    verdict = embedded(case).verdict.model_copy(update={"claims": (idle,)})
    result = audit(case, verdict)
    assert (result.finding, result.cited_flipped) == ("decoration", False)


def test_a_reasoner_that_ignores_the_evidence_is_decoration() -> None:
    case = _rich()
    stubborn = embedded(case)

    def judge(_: Case) -> Judgement:
        return stubborn

    assert audit(case, stubborn.verdict, judge=judge).finding == "decoration"


def test_when_nothing_is_left_the_verdict_counts_as_flipped() -> None:
    u = said(LINE)
    case = case_of(u, [heard(u)])
    result = audit(case, embedded(case).verdict)
    assert result.cited_flipped
    assert result.cited_divergence > 0.1
    assert (result.uncited_divergence, result.uncited_flipped) == (None, None)


def test_an_abstention_is_not_tested() -> None:
    case = case_of(said(""), [])
    assert audit(case, embedded(case).verdict).finding == "not-tested"


def test_the_same_case_gives_the_same_audit_within_20_ms() -> None:
    case = _rich()
    verdict = embedded(case).verdict
    first, times = audit(case, verdict), list[float]()
    for _ in range(9):
        began = time.perf_counter()
        assert audit(case, verdict) == first
        times.append(time.perf_counter() - began)
    assert statistics.median(times) < 0.02

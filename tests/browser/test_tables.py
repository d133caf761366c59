"""Everything as tables, the people, where it comes from, and two results side by side."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from axe_findings import grave
from watched import Opened

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from emoagent.schema import Trace


def _rows(page: Page, name: str) -> list[str]:
    """The text of every row of a table, over all of its pages."""
    page.get_by_test_id("tab-table").click()
    page.get_by_test_id("table-name").select_option(name)
    found: list[str] = page.get_by_test_id("row").all_inner_texts()
    following = page.get_by_role("button", name="Next page")
    while following.count() and following.is_enabled():
        following.click()
        found += page.get_by_test_id("row").all_inner_texts()
    return found


def test_tables_hold_everything(opened: Opened, report: str, trace: Trace) -> None:
    watched = opened()
    page = watched.open(report)
    told = {
        "utterances": [utterance.text for utterance in trace.utterances],
        "evidence": [item.finding for item in trace.evidence],
        "claims": [claim.text for verdict in trace.verdicts for claim in verdict.claims],
        "opinions": [opinion.utterance for opinion in trace.opinions],
        "conflicts": [conflict.id for conflict in trace.conflicts],
        "verdicts": [verdict.utterance for verdict in trace.verdicts],
        "words": [word.text for utterance in trace.utterances for word in utterance.words],
    }
    for name, texts in told.items():
        rows = _rows(page, name)
        assert len(rows) == len(texts), name
        assert all(any(text in row for row in rows) for text in texts), name
    assert len(_rows(page, "series")) > 10
    watched.check("file:")


def test_a_table_is_sorted_filtered_and_leads_to_its_time(opened: Opened, report: str, trace: Trace) -> None:
    page = opened().open(report)
    page.get_by_test_id("tab-table").click()
    head = page.get_by_role("columnheader", name=re.compile("Confidence"))
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    sure = min(verdict.confidence for verdict in trace.verdicts if verdict.confidence is not None)
    assert f"{sure * 100:.1f} %" in " ".join(page.get_by_test_id("row").first.inner_text().split())
    page.get_by_test_id("table-filter").fill("countdown nine")
    assert page.get_by_test_id("row").count() == 1
    page.get_by_test_id("row").get_by_role("button").first.click()
    page.get_by_test_id("tab-utterance").click()
    page.locator("article[data-utterance=u1]").wait_for()


def test_the_people(opened: Opened, report: str, trace: Trace) -> None:
    page = opened().open(report)
    page.get_by_test_id("tab-people").click()
    told = page.get_by_role("tabpanel").inner_text()
    assert all(person.name in told for person in trace.people if person.name)


def test_where_it_comes_from(opened: Opened, report: str, trace: Trace) -> None:
    page = opened().open(report)
    page.get_by_test_id("tab-provenance").click()
    for fold in page.get_by_role("tabpanel").locator("summary").all():
        fold.click()
    told, origin = page.get_by_role("tabpanel").inner_text(), trace.provenance
    models = [word for model in origin.models for word in (model.name, model.sha256, model.licence)]
    facts = (trace.clip.sha256, origin.emoagent, origin.python, origin.profile_reason)
    for words in (*facts, *origin.packages, *models, *origin.settings, *(agent.revision for agent in origin.agents)):
        assert words in told or words.replace("_", " ") in told, words


def test_two_results_differences_first(
    opened: Opened, sampled: tuple[Trace, Path], artefacts: Path, tmp_path: Path
) -> None:
    trace, folder = sampled
    record = json.loads(trace.model_dump_json())
    changed = record["verdicts"][5]
    changed["label"] = next(label for label in changed["distribution"] if label != changed["label"])
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "trace.json").write_text(json.dumps(record), encoding="utf-8")
    path = tmp_path / "compared.html"
    command = [sys.executable, "-P", "-m", "emoagent", "compare", str(folder), str(tmp_path / "other"), "-o", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    watched = opened()
    page = watched.open(path.as_uri())
    page.get_by_test_id("tab-compare").click()
    pairs = page.get_by_test_id("pair")
    pairs.first.wait_for()
    page.screenshot(path=artefacts / "compare-light.png")
    assert not grave(page)
    page.emulate_media(color_scheme="dark")
    page.screenshot(path=artefacts / "compare-dark.png")
    assert not grave(page)
    assert [pair.get_attribute("data-same") for pair in pairs.all()] == ["false", *["true"] * 7]
    assert f"7 of {len(trace.utterances)}" in page.get_by_test_id("agreement").inner_text()
    page.get_by_test_id("only-differences").check()
    assert pairs.count() == 1
    watched.check("file:")

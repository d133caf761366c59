"""`emoagent import`: corrections of people as a new layer beside a run, and how far they agree with the machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emoagent.viewer.importing import Imported


def run(source: Path, file: Path, *, reviewed: bool, as_json: bool) -> None:
    """Imports, makes the run's page anew if there is one, and prints what was applied.
    Raises as `emoagent.viewer.importing.import_corrections`."""
    from emoagent.viewer.importing import import_corrections

    imported = import_corrections(source, file, reviewed=reviewed)
    page = _page(source) if imported.fresh else None
    told = json.dumps(_object(imported, page), indent=1) if as_json else "\n".join(_lines(imported, page))
    sys.stdout.write(f"{told}\n")


def _page(source: Path) -> Path | None:
    from emoagent.commands.report import REPORT
    from emoagent.commands.report import run as report

    folder = source if source.is_dir() else source.parent
    return report(source, None, None) if (folder / REPORT).exists() else None


def _object(imported: Imported, page: Path | None) -> dict[str, Any]:
    labels, speakers = _count(imported, "label"), _count(imported, "person")
    return {
        "layer": imported.layer, "new": imported.fresh, "labels": labels, "speakers": speakers, "stale": imported.stale,
        "agreement": imported.agreement.model_dump(mode="json"), "remarks": imported.remarks,
        "report": None if page is None else str(page),
    }  # fmt: skip


def _count(imported: Imported, what: str) -> dict[str, int]:
    said = [each for each in imported.corrections if each.field == what]
    confirmed = sum(each.before == each.after for each in said)
    return {"changed": len(said) - confirmed, "confirmed": confirmed}


def _lines(imported: Imported, page: Path | None) -> Iterator[str]:
    labels, people = _count(imported, "label"), _count(imported, "person")
    if imported.layer is None:
        yield "nothing in the file differs from the run: nothing was applied"
    else:
        yield imported.layer if imported.fresh else f"{imported.layer} was imported before: nothing new was applied"
        yield f"labels: {labels['changed']} changed, {labels['confirmed']} confirmed"
        yield f"speakers: {people['changed']} changed, {people['confirmed']} confirmed"
    yield from _agreement(imported, confirmed=labels["confirmed"])
    if imported.stale:
        yield f"{imported.stale} were made on something else than what this run says"
    yield from (f"in the file: {remark}" for remark in imported.remarks)
    if page is not None:
        yield f"the page was made anew: {page}"


def _agreement(imported: Imported, *, confirmed: int) -> Iterator[str]:
    told = imported.agreement
    if told.n == 0:
        return
    kappa = "not defined" if told.kappa is None else f"{told.kappa:.2f}"
    yield f"agreement of people and machine on labels: {told.same} of {told.n}, Cohen's kappa {kappa}"
    if not confirmed:
        yield "  (labels that the file leaves alone do not count; with --reviewed they count as confirmed)"
    width = max(len(name) for name in ("machine", *(row[0] for row in told.rows)))
    other = max(len(name) for name in ("people", *(row[1] for row in told.rows)))
    yield f"  {'machine':{width}}  {'people':{other}}  utterances"
    yield from (f"  {machine:{width}}  {people:{other}}  {count:10}" for machine, people, count in told.rows)

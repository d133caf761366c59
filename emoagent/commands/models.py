"""`emoagent models`: the files that the package index does not bring."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from emoagent.commands.listing import show
from emoagent.errors import ModelMissing
from emoagent.tools import assets

COLUMNS = ("name", "state", "MB", "licence", "what it is", "source")


def listing(*, as_json: bool) -> None:
    """Prints every model file with its state."""
    _print([_row(asset, assets.status(asset)) for asset in assets.listed()], as_json)


def pull(names: list[str]) -> None:
    """Fetches the named files, or those that the embedded profile needs. Raises `ModelMissing`."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    for name in names or assets.needed():
        with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
            task = bars.add_task(name, total=None)
            path = assets.pull(name, lambda done, total: bars.update(task, completed=done, total=total))  # noqa: B023
        sys.stdout.write(f"{path}\n")


def verify(*, as_json: bool) -> None:
    """Checks the sha256 of every cached file. Raises `ModelMissing` if one is corrupt or all are absent."""
    states = {asset.name: assets.verify(asset.name) for asset in assets.listed()}
    _print([_row(asset, states[asset.name]) for asset in assets.listed()], as_json)
    if bad := [name for name, state in states.items() if state == "corrupt"]:
        raise ModelMissing(f"corrupt: {', '.join(bad)}", hint=f"emoagent models pull {' '.join(bad)}")
    if "verified" not in states.values():
        raise ModelMissing("no model file has been fetched yet", hint="emoagent models pull")


def _row(asset: assets.Asset, state: str) -> tuple[str, ...]:
    return asset.name, state, f"{asset.size / 1e6:.1f}", asset.licence, asset.what, str(asset.source)


def _print(rows: list[tuple[str, ...]], as_json: bool) -> None:
    show(COLUMNS, rows, as_json=as_json, hidden=("source",))
    if not as_json:
        sys.stdout.write(f"kept in {assets.cache_folder()}\n")

"""`emoagent models`: the files that the package index does not bring, and the models of the hub."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from emoagent.commands.listing import show
from emoagent.errors import ModelMissing, UsageError
from emoagent.tools.weights import assets, hub_bundle, hub_lock, hub_models, hub_pull
from emoagent.tools.weights.hub_lock import Locked
from emoagent.tools.weights.hub_models import MODELS, HubModel

COLUMNS = ("name", "state", "MB", "licence", "what it is", "profiles", "repository", "revision", "source", "path")
HIDDEN = ("profiles", "repository", "revision", "source", "path")
SAFE = "weights are safetensors; Whisper's model.bin is CTranslate2's own format: neither is a pickle\n"


def listing(*, as_json: bool) -> None:
    """Prints every model with its state."""
    locks = hub_lock.read_lock()
    rows = [_row(asset, assets.status(asset)) for asset in assets.listed()]
    _print([*rows, *(_hub_row(name, locks.get(name), _state(locks.get(name))) for name in _names(locks))], as_json)


def pull(names: list[str], *, revision: str | None = None, profile: str | None = None) -> None:
    """Fetches the named models, or those of a profile. Raises `ModelMissing` and what `hub_pull.pull` does."""
    wanted = [*names, *_of_profile(profile)] if names or profile else assets.needed()
    for name in wanted:
        path = _pull_hub(name, revision) if "/" in hub_models.repository_of(name) else _pull_file(name)
        sys.stdout.write(f"{path}\n")


def _pull_file(name: str) -> Path:
    with _bar(name) as told:
        return assets.pull(name, told)


def _pull_hub(name: str, revision: str | None) -> Path:
    with _bar(name) as told:
        model = hub_pull.pull(name, revision=revision, progress=told)
    _tell(model)
    return model.folder


def unbundle(source: Path) -> None:
    """Puts what is in a bundle into the caches."""
    with _bar(source.name) as told:
        models, files = hub_bundle.unbundle(source, told)
    for model in models:
        _tell(model)
    for path in (*(asset.path for asset in files), *(model.folder for model in models)):
        sys.stdout.write(f"{path}\n")


def bundle(names: list[str], target: Path) -> None:
    """Packs the named models, or all that are here, into one file. Raises `ModelMissing` where one is damaged."""
    locks = hub_lock.read_lock()
    known = {*assets.ASSETS, *locks}
    wanted = [hub_models.repository_of(name) for name in names] or sorted(known)
    if absent := [name for name in wanted if name not in known]:
        raise ModelMissing(f"{absent[0]} has not been pulled", hint=f"emoagent models pull {absent[0]}")
    files = [asset for asset in assets.listed() if asset.name in wanted and _here(asset, named=bool(names))]
    models = [locks[name] for name in wanted if name in locks]
    if not files and not models:
        raise ModelMissing("no model has been fetched yet", hint="emoagent models pull")
    _check(models)
    with _bar(target.name) as told:
        hub_bundle.bundle(target, models, files, told)
    sys.stdout.write(f"{target}\n")


def verify(*, as_json: bool) -> None:
    """Checks the sha256 of every cached file. Raises `ModelMissing` if one is corrupt or all are absent."""
    states = {asset.name: str(assets.verify(asset.name)) for asset in assets.listed()}
    locks = hub_lock.read_lock()
    checked = {name: "corrupt" if hub_pull.damaged(model) else "verified" for name, model in locks.items()}
    rows = [_row(asset, states[asset.name]) for asset in assets.listed()]
    _print([*rows, *(_hub_row(name, locks[name], checked[name]) for name in sorted(locks))], as_json)
    if bad := [name for name, state in (states | checked).items() if state == "corrupt"]:
        raise ModelMissing(f"corrupt: {', '.join(bad)}", hint=f"emoagent models pull {' '.join(bad)}")
    if "verified" not in (states | checked).values():
        raise ModelMissing("no model file has been fetched yet", hint="emoagent models pull")


def _of_profile(profile: str | None) -> list[str]:
    if profile is None:
        return []
    if profile not in ("embedded", "local", "server"):
        raise UsageError(f"there is no profile {profile!r}", hint="embedded, local or server")
    return [*assets.needed(), *(hub_models.defaults(profile) if profile != "embedded" else ())]


def _here(asset: assets.Asset, *, named: bool) -> bool:
    state = assets.verify(asset.name)
    if state == "corrupt" or (state == "absent" and named):
        raise ModelMissing(f"{asset.name} is {state}", hint=f"emoagent models pull {asset.name}")
    return state == "verified"


def _check(models: list[Locked]) -> None:
    for model in models:
        if bad := hub_pull.damaged(model):
            hint = f"emoagent models pull {model.repository}"
            raise ModelMissing(f"{bad[0]} of {model.repository} is damaged", hint=hint)


def _names(locks: dict[str, Locked]) -> list[str]:
    return [*MODELS, *sorted(set(locks) - set(MODELS))]


def _state(locked: Locked | None) -> str:
    if locked is None:
        return "absent"
    return "present" if hub_models.complete(locked) else "incomplete"


def _row(asset: assets.Asset, state: str) -> tuple[str, ...]:
    path = str(asset.path) if state != "absent" else ""
    size = f"{asset.size / 1e6:.1f}"
    return asset.name, state, size, asset.licence, asset.what, "embedded", "", "", str(asset.source), path


def _hub_row(name: str, locked: Locked | None, state: str) -> tuple[str, ...]:
    known = MODELS.get(name) or HubModel(name, "reasoner", "", "", 0, profiles=())
    size = f"{locked.size / 1e6:.1f}" if locked else f"~{known.megabytes}"
    marks = [text for text, set_ in (("gated", known.gated), ("default", known.default)) if set_]
    licence = (locked.licence if locked else known.licence) + (", not for commercial use" if known.restricted else "")
    what = known.what + (f" ({', '.join(marks)})" if marks else "")
    revision, path = (locked.revision, str(locked.folder)) if locked else ("", "")
    return known.alias or name, state, size, licence, what, ",".join(known.profiles), name, revision, "model hub", path


def _print(rows: list[tuple[str, ...]], as_json: bool) -> None:
    show(COLUMNS, rows, as_json=as_json, hidden=HIDDEN)
    if not as_json:
        sys.stdout.write(f"kept in {assets.cache_folder()} and, of the hub, in {hub_lock.hub_cache()}\n{SAFE}")


def _tell(model: Locked) -> None:
    """What is worth knowing before it is used: commit, size, licence."""
    note = "; not for commercial use" if (known := MODELS.get(model.repository)) and known.restricted else ""
    line = f"{model.repository} at {model.revision[:12]}, {model.size / 1e6:.1f} MB, licence: {model.licence}{note}\n"
    sys.stderr.write(line)


@contextmanager
def _bar(name: str) -> Iterator[Callable[[int, int | None], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(name, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)

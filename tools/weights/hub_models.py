"""The models of the hub that the profiles `local` and `server` can use, and where a pulled one lies.

Sizes are rounded; revision, exact sizes and sha256 are pinned when a model is pulled. Any other `organisation/model`
can be pulled too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from emoagent.errors import ModelMissing
from emoagent.tools.weights.hub_lock import Locked, read_lock

Task = Literal["reasoner", "vision", "speech", "alignment", "speakers", "sentences"]

REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


@dataclass(frozen=True)
class HubModel:
    """A model that the profiles know. `megabytes` is rounded; `profiles`: where it can be used, `default`: is used.

    `restricted`: its licence forbids commercial use. `alias`: a short name. `unpullable`: why it is never pulled.
    """

    repository: str
    task: Task
    what: str
    licence: str
    megabytes: int
    profiles: tuple[str, ...] = ("local", "server")
    default: bool = False
    restricted: bool = False
    gated: bool = False
    alias: str = ""
    unpullable: str = ""


def _whisper(size: str, megabytes: int, organisation: str = "Systran", *, default: bool = False) -> HubModel:
    name, what = f"{organisation}/faster-whisper-{size}", "words and times (Whisper)"
    return HubModel(name, "speech", what, "MIT", megabytes, default=default, alias=size)


def _aligner(code: str, language: str, repository: str = "", megabytes: int = 1262) -> HubModel:
    name = repository or f"jonatasgrosman/wav2vec2-large-xlsr-53-{language.lower()}"
    what = f"word times, {language} (wav2vec 2.0)"
    return HubModel(name, "alignment", what, "Apache-2.0", megabytes, alias=f"align-{code}")


_KNOWN = (
    HubModel("Qwen/Qwen3-8B", "reasoner", "reads the evidence and judges", "Apache-2.0", 16_400, default=True),
    HubModel("Qwen/Qwen3-4B", "reasoner", "the same, half the size", "Apache-2.0", 8_100),
    HubModel("Qwen/Qwen2.5-VL-7B-Instruct", "vision", "describes behaviour in frames", "Apache-2.0", 16_600,
             default=True),
    HubModel("Qwen/Qwen2-VL-7B-Instruct", "vision", "describes behaviour in frames", "Apache-2.0", 16_600),
    HubModel("Qwen/Qwen2-VL-2B-Instruct", "vision", "the same, a quarter of the size", "Apache-2.0", 4_400),
    HubModel("Qwen/Qwen2.5-VL-3B-Instruct", "vision", "the same, for research only", "Qwen Research License", 7_500,
             restricted=True),
    _whisper("tiny", 76), _whisper("base", 146), _whisper("small", 484), _whisper("medium", 1_530),
    _whisper("large-v2", 3_090), _whisper("large-v3", 3_090),
    _whisper("large-v3-turbo", 1_620, "mobiuslabsgmbh", default=True),
    _aligner("en", "English", "facebook/wav2vec2-base-960h", 378),
    _aligner("de", "German"), _aligner("fr", "French"), _aligner("es", "Spanish"), _aligner("it", "Italian"),
    _aligner("pt", "Portuguese"), _aligner("nl", "Dutch"), _aligner("ru", "Russian"), _aligner("pl", "Polish"),
    _aligner("el", "Greek"), _aligner("fi", "Finnish"), _aligner("hu", "Hungarian"), _aligner("ar", "Arabic"),
    _aligner("fa", "Persian"), _aligner("ja", "Japanese"),
    _aligner("zh", "Chinese", "jonatasgrosman/wav2vec2-large-xlsr-53-chinese-zh-cn"),
    HubModel("pyannote/speaker-diarization-community-1", "speakers", "who speaks when", "CC-BY-4.0", 34, gated=True,
             alias="speaker-diarization",
             unpullable="its weights are pickles; `hf download` fetches them with HF_TOKEN, and without them the "
             "embedded clustering says who speaks"),
    HubModel("sentence-transformers/all-MiniLM-L6-v2", "sentences", "the encoder that the text model starts from",
             "Apache-2.0", 91, ("train",), alias="all-MiniLM-L6-v2"),
)  # fmt: skip
MODELS = {model.repository: model for model in _KNOWN}
ALIASES = {model.alias: model.repository for model in _KNOWN if model.alias}


def is_repository(name: str) -> bool:
    """Whether the name has the form `organisation/model`."""
    return REPOSITORY.fullmatch(name) is not None and ".." not in name and "--" not in name


def repository_of(name: str) -> str:
    """The repository that a short name means (`large-v3`); any other name stays."""
    return ALIASES.get(name, name)


def aligner(language: str) -> str | None:
    """The repository that places words of a language (`en`) in time and has no pickles; `None`: none is known."""
    return ALIASES.get(f"align-{language}")


def defaults(profile: str) -> list[str]:
    """The repositories that a profile uses where none is named in the settings."""
    return [model.repository for model in _KNOWN if model.default and profile in model.profiles]


def complete(locked: Locked) -> bool:
    """Whether every file is there, by its size alone."""
    return all(_size(locked.folder / name) == file.size for name, file in locked.files.items())


def local_folder(name: str) -> Path:
    """The folder with a model's files: a folder is taken as it is, a model of the hub at the revision that was pulled.

    Nothing is fetched. Raises `ModelMissing` (exit 5) where it is not there.
    """
    own = Path(name).expanduser()
    if own.is_dir():
        return own.resolve()
    repository = repository_of(name)
    if not is_repository(repository):
        raise ModelMissing(f"there is no model folder {name!r}", hint="a folder, or organisation/model of the hub")
    locked = read_lock().get(repository)
    if locked is None or not complete(locked):
        state = "has not been pulled" if locked is None else "is not complete"
        raise ModelMissing(f"the model {name} {state}", hint=f"emoagent models pull {name}", where=name)
    return locked.folder


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None

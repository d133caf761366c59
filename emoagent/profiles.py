"""The ways to run, which one is picked, and the generative models that it brings."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from emoagent.errors import UsageError
from emoagent.settings import Settings
from emoagent.tools.backends import Backends
from emoagent.tools.generation import Generator
from emoagent.tools.hearing import WHISPER, Hearing
from emoagent.tools.journal import FILE, Journal, Remembering

REASONER, VISION = "Qwen/Qwen3-8B", "Qwen/Qwen2.5-VL-7B-Instruct"  # of the profile local, where none is named


def pick_profile(settings: Settings) -> tuple[str, str]:
    """The profile that runs and why; from the settings and what is installed alone, so that a run can be resumed."""
    if settings.profile != "auto":
        return settings.profile, "asked for"
    if settings.reasoner_url or settings.vision_url:
        return "server", "a server is named in the settings"
    if (settings.reasoner_model or settings.vision_model) and find_spec("torch") and find_spec("transformers"):
        return "local", "a model is named in the settings, and torch and transformers are installed"
    return "embedded", "no server and no model is named; this one needs nothing but packages from the index"


def open_backends(settings: Settings, folder: Path) -> Backends:
    """The models of the run in `folder`; what they were asked before is not asked again. Nothing is loaded and nothing
    is sent yet. Raises `UsageError` where a server or a model must be named, `ExtraMissing` and `ModelMissing`."""
    profile, _ = pick_profile(settings)
    if profile == "embedded":
        return Backends()
    journal = Journal(folder / FILE)
    found = _served(settings) if profile == "server" else _local(settings)
    return Backends(*(model and Remembering(model, journal) for model in found))


def hearing_of(settings: Settings) -> Hearing:
    """What a recogniser is told. WhisperX is the first choice in the larger profiles, or where its model is named."""
    large = pick_profile(settings)[0] != "embedded" or settings.whisper_model is not None
    return Hearing(settings.whisper_model or WHISPER, settings.language, settings.aligner, large)


def _served(settings: Settings) -> tuple[Generator | None, Generator | None, Generator | None]:
    wanted = (
        (settings.reasoner_url, settings.adapter or settings.reasoner_model, settings.reasoner != "embedded"),
        (settings.vision_url or settings.reasoner_url, settings.vision_model, settings.captions != "off"),
        (settings.verifier_url or settings.reasoner_url, settings.verifier_model, True),
    )
    found = tuple(_server(settings, url, model) if model and used else None for url, model, used in wanted)
    if not any(found):
        hint = "EMOAGENT_REASONER_URL and EMOAGENT_REASONER_MODEL, or EMOAGENT_VISION_MODEL; see docs/vllm.md"
        raise UsageError("the profile 'server' needs a server and the name of a model", hint=hint)
    return found  # type: ignore[return-value]


def _server(settings: Settings, url: str | None, model: str) -> Generator:
    from emoagent.tools.chat_completion import ChatServer

    if url is None:
        raise UsageError(f"it is not said which server has the model {model!r}", hint="EMOAGENT_REASONER_URL=…/v1")
    key = settings.api_key.get_secret_value() if settings.api_key else None
    return ChatServer(model, url.rstrip("/"), key, timeout=settings.timeout, at_once=settings.at_once)


def _local(settings: Settings) -> tuple[Generator | None, Generator | None, Generator | None]:
    from emoagent.tools.transformers_model import TransformersModel

    reasoner = TransformersModel(settings.reasoner_model or REASONER, adapter=settings.adapter)
    vision = TransformersModel(settings.vision_model or VISION, sees=True)
    verifier = TransformersModel(settings.verifier_model) if settings.verifier_model else None
    return (
        reasoner if settings.reasoner != "embedded" else None,
        vision if settings.captions != "off" else None,
        verifier,
    )

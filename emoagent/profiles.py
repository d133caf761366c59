"""The ways to run, which one is picked, and the generative models that it brings."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from emoagent.errors import ExtraMissing, ModelMissing, UsageError
from emoagent.settings import Settings
from emoagent.tools.language.backends import Backends, Budget
from emoagent.tools.language.generation import Generator
from emoagent.tools.language.journal import FILE, Journal, Remembering
from emoagent.tools.language.traced_model import Traced
from emoagent.tools.weights.hub_models import local_folder
from emoagent.tools.words.hearing import WHISPER, Hearing

# Of the profile local: what it imports, and the models where none is named.
LIBRARIES = ("torch", "transformers")
LARGE = 38 << 30  # bytes of a card that is sold as one of 40 GB
REASONER, VISION = "Qwen/Qwen3-8B", "Qwen/Qwen2.5-VL-7B-Instruct"

Generators = tuple[Generator | None, Generator | None, Generator | None]


def pick_profile(settings: Settings) -> tuple[str, str]:
    """The profile that runs and why; from the settings and what is installed alone, so that a run can be resumed."""
    if settings.profile != "auto":
        return settings.profile, "asked for"
    if settings.reasoner_url or settings.vision_url:
        return "server", "a server is named in the settings"
    if (settings.reasoner_model or settings.vision_model) and all(map(find_spec, LIBRARIES)):
        return "local", "a model is named in the settings, and torch and transformers are installed"
    return "embedded", "no server and no model is named; this one needs nothing but packages from the index"


def lacking(profile: str, settings: Settings) -> Iterator[tuple[str, str]]:
    """What the profile needs and does not have, each with what to do about it. Nothing is loaded, no server asked."""
    if profile == "local":
        for package in LIBRARIES:
            if find_spec(package) is None:
                yield f"the package {package}", ExtraMissing(package, "local").hint
        for model in filter(None, _chosen(settings)):
            try:
                local_folder(model)
            except ModelMissing as error:
                yield f"the model {model}", error.hint
    elif profile == "server":
        if not (settings.reasoner_url or settings.vision_url):
            yield "the address of a server", "EMOAGENT_REASONER_URL=…/v1; docs/vllm.md says how to start one"
        if not (settings.reasoner_model or settings.adapter or settings.vision_model):
            yield "the name of a model there", "EMOAGENT_REASONER_MODEL or EMOAGENT_VISION_MODEL"


def generators(settings: Settings) -> Generators:
    """Who reasons, who sees and who looks a second time; `None` where the run has none. Nothing is loaded or
    sent yet. Raises `UsageError` where a server or a model must be named, `ExtraMissing` and `ModelMissing`."""
    profile, _ = pick_profile(settings)
    found = _served(settings) if profile == "server" else _local(settings) if profile == "local" else (None, None, None)
    if settings.reasoner == "language" and found[0] is None:
        hint = "EMOAGENT_REASONER_MODEL, and EMOAGENT_REASONER_URL for a server; see docs/vllm.md"
        raise UsageError("it is not said which language model judges", hint=hint)
    return found


def open_backends(settings: Settings, folder: Path) -> Backends:
    """The models of the run in `folder`; what they were asked before is not asked again. Raises as `generators`."""
    found = generators(settings)
    if not any(found):
        return Backends()
    journal = Journal(folder / FILE)
    reasoner, vision, verifier = (model and Remembering(Traced(model), journal) for model in found)
    roomy = pick_profile(settings)[0] == "local" and vision is not None and _large_card()
    return Backends(reasoner, vision, verifier, budget_of(settings, large_card=roomy))


def budget_of(settings: Settings, *, large_card: bool) -> Budget:
    """How much a model is shown of one utterance: what the settings say, else what fits (docs/design/captions.md)."""
    usual = Budget(16, 672) if large_card else Budget()
    return Budget(settings.frames or usual.frames, settings.frame_side or usual.side)


def _large_card() -> bool:
    """Whether this machine's graphics card has room for many frames. All of its memory counts, not what happens to be
    free, so that a run that is resumed shows the same frames."""
    try:
        import torch
    except ImportError:
        return False
    return bool(torch.cuda.is_available() and torch.cuda.get_device_properties(0).total_memory >= LARGE)


def hearing_of(settings: Settings) -> Hearing:
    """What a recogniser is told. WhisperX is the first choice in the larger profiles, or where its model is named."""
    large = pick_profile(settings)[0] != "embedded" or settings.whisper_model is not None
    return Hearing(settings.whisper_model or WHISPER, settings.language, settings.aligner, large)


def _served(settings: Settings) -> Generators:
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
    from emoagent.tools.language.chat_completion import ChatServer

    if url is None:
        raise UsageError(f"it is not said which server has the model {model!r}", hint="EMOAGENT_REASONER_URL=…/v1")
    key = settings.api_key.get_secret_value() if settings.api_key else None
    return ChatServer(model, url.rstrip("/"), key, timeout=settings.timeout, at_once=settings.at_once)


def _local(settings: Settings) -> Generators:
    """What is not there is said before anything is heard or seen."""
    for package in LIBRARIES:
        if find_spec(package) is None:
            raise ExtraMissing(package, "local")
    reasoner, vision, verifier, adapter = _chosen(settings)
    for model in filter(None, (reasoner, vision, verifier, adapter)):
        local_folder(model)
    from emoagent.tools.language.transformers_model import TransformersModel

    return (
        TransformersModel(reasoner, adapter=adapter) if reasoner else None,
        TransformersModel(vision, sees=True) if vision else None,
        TransformersModel(verifier) if verifier else None,
    )


def _chosen(settings: Settings) -> tuple[str | None, str | None, str | None, str | None]:
    """Reasoner, vision, verifier and adapter of the profile local: folders or hub ids; `None` where not used."""
    judges = settings.reasoner != "embedded"
    return (
        (settings.reasoner_model or REASONER) if judges else None,
        (settings.vision_model or VISION) if settings.captions != "off" else None,
        settings.verifier_model if judges else None,
        settings.adapter if judges else None,
    )

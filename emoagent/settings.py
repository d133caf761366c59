"""Settings: a flag beats `EMOAGENT_*`, that beats `./emoagent.toml`; then the user's config file and the defaults."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from platformdirs import user_config_path
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from emoagent.errors import UsageError
from emoagent.schema import Mode, Policy

Profile = Literal["auto", "embedded", "local", "server"]
Transcript = Literal["auto", "subtitles", "pocketsphinx", "whisperx", "windows"]
Reasoner = Literal["auto", "embedded", "language"]
Captions = Literal["blind", "bemerc", "off"]
Context = Literal["unspecified", "research", "entertainment", "workplace", "education"]


FORBIDDEN_CONTEXTS: tuple[Context, ...] = ("workplace", "education")  # for inferring emotions from face or voice
REACH = ("reasoner_url", "vision_url", "verifier_url", "api_key", "at_once", "timeout", "otel")


class Settings(BaseSettings):
    """What a run is told. Every field can be set as `EMOAGENT_<NAME>` or in `emoagent.toml`."""

    model_config = SettingsConfigDict(env_prefix="EMOAGENT_", extra="ignore", frozen=True)

    profile: Profile = Field(default="auto", description="which models to run")
    transcript: Transcript = Field(default="auto", description="where the words come from")
    language: str | None = Field(
        default=None, pattern="^[a-z]{2,3}$", description="of the speech, e.g. de, for WhisperX; default: it finds out"
    )
    whisper_model: str | None = Field(
        default=None,
        description="Whisper for CTranslate2: a folder or a name; default: large-v3-turbo",
    )
    aligner: str | None = Field(
        default=None, description="wav2vec2 that times words: a folder, a name or off; default: one for the language"
    )
    tell_voices: bool = Field(default=True, description="tell speakers apart by voice where no name does")
    agents: Annotated[tuple[str, ...], NoDecode] = Field(default=(), description="perception agents to run; empty: all")
    policy: Policy = Field(default="reliability-weighted", description="what to do when modalities disagree")
    mode: Mode = Field(default="causal", description="causal: a verdict never sees what comes later")
    context: Context = Field(default="unspecified", description="where the recording comes from")
    reasoner: Reasoner = Field(
        default="auto", description="who judges; auto: a language model where the profile has one"
    )
    reasoner_url: str | None = Field(default=None, description="of an OpenAI-compatible server, ending in /v1")
    reasoner_model: str | None = Field(
        default=None, description="its name there; in the profile local: a folder or hub id"
    )
    adapter: str | None = Field(default=None, description="LoRA adapter: its name at the server, or a folder")
    vision_url: str | None = Field(
        default=None, description="server of the vision-language model; default: reasoner_url"
    )
    vision_model: str | None = Field(
        default=None, description="its name there; in the profile local: a folder or hub id"
    )
    captions: Captions = Field(default="blind", description="blind: without the words; bemerc: with the dialogue")
    frames: int | None = Field(
        default=None, ge=2, le=64, description="most frames of an utterance that are shown; default: by memory"
    )
    frame_side: int | None = Field(
        default=None, ge=112, le=1920, description="longer side of such a frame, in pixels; default: by memory"
    )
    verifier_url: str | None = Field(default=None, description="server of a second model; default: reasoner_url")
    verifier_model: str | None = Field(default=None, description="a second model, asked where the first is unsure")
    verify_below: float = Field(default=0.5, ge=0, le=1, description="confidence below which the second model is asked")
    ablate: bool = Field(default=False, description="ask again without each modality, to measure what it adds")
    prompt_tokens: int = Field(default=3000, ge=200, description="room for evidence in one question, in tokens")
    seed: int = Field(default=7, ge=0, description="of the order in which evidence is shown, and of sampling")
    api_key: SecretStr | None = Field(default=None, description="sent to the servers as a bearer token, never kept")
    at_once: int = Field(default=8, ge=1, description="questions that a server is asked at the same time")
    timeout: float = Field(default=120.0, gt=0, description="seconds for one answer of a server")
    otel: bool = Field(default=False, description="make OpenTelemetry spans; where to: the usual OTEL_* variables")
    max_hours: float = Field(default=6.0, gt=0, description="longest clip that is accepted, in hours")

    def told(self) -> dict[str, str]:
        """What decides the result, as text: all but how servers are reached and what is told of the run."""
        return {name: str(value) for name, value in self.model_dump(exclude=set(REACH)).items()}

    @field_validator("agents", mode="before")
    @classmethod
    def _names(cls, value: Any) -> Any:
        """`voice,face`, as on the command line, means the two."""
        return tuple(name.strip() for name in value.split(",") if name.strip()) if isinstance(value, str) else value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, environment, `./emoagent.toml`, the user's file: in this order."""
        files = filter(_there, (Path("emoagent.toml"), user_config_path("emoagent") / "emoagent.toml"))
        return (init_settings, env_settings, *(TomlConfigSettingsSource(settings_cls, f) for f in files))


def load_settings(**flags: Any) -> Settings:
    """Settings with the given flags on top; a flag that is `None` was not given. Raises `UsageError`."""
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        raise UsageError(f"setting {name!r}: {first['msg']}", hint=f"EMOAGENT_{name.upper()}, emoagent.toml") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise UsageError(f"emoagent.toml cannot be read: {error}", hint="mend or remove the file") from error


def _there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a home or working folder that may not be looked into holds no settings for us
        return False

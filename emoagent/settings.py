"""Settings: a flag beats `EMOAGENT_*`, that beats `./emoagent.toml`; then the user's config file and the defaults."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from platformdirs import user_config_path
from pydantic import Field, ValidationError, field_validator
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
Context = Literal["unspecified", "research", "entertainment", "workplace", "education"]


class Settings(BaseSettings):
    """What a run is told. Every field can be set as `EMOAGENT_<NAME>` or in `emoagent.toml`."""

    model_config = SettingsConfigDict(env_prefix="EMOAGENT_", extra="ignore", frozen=True)

    profile: Profile = Field(default="auto", description="which models to run")
    transcript: Transcript = Field(default="auto", description="where the words come from")
    agents: Annotated[tuple[str, ...], NoDecode] = Field(default=(), description="perception agents to run; empty: all")
    policy: Policy = Field(default="reliability-weighted", description="what to do when modalities disagree")
    mode: Mode = Field(default="causal", description="causal: a verdict never sees what comes later")
    context: Context = Field(default="unspecified", description="where the recording comes from")
    max_hours: float = Field(default=6.0, gt=0, description="longest clip that is accepted, in hours")

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

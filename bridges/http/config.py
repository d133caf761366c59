"""What the server is told: `EMOAGENT_SERVE_<NAME>`, and flags of `emoagent serve` on top."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import Annotated, Any, Self

from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from emoagent.bridges.sessions.open import file_in
from emoagent.errors import UsageError

KEY_LENGTH = 16  # characters, at least: what can be guessed is no key
MIB = 1 << 20
CORES = os.cpu_count() or 1
Names = Annotated[tuple[str, ...], NoDecode]


class ServerConfig(BaseSettings):
    """Where it listens, who may ask, how much of it. Lists are written with commas."""

    model_config = SettingsConfigDict(env_prefix="EMOAGENT_SERVE_", extra="ignore", frozen=True)

    host: str = Field(default="127.0.0.1", description="address to listen on; off loopback a key is required")
    port: int = Field(default=8643, ge=0, le=65535, description="0: any that is free")
    keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(default=(), description="who has one of them may ask")
    keys_file: Path | None = Field(default=None, description="more keys, one a line")
    hosts: Names = Field(default=(), description="names under which it is reached besides this machine's own")
    origins: Names = Field(default=(), description="web sites whose pages may ask, e.g. https://chat.example.org")

    database: str | None = Field(default=None, description="sqlite:///PATH or postgresql://…; default: SQLite in data")
    data: Path = Field(default_factory=lambda: user_data_path("emoagent"), description="folder of jobs and sessions")
    keep_days: float | None = Field(default=30.0, gt=0, description="days after its last use that a session is kept")
    jobs_keep_days: float = Field(default=7.0, gt=0, description="days after its end that a job is kept")

    deadline: float = Field(default=0.3, gt=0, le=10, description="seconds for a turn, where it names none")
    turns_at_once: int = Field(default=8, ge=1, le=32, description="turns under way; one more is answered 429")
    live_at_once: int = Field(default=16, ge=1, le=1000, description="web sockets; one more is answered 429")
    rate: float = Field(default=20.0, gt=0, description="requests a second of one key, on average")
    burst: int = Field(default=60, ge=1, description="requests of one key in a row")
    body_bytes: int = Field(default=16 * MIB, ge=1024, description="largest request but for uploads of files")
    body_seconds: float = Field(default=30.0, gt=0, description="longest pause within a request")
    upload_bytes: int = Field(default=1024 * MIB, ge=1024, description="largest file for a job")
    jobs_at_once: int = Field(default=1, ge=1, description="files that are analysed at the same time")
    jobs_waiting: int = Field(default=20, ge=0, description="files that wait; one more is answered 429")
    job_hours: float = Field(default=6.0, gt=0, description="longest time that the analysis of a file may take")
    job_memory: int = Field(default=16 * 1024 * MIB, ge=1 << 30, description="address space of an analysis, in bytes")

    upstream_url: str | None = Field(
        default=None, description="of the model's server behind /v1/chat/completions, ending in /v1; default: none"
    )
    upstream_key: SecretStr | None = Field(default=None, description="sent to it as a bearer token")
    upstream_timeout: float = Field(default=120.0, gt=0, description="seconds for its answer, or between two pieces")
    upstream_at_once: int = Field(default=32, ge=1, description="answers of it under way; one more is answered 429")
    upstream_note: bool = Field(default=False, description="tell it the expressed emotion in a system message")

    @property
    def address(self) -> str:
        """Of the database, for `open_store`."""
        return self.database or file_in(self.data)

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return is_loopback(self.host)

    def all_keys(self) -> tuple[str, ...]:
        """The keys of the setting and of the file. Raises `UsageError` where one is too short, or there is no file."""
        found = [key.get_secret_value() for key in self.keys]
        if self.keys_file is not None:
            found += _lines(self.keys_file)
        if any(len(key) < KEY_LENGTH or not key.isascii() or not key.isprintable() for key in found):
            raise UsageError(f"a key has fewer than {KEY_LENGTH} characters, or others than ASCII", hint=_MAKE)
        return tuple(found)

    def check(self) -> Self:
        """Raises `UsageError` where others could reach it and no key is asked for."""
        if not self.loopback and not self.all_keys():
            raise UsageError(f"on {self.host} others can reach the server, and it has no key", hint=_MAKE)
        return self

    @field_validator("keys", "hosts", "origins", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _rules(self) -> Self:
        for origin in self.origins:
            if not origin.startswith(("http://", "https://")) or origin.count("/") != 2:
                raise ValueError(f"{origin!r} is no origin such as https://chat.example.org")
        return self


_MAKE = "make one, e.g. by `openssl rand -hex 24`, and give it as EMOAGENT_SERVE_KEYS or in a file as --keys-file"


def load_config(**flags: Any) -> ServerConfig:
    """The configuration with the given flags on top; a flag that is `None` was not given. Raises `UsageError`."""
    try:
        return ServerConfig(**{name: value for name, value in flags.items() if value is not None}).check()
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = ".".join(map(str, first["loc"])) or "the server"
        raise UsageError(f"setting {name!r}: {first['msg']}", hint=f"EMOAGENT_SERVE_{name.upper()}") from None


def is_loopback(host: str) -> bool:
    """Whether `host` is an address of this machine that no other one reaches."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _lines(file: Path) -> list[str]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the file of keys cannot be read: {file}", hint="--keys-file names a text file") from error
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]

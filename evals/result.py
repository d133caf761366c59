"""What a benchmark answers: figures with their intervals, for one system a row."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from emoagent.schema import Mode, Policy, Record


class Figure(Record):
    """A measured value with its 95 % bootstrap interval (`None` where there is none, e.g. for a count)."""

    value: float = Field(allow_inf_nan=False)
    low: float | None = None
    high: float | None = None
    unit: str = Field(default="", description="empty for a share between 0 and 1")


class SystemRow(Record):
    """One system on one part of the data. `system` is e.g. `fused`, `text only`, `floor: majority`."""

    system: str
    part: str = Field(default="all", description="which items: all, conflict, agree, a class ...")
    n: int = Field(ge=0)
    figures: dict[str, Figure]
    invalid_rate: float = Field(default=0.0, ge=0, le=1, description="answers that could not be used")
    abstention_rate: float = Field(default=0.0, ge=0, le=1)
    milliseconds: float | None = Field(
        default=None, ge=0, description="processor time per utterance; None where not measured"
    )


class Result(Record):
    """A run of a benchmark. An abstention or an invalid answer counts as wrong in every figure but those that say
    `selective`."""

    schema_version: Literal["1.0"] = "1.0"
    benchmark: str
    split: str
    n: int = Field(ge=0)
    seed: int
    mode: Mode | None = Field(default=None, description="causal or offline; None where there is no dialogue")
    reasoner: str
    policy: Policy | None = Field(default=None, description="on conflict; None where nothing can conflict")
    judge: str | None = None
    rows: tuple[SystemRow, ...]
    notes: tuple[str, ...] = Field(
        default=(), description="what a reader must know: what was left out, what is a floor"
    )
    models: dict[str, str] = Field(default_factory=dict, description="model file to sha256")
    emoagent: str = ""


class Measured(Record):
    """A result with when, from what and on what it was measured: one file of `evals/results/`."""

    date: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$", description="UTC")
    command: str
    revision: str | None = Field(default=None, description="git revision; None outside a checkout")
    machine: str = Field(description="cores, architecture, system, Python")
    result: Result

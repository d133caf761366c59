"""One line of the table."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """`what` was measured on which `data` (with its n), the `value` with its unit and interval, and the `goal`.

    `met`: whether the goal is met; None where there is none. Failing is a result: rows are never left out.
    """

    what: str
    data: str
    value: str
    goal: str = ""
    met: bool | None = None

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

"""CA-MER (Han et al. 2025): clips of MER 2023 in three subsets. In `video_aligned` only the picture shows the emotion,
in `audio_aligned` only the sound, in `consistent` both do. Its release gives descriptions (`audio_aligned.json`, …),
from which its procedure has a language model extract freely chosen words into a table; the clips come on request.

Read here are those tables, one a subset: `video_aligned.csv`, `audio_aligned.csv`, `consistent.csv` with the columns
`name` and `openset`, e.g. `[happy, excited]`, as the published metric reads them. The file names are ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from emoagent.errors import UsageError
from emoagent.evals.corpora.line import rows
from emoagent.evals.scoring.open_sets import words_of

SUBSETS = ("video_aligned", "audio_aligned", "consistent")


@dataclass(frozen=True)
class Clip:
    """A clip and the words that its description comes to."""

    name: str
    subset: str
    words: tuple[str, ...]

    @property
    def key(self) -> str:
        """`video_aligned:sample_00000007`; a name alone need not be unique."""
        return f"{self.subset}:{self.name}"


def ca_mer(folder: Path) -> list[Clip]:
    """The clips, subset by subset. Raises `UsageError` for a table that is missing and a clip without a word."""
    return [_clip(row, subset) for subset in SUBSETS for row in rows(folder / f"{subset}.csv")]


def _clip(row: dict[str, str], subset: str) -> Clip:
    words = words_of(row["openset"])
    if not words:
        raise UsageError(
            f"{subset}.csv: {row['name']!r} has no word", hint="openset holds words, e.g. [happy, excited]"
        )
    return Clip(row["name"].strip(), subset, words)

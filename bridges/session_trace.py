"""A conversation in the shape of a trace, so that what answers questions about a recording answers them about it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import metadata

from emoagent.affect import TurnRecord
from emoagent.labels import DEFAULT
from emoagent.schema import Clip, Person, Provenance, Trace


def session_trace(session: str, records: Sequence[TurnRecord]) -> Trace:
    """The turns of a session in order. Its clip has the session's id as its name and ends with the last turn; nothing
    is checked again, and it is not meant to be kept."""
    people = dict.fromkeys(record.affect.person for record in records)
    end = max((record.utterance.span.end for record in records), default=0.0)
    return Trace.model_construct(
        label_set=records[0].affect.label_set if records else DEFAULT,
        clip=Clip(id=session, name=session, sha256="", bytes=0, format="session", duration=max(end, 0.001)),
        people=tuple(Person(id=name) for name in people),
        utterances=tuple(record.utterance for record in records),
        evidence=tuple({item.id: item for record in records for item in record.evidence}.values()),
        opinions=tuple(opinion for record in records for opinion in record.opinions),
        conflicts=tuple(conflict for record in records for conflict in record.conflicts),
        verdicts=tuple(record.verdict for record in records),
        audits=(),
        faults=(),
        provenance=_provenance(),
    )


def _provenance() -> Provenance:
    return Provenance(
        emoagent=metadata.version("emoagent"),
        python=sys.version.split()[0],
        packages={},
        profile="embedded",
        profile_reason="turn by turn",
        settings={},
        agents=(),
        models=(),
    )

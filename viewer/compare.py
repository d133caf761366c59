"""Two judgements of one clip side by side: of two runs, or of the embedded reasoner beside a language model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from emoagent.errors import UsageError
from emoagent.schema import Trace, Utterance, Verdict
from emoagent.viewer.exports.result import Result

EMBEDDED = "embedded reasoner"
LEAST = 0.3  # intersection over union from which two utterances are taken for the same

Other = dict[str, Any]


def baseline(trace: Trace) -> Iterator[Other]:
    """The embedded reasoner's verdicts, where a language model gave those of the run."""
    if trace.baseline:
        same = {utterance.id: utterance.id for utterance in trace.utterances}
        yield _other(EMBEDDED, trace, same, trace.baseline)


def against(result: Result, source: Path) -> Other:
    """The verdicts of another run of the same clip, for the utterances of `result`.

    `source`: its folder or its trace.json. Raises `UsageError` where it is none, or of another clip.
    """
    other = Result.open(source)
    mine, theirs = result.trace.clip, other.trace.clip
    if mine.sha256 != theirs.sha256:
        message = f"the two results are of different files: {mine.name} ({mine.sha256[:12]}) and {theirs.name} "
        hint = "compare results of the same clip"
        raise UsageError(f"{message}({theirs.sha256[:12]})", hint=hint, where=str(source))
    found = matched(result.trace.utterances, other.trace.utterances)
    return _other(_name(other), result.trace, found, other.trace.verdicts)


def matched(mine: Sequence[Utterance], theirs: Sequence[Utterance]) -> dict[str, str]:
    """Ids of `mine` to ids of `theirs`, each at most once: those that share most of their time first. Where two share
    as much, as when people talk at once, the same id goes before the same person, and both before neither."""
    pairs = sorted(_pairs(mine, theirs), key=lambda pair: pair[0], reverse=True)
    found, taken = dict[str, str](), set[str]()
    for _, one, other in pairs:
        if one not in found and other not in taken:
            found[one] = other
            taken.add(other)
    return found


def _pairs(
    mine: Sequence[Utterance], theirs: Sequence[Utterance]
) -> Iterator[tuple[tuple[float, bool, bool], str, str]]:
    """Both in order of time, so that only neighbours are looked at."""
    waiting = sorted(theirs, key=lambda utterance: utterance.span.start)
    near: list[Utterance] = []
    for one in sorted(mine, key=lambda utterance: utterance.span.start):
        near = [other for other in near if other.span.end >= one.span.start]
        while waiting and waiting[0].span.start <= one.span.end:
            near.append(waiting.pop(0))
        for other in near:
            if (share := _shared(one, other)) >= LEAST:
                yield (round(share, 3), one.id == other.id, one.person == other.person), one.id, other.id


def _shared(one: Utterance, other: Utterance) -> float:
    """Intersection over union of the two spans, 0..1."""
    common = one.span.overlap(other.span)
    union = one.span.duration + other.span.duration - common
    return common / union if union > 0 else float(one.span == other.span)


def _other(name: str, trace: Trace, match: Mapping[str, str], verdicts: Sequence[Verdict]) -> Other:
    by = {verdict.utterance: verdict for verdict in verdicts}
    ids = [match.get(utterance.id) for utterance in trace.utterances]
    return {"name": name, "verdicts": [by.get(found) if found else None for found in ids], "match": ids}


def _name(other: Result) -> str:
    """The folder's name, and who judged in it."""
    reasoners = sorted({verdict.reasoner for verdict in other.trace.verdicts})
    folder = other.folder.resolve().name.removesuffix(".emoagent")
    return f"{folder} ({', '.join(reasoners)})" if reasoners else folder

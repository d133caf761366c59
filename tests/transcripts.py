"""Transcripts as nobody would speak them, for the exports: every script, control characters, markup, formulas, arrows,
overlaps, utterances of no length, people of one name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from example_trace import LABELS, example_trace
from hypothesis import strategies as st

from emoagent.schema import Conflict, Hypothesis, Person, Span, Trace, Utterance, Verdict, Word

HOSTILE = (
    "", " ", "-->", "a --> b", "00:00:01.000 --> 00:00:02.000", "12", "WEBVTT", "NOTE x", "STYLE", "]]>", "<![CDATA[",
    "<script>alert(1)</script>", "<v Bob>hi</v>", "<i>x</i>", "&lt;&amp;&#0;", "{\\an8}x", "{\\i1}", "a\\Nb", "\\", '"',
    'say ""quotes""', "=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "'quoted", "\t=1", "\uff1d1", "a,b;c",
    "a\nb\r\nc\n\n1\n", "\x00\x01\x1b[31mred", "\x85\u2028\u2029", "\ufeffbom", "\ufffe\uffff", "\u202eabc\u202c",
    "\u2066abc\u2069", "\u200ffoo\u200e", "\u05e9\u05dc\u05d5\u05dd", "\u0645\u0631\u062d\u0628\u0627",
    "\u0928\u092e\u0938\u094d\u0924\u0947", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467", "e\u0301", "a\u00a0b", "\u3000wide\u3000", "NA", "nan", "None",
    "null", "#", ";;x", "unknown", "Anna", "Anna #2", "Anna label", "utterance@Anna", "x" * 400, "[Script Info]",
    "\U000e0001tag",
)  # fmt: skip
pieces = st.sampled_from(HOSTILE)
texts = st.one_of(pieces, st.text(max_size=25), st.tuples(pieces, st.text(max_size=5)).map("".join))
names = st.one_of(st.none(), st.sampled_from([text for text in HOSTILE if len(text) < 100]), st.text(max_size=8))
moments = st.one_of(
    st.floats(0, 30), st.floats(0, 90_000), st.integers(0, 20).map(float), st.sampled_from([0.0005, 1.0005, 3599.9996])
)
lengths = st.one_of(st.just(0.0), st.floats(0, 0.002), st.floats(0, 20))


@dataclass(frozen=True)
class Said:
    start: float
    length: float
    text: str
    person: int
    label: str | None


said = st.builds(Said, moments, lengths, texts, st.integers(-1, 2), st.one_of(st.none(), st.sampled_from(LABELS)))


@dataclass(frozen=True)
class Told:
    """A conversation: names of three people, and what is said."""

    people: Sequence[str | None]
    lines: Sequence[Said]

    @property
    def trace(self) -> Trace:
        """A trace with these people and utterances; the first utterance is in conflict."""
        utterances = tuple(_utterance(number, line) for number, line in enumerate(self.lines, start=1))
        verdicts = tuple(_verdict(each, line.label) for each, line in zip(utterances, self.lines, strict=True))
        persons = tuple(Person(id=f"p{number}", name=name) for number, name in enumerate(self.people, start=1))
        kept = {"evidence": (), "opinions": (), "audits": (), "faults": (), "verdicts": verdicts, "people": persons}
        conflicts = tuple(_conflict(each.id) for each in utterances[:1])
        return example_trace().model_copy(update=kept | {"conflicts": conflicts, "utterances": utterances})


def _conflict(name: str) -> Conflict:
    readings = (Hypothesis(modality="text", label="joy", probability=0.6),) * 2
    return Conflict(id=f"{name}.conflict.1", utterance=name, kind="text-face", divergence=0.5, valence_clash=True,
                    hypotheses=readings, policy="report-both")  # fmt: skip


def _utterance(number: int, line: Said) -> Utterance:
    span = Span(start=line.start, end=line.start + line.length)
    words = tuple(Word(text=word, span=span, time_source="interpolated") for word in line.text.split()[:2])
    person = None if line.person < 0 else f"p{line.person + 1}"
    return Utterance(id=f"u{number}", person=person, span=span, text=line.text, words=words, source="subtitles")


def _verdict(utterance: Utterance, label: str | None) -> Verdict:
    if label is None:
        return Verdict(utterance=utterance.id, label=None, abstained=True, reason="-1 sources", reasoner="=pool")
    return Verdict(utterance=utterance.id, person=utterance.person, label=label, distribution={label: 1.0},
                   confidence=0.5, valence=-0.25, reasoner="pool-1")  # fmt: skip


conversations = st.builds(Told, st.lists(names, min_size=3, max_size=3), st.lists(said, max_size=7))
WORST = Told(["Anna", "Anna", "Anna #2"], [
    Said(0.5 * (number // 3), 2.0 if number % 4 else 0.0, text, number % 4 - 1, "joy" if number % 2 else None)
    for number, text in enumerate(HOSTILE)
])  # fmt: skip

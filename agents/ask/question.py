"""What a question about a result asks for, as far as it can be told from its words. Nothing is guessed: what was not
understood is kept, and the answer names it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from emoagent.agents.ask.times import When, times_in
from emoagent.agents.ask.words import (
    BEGINNING,
    CHECK,
    END,
    EXTREME,
    NEXT_TO,
    NUMBERED,
    ORDINALS,
    PEOPLE,
    PLAIN,
    PRONOUNS,
    SOURCES,
    WANTS,
    Want,
    highest,
    is_feeling,
    label_for,
)
from emoagent.schema import Modality, Person, Trace

LONGEST = 1000  # characters of a question
SHARE = 0.34  # of its words that may be unknown; with more, the question has not been understood
NAMELESS = 4  # letters from which a word of the transcripts may lead to an utterance
_QUOTED = re.compile(r"[“\"«„]([^”\"»“]{2,})[”\"»“]|(?<!\w)[‘']([^’']{2,})[’'](?!\w)")
_WORD = re.compile(r"[^\W_]+(?:[’'][^\W_]+)*")
_ID = re.compile(r"\b(u\d+(?:\.[a-z_]+\.\d+)?)\b|\butterance\s+(?:no\.?\s*|number\s+)?(\d+)\b", re.IGNORECASE)
_BARE = frozenset({"a", "an", "the", "at", "in", "of", "by", "and", "about", "utterance", "turn", "sentence"})
# Those that need not be told apart from others that were recognised in the same words.
_WEAK: tuple[Want, ...] = ("label", "overview")
_LABEL: tuple[Want, ...] = ("label",)
# Those whose patterns leave room for any word, and the words that may tell them.
_LOOSE: tuple[Want, ...] = ("said", "evidence")
_TOLD = frozenset({"transcript", "evidence", "cue", "cues", "sign", "signs", "finding", "findings", "seen", "heard",
                   "observed", "measured", "reveal"})  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """`wants`: what is asked for, in the order of the question. `people` and `ids` are those of the trace, `labels` of
    its label set; `feelings` are emotion words that it does not have; `quotes` stand in quotation marks and `words` in
    a transcript. `place`: an index among what is found; `edge`: it counts whatever the label. `strangers`: names of
    nobody; `unknown`: other words that say nothing to us. `pronoun`: a `she` or the like that could be anybody.
    `check`: it asks whether a label is right; `extreme`: only the most of a label, or the surest
    (`most`) or the least sure (`least`); `step`: the utterance after (1) or before (-1) what is found; `whoever`: it
    speaks of people at large; `verbose`: it has more words than those that name things. `length`: its
    words."""

    wants: tuple[Want, ...] = ()
    whens: tuple[When, ...] = ()
    people: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    feelings: tuple[str, ...] = ()
    sources: tuple[Modality, ...] = ()
    quotes: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    place: int | None = None
    edge: bool = False
    strangers: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    pronoun: str | None = None
    check: bool = False
    extreme: str | None = None
    step: int = 0
    whoever: bool = False
    verbose: bool = False
    length: int = field(default=0, compare=False)

    @property
    def understood(self) -> bool:
        """Whether there is enough to answer by."""
        return bool(self.wants) and len(self.unknown) <= max(1, SHARE * self.length)

    @property
    def anchored(self) -> bool:
        """Whether it says which utterances it is about, other than by a label or a person."""
        return bool(self.whens or self.quotes or self.ids or self.edge)

    @property
    def pointed(self) -> bool:
        """Whether it says of what it speaks at all."""
        return (
            self.anchored
            or bool(self.people or self.labels or self.feelings or self.words or self.extreme)
            or self.place is not None
        )


def understand(question: str, trace: Trace) -> Asked:
    """What `question` asks of `trace`."""
    text = question[:LONGEST]
    quotes, text = _taken(_QUOTED, text)
    ids, text = _taken(_ID, text)
    whens, text = times_in(text, trace.clip.duration)
    lower = text.lower().replace("’", "'")
    numbered = NUMBERED.search(lower) is not None
    end, beginning = END.search(lower) is not None, BEGINNING.search(lower) is not None
    wants, known = _wants(lower)
    step, near = _step(lower, bool(quotes or ids))
    known |= near
    words = list(_read(text, trace))
    found = {kind: tuple(dict.fromkeys(value for k, value in words if k == kind)) for kind, _ in words}
    rest = tuple(word for word in found.get("unknown", ()) if word.lower() not in known)
    check = CHECK.match(lower) is not None and bool(found.get("label") or found.get("feeling"))
    asked = Asked(
        wants=_about_evidence(wants, ids) or (("label",) if check or _extreme(lower) else ()),
        whens=whens,
        people=found.get("person", ()),
        labels=found.get("label", ()),
        feelings=tuple(word for word in found.get("feeling", ()) if word not in known),
        sources=found.get("source", ()),  # type: ignore[arg-type]
        quotes=quotes,
        words=tuple(word for word in found.get("said", ()) if word not in known),
        ids=tuple(_known_ids(ids, trace)),
        place=-1
        if end
        else 0
        if beginning
        else next((ORDINALS[word] for word in found.get("ordinal", ()) if word not in known), None),
        edge=end or beginning or numbered,
        strangers=tuple(word for word in found.get("stranger", ()) if word.lower() not in known),
        unknown=(*rest, *_unknown_ids(ids, trace)),
        pronoun=next(iter(found.get("pronoun", ())), None),
        check=check,
        extreme=_extreme(lower),
        step=step,
        whoever="people" in found,
        verbose=not _BARE.issuperset(found.get("plain", ())) or bool(near),
        length=len(words),
    )
    return asked if asked.wants else _short(asked)


def _short(asked: Asked) -> Asked:
    """A question of nothing but what it is about: a time, a name, a label."""
    if asked.unknown or asked.strangers or not asked.pointed or asked.verbose:
        return asked
    where = asked.anchored or asked.people or asked.words or asked.place is not None
    wants: tuple[Want, ...] = ("label", "why") if where else ("when",)
    return Asked(**{**vars(asked), "wants": wants})


def _extreme(text: str) -> str | None:
    if match := EXTREME.search(text):
        if match["way"]:
            return "least" if match["way"] in ("least", "less") else "most"
        if is_feeling(match["label"]):
            return "label"
    return "label" if any(highest(word) for word in _WORD.findall(text)) else None


def _step(text: str, named: bool) -> tuple[int, set[str]]:
    """Whether it asks for what lies before or after something, and the words that say so."""
    match = NEXT_TO.search(text)
    if match is None or not (named or _WORD.search(text, match.end())):
        return 0, set()
    return (-1 if match["before"] else 1), set(_WORD.findall(match[0]))


def _about_evidence(wants: tuple[Want, ...], ids: tuple[str, ...]) -> tuple[Want, ...]:
    """What a piece of evidence says is its finding."""
    named = any("." in name for name in ids)
    return tuple("evidence" if named and want == "said" else want for want in wants)


def _taken(pattern: re.Pattern[str], text: str) -> tuple[tuple[str, ...], str]:
    found = [next(filter(None, match.groups())) for match in pattern.finditer(text)]
    return tuple(found), pattern.sub(lambda match: " " * len(match[0]), text)


def _wants(text: str) -> tuple[tuple[Want, ...], set[str]]:
    """What is asked for, and the words that say so."""
    spans: list[tuple[Want, re.Match[str]]] = [
        (name, match) for name, pattern in WANTS.items() for match in pattern.finditer(text)
    ]
    known = {word for name, match in spans if name not in _LOOSE for word in _WORD.findall(match[0])} | _TOLD
    spans.sort(key=lambda pair: pair[1].start())
    ordered: list[Want] = []
    for name, _ in spans:
        if name not in ordered:
            ordered.append(name)
    if "other" in ordered and re.search(r"\bwhy not\b", text):
        ordered.remove("why")
    strong: list[Want] = [name for name in ordered if name not in _WEAK]
    return tuple(strong) or (_LABEL if "label" in ordered else tuple(ordered)), known


def _read(text: str, trace: Trace) -> Iterator[tuple[str, str]]:
    """Each word of the question with what it is."""
    said = {word.lower() for utterance in trace.utterances for word in _WORD.findall(utterance.text)}
    first = True
    for match in _WORD.finditer(text):
        word = match[0]
        yield _kind(word, first, said, trace)
        first = False


def _kind(word: str, first: bool, said: set[str], trace: Trace) -> tuple[str, str]:
    plain = re.sub(r"['’]s$", "", word).lower().replace("’", "'")
    if person := _person(plain, trace.people):
        return "person", person
    if label := label_for(plain, trace.label_set):
        return "label", label
    for kind, known in (("ordinal", ORDINALS), ("pronoun", PRONOUNS), ("people", PEOPLE)):
        if plain in known:
            return kind, plain
    if plain in SOURCES:
        return "source", SOURCES[plain]
    if plain in PLAIN:
        return "plain", plain
    if len(plain) >= NAMELESS and plain in said:
        return "said", plain
    if is_feeling(plain) and not any(pattern.fullmatch(plain) for pattern in WANTS.values()):
        return "feeling", plain
    if word[0].isupper() and not first and not word.isupper():
        return "stranger", word
    return "unknown", word


def _person(word: str, people: tuple[Person, ...]) -> str | None:
    """By its id, or by a part of a name that only one has."""
    if exact := next((person.id for person in people if person.id.lower() == word), None):
        return exact
    named = [person.id for person in people if word in _WORD.findall((person.name or "").lower())]
    return named[0] if len(named) == 1 else None


def _known_ids(ids: tuple[str, ...], trace: Trace) -> Iterator[str]:
    known = {u.id.lower(): u.id for u in trace.utterances} | {e.id.lower(): e.id for e in trace.evidence}
    for name in ids:
        if found := known.get(name.lower()) or known.get(f"u{name}"):
            yield found


def _unknown_ids(ids: tuple[str, ...], trace: Trace) -> Iterator[str]:
    for name in ids:
        if not list(_known_ids((name,), trace)):
            yield name

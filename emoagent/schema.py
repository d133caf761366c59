"""The records that all parts share: what goes into a trace, and nothing else.

Every record is frozen and refuses unknown fields. Times are seconds from the start of the clip. A thing that is not
there is `None` or an empty tuple, never a zero.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

SCHEMA_VERSION: Literal["1.0"] = "1.0"

Modality = Literal["text", "face", "voice", "behavior", "dialogue"]
Mode = Literal["causal", "offline"]
Policy = Literal["reliability-weighted", "report-both", "face-first", "voice-first"]
Purpose = Literal["caption", "judge", "repair", "ablate", "verify", "ask"]
Dispute = Literal["valence", "neutral", "category"]
TranscriptSource = Literal["subtitles", "pocketsphinx", "whisperx", "windows", "chat"]
TimeSource = Literal["recognised", "aligned", "interpolated"]

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False, description="seconds from the start of the clip")]
Probability = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Signed = Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)]
Distribution = Annotated[dict[str, Probability], Field(description="label to probability; sums to 1, or is empty")]


class Record(BaseModel):
    """Base of every record: immutable and closed."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    _all_fields: ClassVar[dict[type[Record], set[str]]] = {}

    def model_post_init(self, context: object, /) -> None:
        """Lets all records of a class share one set of field names: pydantic keeps one for each, a third of a record's
        memory, for dumping only what was set, which we never do."""
        shared = self._all_fields.setdefault(type(self), set(type(self).model_fields))
        object.__setattr__(self, "__pydantic_fields_set__", shared)


class Span(Record):
    """A stretch of the clip, `start` ≤ `end`."""

    start: Seconds
    end: Seconds

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.end < self.start:
            raise ValueError(f"a span cannot end ({self.end}) before it starts ({self.start})")
        return self

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.end - self.start

    @property
    def middle(self) -> float:
        """The time half-way through, in seconds."""
        return (self.start + self.end) / 2

    def overlap(self, other: Span) -> float:
        """Seconds shared with `other`; 0 when they do not meet."""
        return max(0.0, min(self.end, other.end) - max(self.start, other.start))


class VideoStream(Record):
    """The picture: size in pixels as displayed, average frame rate in frames per second."""

    width: int = Field(gt=0, description="pixels")
    height: int = Field(gt=0, description="pixels")
    fps: float = Field(gt=0, description="frames per second")
    codec: str


class AudioStream(Record):
    """The sound as it stands in the file; it is analysed as 16 kHz mono."""

    rate: int = Field(gt=0, description="samples per second")
    channels: int = Field(gt=0)
    codec: str


class Clip(Record):
    """One media file, identified by its content. `id` is the first 16 digits of `sha256`."""

    id: str
    name: str = Field(description="file name without folders")
    sha256: str
    bytes: int = Field(ge=0)
    format: str = Field(description="container format")
    start: float = Field(default=0.0, allow_inf_nan=False, description="the container's time stamp at which 0 s lies")
    duration: float = Field(gt=0, allow_inf_nan=False, description="seconds")
    video: VideoStream | None = None
    audio: AudioStream | None = None
    subtitles: int = Field(default=0, ge=0, description="number of text subtitle streams inside the file")


class Person(Record):
    """Somebody seen or heard. `tracks` name the face tracks bound to the person; `voice` names a voice cluster."""

    id: str
    name: str | None = None
    tracks: tuple[str, ...] = ()
    voice: str | None = None


class Word(Record):
    """A word as heard. `probability` is `None` where the source gives none (subtitles)."""

    text: str
    span: Span
    probability: Probability | None = None
    time_source: TimeSource


class Utterance(Record):
    """What one person says in one go. `text` is empty where nothing was recognised (fixed windows)."""

    id: str
    person: str | None = Field(default=None, description="id of the person who speaks, where known")
    span: Span
    text: str
    words: tuple[Word, ...] = ()
    source: TranscriptSource


class Measure(Record):
    """A number with its unit, e.g. `Measure(value=2.1, unit="intensity 0-5")`."""

    value: float = Field(allow_inf_nan=False)
    unit: str


class Producer(Record):
    """Who made a piece of evidence; `revision` is a fingerprint of the agent's source or of its model."""

    name: str
    version: str
    revision: str


class Evidence(Record):
    """Something seen, heard or said, and when, and of whom. It never names an emotion, except for dialogue evidence,
    which recalls an earlier verdict."""

    id: str
    utterance: str
    person: str | None = None
    modality: Modality
    kind: str = Field(description="e.g. quotation, action_unit, head_pose, pitch, loudness, rate, pauses")
    span: Span
    finding: str = Field(description="one plain sentence")
    measures: dict[str, Measure] = Field(default_factory=dict)
    reliability: Probability
    saw_text: bool = Field(description="whether the producer was shown the transcript")
    producer: Producer
    media_ref: str | None = Field(default=None, description="path inside the run folder, e.g. media/u3.jpg")


class Opinion(Record):
    """What one modality alone suggests. Abstained: an empty distribution and a reason."""

    utterance: str
    modality: Modality
    distribution: Distribution = Field(default_factory=dict)
    valence: Signed | None = Field(default=None, description="-1 unpleasant to 1 pleasant")
    arousal: Signed | None = Field(default=None, description="-1 calm to 1 excited")
    open_labels: tuple[str, ...] = Field(default=(), description="words outside the closed label set, likeliest first")
    abstained: bool = False
    reason: str | None = Field(default=None, description="why it abstained")
    cites: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _abstains_or_speaks(self) -> Self:
        if self.abstained == bool(self.distribution):
            raise ValueError("an opinion either abstains or has a distribution")
        _check_sum(self.distribution)
        return self


class Hypothesis(Record):
    """One reading of an utterance, kept though others disagree."""

    modality: Modality
    label: str
    probability: Probability
    cites: tuple[str, ...] = ()


class Conflict(Record):
    """Two modalities that disagree. Both hypotheses stay; `policy` says what the verdict did about it."""

    id: str
    utterance: str
    kind: str = Field(description="the two modalities in a fixed order, e.g. text-face")
    type: Dispute = Field(
        default="category",
        description="valence: one pleasant, one unpleasant; neutral: only one expresses anything; category: different "
        "labels otherwise",
    )
    divergence: float = Field(ge=0, le=1, description="Jensen-Shannon divergence in bits")
    valence_clash: bool = Field(description="the two suggest opposite signs of valence")
    hypotheses: tuple[Hypothesis, ...]
    policy: Policy


class Claim(Record):
    """One sentence of the explanation and the evidence it stands on."""

    text: str
    cites: tuple[str, ...] = Field(min_length=1, description="evidence ids, of this utterance or an earlier one")
    stance: Literal["supports", "against", "context"] = "supports"
    modality: Modality | None = Field(default=None, description="the source it speaks of; None: not said, or several")


class Shift(Record):
    """The same person's verdict changed since an earlier utterance."""

    utterance: str = Field(description="id of the earlier utterance")
    before: str
    after: str


class Verdict(Record):
    """The expressed emotion of one utterance, as a viewer would label it. Abstained or invalid: no label."""

    utterance: str
    person: str | None = None
    label: str | None
    distribution: Distribution = Field(default_factory=dict)
    alternatives: tuple[str, ...] = Field(default=(), description="other labels, most probable first")
    open_labels: tuple[str, ...] = Field(default=(), description="words outside the closed label set")
    valence: Signed | None = None
    arousal: Signed | None = None
    confidence: Probability | None = Field(default=None, description="calibrated probability that `label` is right")
    abstained: bool = False
    invalid: bool = Field(default=False, description="the reasoner's answer could not be used")
    reason: str | None = Field(default=None, description="why it abstained or is invalid")
    causes: tuple[str, ...] = Field(default=(), description="utterance ids")
    shift: Shift | None = None
    claims: tuple[Claim, ...] = ()
    conflict: str | None = Field(default=None, description="id of the strongest conflict")
    verified: bool | None = Field(default=None, description="whether a second model agrees; None: it was not asked")
    reasoner: str
    mode: Mode = "causal"

    @model_validator(mode="after")
    def _label_or_reason(self) -> Self:
        silent = self.abstained or self.invalid
        if silent == (self.label is not None):
            raise ValueError("a verdict has a label, or abstains, or is invalid")
        if self.label is not None and self.label not in self.distribution:
            raise ValueError(f"label {self.label!r} is not in the distribution")
        _check_sum(self.distribution)
        return self


class ClaimAudit(Record):
    """What happened to the verdict when the evidence that one claim cites was taken away."""

    claim: int = Field(ge=0, description="index into the verdict's claims")
    divergence: float = Field(ge=0, le=1, description="Jensen-Shannon divergence in bits")
    flipped: bool
    change: Signed | None = Field(default=None, description="of the label's probability: after minus before")
    supported: bool | None = Field(default=None, description="whether its evidence does what it says; None: not tested")
    reason: str | None = Field(default=None, description="why it is not supported")
    unknown: tuple[str, ...] = Field(default=(), description="cited ids that are not evidence about this utterance")
    words: str | None = Field(default=None, description="the part of a quotation without which the label loses most")
    alone: str | None = Field(default=None, description="the label of the words without what came before, if another")
    earlier: tuple[str, ...] = Field(default=(), description="then: quotations of the turns that make the difference")


class Audit(Record):
    """Whether a verdict stands on the evidence it cites: all cited evidence removed, against the same number of
    uncited items removed (mean over all such choices, or over a seeded sample of them)."""

    utterance: str
    cited_divergence: float = Field(ge=0, le=1, description="bits")
    cited_flipped: bool
    cited_removed: int | None = Field(default=None, ge=0, description="items of cited evidence that were removed")
    uncited_removed: int | None = Field(default=None, ge=0, description="items in each choice of uncited evidence")
    uncited_divergence: float | None = Field(default=None, ge=0, le=1, description="bits; None: nothing uncited")
    uncited_flipped: Probability | None = Field(default=None, description="share of the choices that flipped")
    claims: tuple[ClaimAudit, ...] = ()
    finding: Literal["carried", "decoration", "not-tested"]


class Contribution(Record):
    """What one modality adds to a language model's verdict: the same question asked again without it."""

    utterance: str
    modality: Modality
    label: str | None = Field(description="the label without this modality; None: abstained or invalid")
    divergence: float | None = Field(ge=0, le=1, description="Jensen-Shannon divergence in bits; None: no distribution")
    flipped: bool


class Part(Record):
    """A piece of a message: text, or a picture in the run folder."""

    text: str | None = None
    image: str | None = Field(default=None, description="path inside the run folder, e.g. media/captions/u3.1.jpg")


class Shown(Record):
    """What one side said to a generative model, exactly."""

    role: Literal["system", "user", "assistant"]
    parts: tuple[Part, ...]


class Call(Record):
    """One question to a generative model and its raw answer. No address and no key stand here."""

    id: str
    utterance: str | None = None
    purpose: Purpose
    model: str = Field(description="with its adapter, if it has one")
    backend: str = Field(description="transformers or chat-completions")
    prompts: dict[str, str] = Field(default_factory=dict, description="prompt file to sha256")
    messages: tuple[Shown, ...]
    constrained: bool = Field(default=False, description="whether the answer was held to a JSON Schema")
    seed: int
    answer: str
    finish: str = Field(default="stop", description="stop, or length: cut off")
    tokens_in: int | None = None
    tokens_out: int | None = None


class Fault(Record):
    """Something that failed while the rest went on."""

    source: str
    code: str
    message: str
    hint: str = ""


class Model(Record):
    """A model file that was used."""

    name: str
    sha256: str
    licence: str
    source: str


class Provenance(Record):
    """Everything that a second run needs to give the same bytes. No wall-clock times stand here."""

    emoagent: str
    python: str
    packages: dict[str, str]
    profile: str
    profile_reason: str
    settings: dict[str, str]
    agents: tuple[Producer, ...]
    models: tuple[Model, ...]


class Trace(Record):
    """The whole run: what was perceived, what each modality suggested, what was judged, and what failed."""

    schema_version: Literal["1.0"] = SCHEMA_VERSION
    label_set: str
    clip: Clip
    people: tuple[Person, ...]
    utterances: tuple[Utterance, ...]
    evidence: tuple[Evidence, ...]
    opinions: tuple[Opinion, ...]
    conflicts: tuple[Conflict, ...]
    verdicts: tuple[Verdict, ...]
    audits: tuple[Audit, ...]
    faults: tuple[Fault, ...]
    provenance: Provenance
    baseline: tuple[Verdict, ...] = Field(
        default=(), description="verdicts of the embedded reasoner, where a language model gave those of the run"
    )
    contributions: tuple[Contribution, ...] = ()
    calls: tuple[Call, ...] = Field(default=(), description="what generative models were asked and answered")

    @model_validator(mode="after")
    def _cites_exist(self) -> Self:
        known = {item.id for item in self.evidence}
        marked = {name for audit in self.audits for claim in audit.claims for name in claim.unknown}
        cited = {c for v in (*self.verdicts, *self.baseline) for claim in v.claims for c in claim.cites} - marked
        cited |= {c for o in self.opinions for c in o.cites}
        cited |= {c for audit in self.audits for claim in audit.claims for c in claim.earlier}
        if missing := cited - known:
            raise ValueError(f"cited evidence that does not exist: {sorted(missing)}")
        return self


def _check_sum(distribution: dict[str, float]) -> None:
    if distribution and abs(sum(distribution.values()) - 1) > 1e-3:
        raise ValueError(f"a distribution sums to 1, not to {sum(distribution.values()):.4f}")

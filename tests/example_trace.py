"""A hand-made trace for tests: two people, five utterances, every kind of record at least once.

u1 is plain joy, u2 a conflict between words and face, u3 has no face and an explanation that is mere decoration,
u4 abstains, u5 is a shift with a cause. The agent `behavior` has failed.
"""

from __future__ import annotations

import hashlib

from emoagent.schema import (
    AudioStream,
    Audit,
    Claim,
    ClaimAudit,
    Clip,
    Conflict,
    Evidence,
    Fault,
    Hypothesis,
    Measure,
    Modality,
    Model,
    Opinion,
    Person,
    Producer,
    Provenance,
    Shift,
    Span,
    Trace,
    Utterance,
    Verdict,
    VideoStream,
    Word,
)

LABELS = ("neutral", "joy", "anger", "surprise", "sadness", "disgust", "fear")
SPOKEN = {
    "u1": ("p1", 0.8, 3.4, "I got the job! They called this morning."),
    "u2": ("p2", 4.1, 6.0, "Oh wow. That's… great."),
    "u3": ("p1", 6.9, 8.8, "You don't sound very pleased."),
    "u4": ("p2", 9.3, 10.0, "Mm."),
    "u5": ("p2", 11.2, 14.6, "No, I am. I only hate that you have to move away."),
}


def _hex(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def _producer(name: str) -> Producer:
    return Producer(name=name, version="0.1.0", revision=_hex(name)[:12])


def _spread(*masses: float) -> dict[str, float]:
    return dict(zip(LABELS, masses, strict=True))


def _utterance(name: str) -> Utterance:
    person, start, end, text = SPOKEN[name]
    parts = text.split()
    step = (end - start) / len(parts)
    spans = [Span(start=round(start + i * step, 3), end=round(start + (i + 1) * step, 3)) for i in range(len(parts))]
    words = tuple(Word(text=t, span=s, time_source="interpolated") for t, s in zip(parts, spans, strict=True))
    span = Span(start=start, end=end)
    return Utterance(id=name, person=person, span=span, text=text, words=words, source="subtitles")


def _evidence(
    name: str,
    kind: str,
    span: tuple[float, float],
    finding: str,
    reliability: float,
    measures: dict[str, tuple[float, str]] | None = None,
    picture: bool = False,
) -> Evidence:
    utterance, agent, _ = name.split(".")
    modality: dict[str, Modality] = {"transcript": "text", "face": "face", "voice": "voice", "dialogue": "dialogue"}
    return Evidence(
        id=name,
        utterance=utterance,
        person=SPOKEN[utterance][0],
        modality=modality[agent],
        kind=kind,
        span=Span(start=span[0], end=span[1]),
        finding=finding,
        measures={k: Measure(value=v, unit=unit) for k, (v, unit) in (measures or {}).items()},
        reliability=reliability,
        saw_text=agent in {"transcript", "dialogue"},
        producer=_producer(agent),
        media_ref=f"media/{utterance}.jpg" if picture else None,
    )


AU, HZ, DB = "intensity 0-5", "semitones from the speaker's median", "dB from the speaker's median"
EVIDENCE = (
    _evidence("u1.transcript.1", "quotation", (0.8, 3.4), "Says “I got the job!”.", 0.95),
    _evidence("u1.face.1", "action_unit", (1.2, 3.1), "Lip corners pulled up strongly (AU12).", 0.83,
              {"AU12": (3.4, AU)}, picture=True),
    _evidence("u1.face.2", "action_unit", (1.4, 3.0), "Cheeks raised (AU6).", 0.71, {"AU06": (2.2, AU)}),
    _evidence("u1.voice.1", "pitch", (0.8, 3.4), "Pitch well above the speaker's usual, moving widely.", 0.88,
              {"median": (3.1, HZ), "range": (9.4, "semitones")}),
    _evidence("u1.voice.2", "loudness", (0.8, 3.4), "Louder than the speaker's usual.", 0.8, {"mean": (4.6, DB)}),
    _evidence("u2.transcript.1", "quotation", (5.2, 6.0), "Says “great” after a pause.", 0.95),
    _evidence("u2.face.1", "action_unit", (4.6, 5.9), "Lip corners pulled down (AU15).", 0.44, {"AU15": (1.6, AU)}),
    _evidence("u2.face.2", "action_unit", (4.3, 5.8), "Inner brows raised and drawn together (AU1+4).", 0.76,
              {"AU01": (2.3, AU), "AU04": (1.8, AU)}, picture=True),
    _evidence("u2.face.3", "head_pose", (4.2, 6.0), "Head turned down and away.", 0.9,
              {"pitch": (-14.0, "degrees"), "yaw": (22.0, "degrees")}),
    _evidence("u2.voice.1", "pauses", (4.1, 6.0), "A pause of 0.6 s in mid-sentence.", 0.9, {"longest": (0.6, "s")}),
    _evidence("u2.dialogue.1", "earlier_verdict", (0.8, 3.4), "Just before, Anna expressed joy.", 0.84),
    _evidence("u3.transcript.1", "quotation", (6.9, 8.8), "Says “don't … pleased”.", 0.95),
    _evidence("u3.voice.1", "pitch", (6.9, 8.8), "Pitch close to the speaker's usual.", 0.85, {"median": (-0.4, HZ)}),
    _evidence("u3.dialogue.1", "earlier_verdict", (4.1, 6.0), "Just before, Ben expressed sadness.", 0.46),
    _evidence("u4.voice.1", "loudness", (9.3, 10.0), "Quieter than the speaker's usual.", 0.3, {"mean": (-7.2, DB)}),
    _evidence("u5.transcript.1", "quotation", (12.2, 14.6), "Says “I only hate that you have to move away”.", 0.95),
    _evidence("u5.face.1", "action_unit", (12.0, 14.2), "Inner brows raised (AU1).", 0.74, {"AU01": (2.6, AU)},
              picture=True),
    _evidence("u5.voice.1", "pitch", (11.2, 14.6), "Pitch below the speaker's usual and flat.", 0.87,
              {"median": (-2.2, HZ), "range": (3.0, "semitones")}),
    _evidence("u5.dialogue.1", "earlier_verdict", (4.1, 6.0), "Earlier, Ben expressed sadness.", 0.46),
)  # fmt: skip


def _opinion(utterance: str, modality: Modality, masses: dict[str, float], *cites: str) -> Opinion:
    valence = round(0.8 * masses["joy"] - 0.65 * (masses["sadness"] + masses["anger"] + masses["fear"]), 2)
    return Opinion(utterance=utterance, modality=modality, distribution=masses, valence=valence, cites=cites)


def _silent(utterance: str, modality: Modality, reason: str) -> Opinion:
    return Opinion(utterance=utterance, modality=modality, abstained=True, reason=reason)


OPINIONS = (
    _opinion("u1", "text", _spread(0.09, 0.78, 0.01, 0.09, 0.01, 0.01, 0.01), "u1.transcript.1"),
    _opinion("u1", "face", _spread(0.12, 0.76, 0.01, 0.08, 0.01, 0.01, 0.01), "u1.face.1", "u1.face.2"),
    _opinion("u1", "voice", _spread(0.14, 0.38, 0.18, 0.2, 0.02, 0.02, 0.06), "u1.voice.1", "u1.voice.2"),
    _opinion("u2", "text", _spread(0.16, 0.66, 0.01, 0.14, 0.01, 0.01, 0.01), "u2.transcript.1"),
    _opinion("u2", "face", _spread(0.15, 0.02, 0.05, 0.02, 0.64, 0.04, 0.08), "u2.face.1", "u2.face.2", "u2.face.3"),
    _opinion("u2", "voice", _spread(0.4, 0.08, 0.04, 0.06, 0.32, 0.04, 0.06), "u2.voice.1"),
    _opinion("u3", "text", _spread(0.5, 0.06, 0.18, 0.04, 0.16, 0.04, 0.02), "u3.transcript.1"),
    _silent("u3", "face", "the speaker is not in view"),
    _opinion("u3", "voice", _spread(0.58, 0.08, 0.1, 0.06, 0.1, 0.04, 0.04), "u3.voice.1"),
    _silent("u4", "text", "no word of the lexicon"),
    _silent("u4", "face", "the speaker is not in view"),
    _opinion("u4", "voice", _spread(0.36, 0.1, 0.06, 0.06, 0.28, 0.06, 0.08), "u4.voice.1"),
    _opinion("u5", "text", _spread(0.1, 0.04, 0.3, 0.02, 0.48, 0.04, 0.02), "u5.transcript.1"),
    _opinion("u5", "face", _spread(0.18, 0.02, 0.06, 0.03, 0.56, 0.04, 0.11), "u5.face.1"),
    _opinion("u5", "voice", _spread(0.24, 0.03, 0.05, 0.03, 0.55, 0.05, 0.05), "u5.voice.1"),
)

CONFLICT = Conflict(
    id="u2.conflict.1",
    utterance="u2",
    kind="text-face",
    divergence=0.61,
    valence_clash=True,
    hypotheses=(
        Hypothesis(modality="text", label="joy", probability=0.66, cites=("u2.transcript.1",)),
        Hypothesis(modality="face", label="sadness", probability=0.64, cites=("u2.face.1", "u2.face.2")),
    ),
    policy="reliability-weighted",
)


def _verdict(name: str, masses: dict[str, float], va: tuple[float, float], *claims: Claim, **more: object) -> Verdict:
    ranked = sorted(masses, key=lambda label: -masses[label])
    record = {
        "utterance": name, "person": SPOKEN[name][0], "label": ranked[0], "distribution": masses,
        "alternatives": tuple(ranked[1:3]), "valence": va[0], "arousal": va[1],
        "confidence": masses[ranked[0]], "claims": claims, "reasoner": "pool-1",
    }  # fmt: skip
    return Verdict.model_validate(record | more)


VERDICTS = (
    _verdict("u1", _spread(0.07, 0.84, 0.01, 0.05, 0.01, 0.01, 0.01), (0.66, 0.52),
             Claim(text="The words announce good news.", cites=("u1.transcript.1",)),
             Claim(text="Lip corners and cheeks go up together while she speaks.", cites=("u1.face.1", "u1.face.2")),
             Claim(text="The voice is higher and louder than her usual.", cites=("u1.voice.1", "u1.voice.2")),
             open_labels=("pride",)),
    _verdict("u2", _spread(0.2, 0.24, 0.03, 0.03, 0.46, 0.02, 0.02), (-0.24, -0.1),
             Claim(text="The inner brows go up and together, and the head turns away.",
                   cites=("u2.face.2", "u2.face.3")),
             Claim(text="He pauses for 0.6 s in mid-sentence.", cites=("u2.voice.1",)),
             Claim(text="The words themselves are approving.", cites=("u2.transcript.1",), stance="against"),
             Claim(text="Anna had just told her news with joy.", cites=("u2.dialogue.1",), stance="context"),
             causes=("u1",), conflict="u2.conflict.1"),
    _verdict("u3", _spread(0.57, 0.06, 0.13, 0.04, 0.13, 0.04, 0.03), (-0.08, 0.02),
             Claim(text="The words deny that something is pleasing.", cites=("u3.transcript.1",)),
             causes=("u2",), shift=Shift(utterance="u1", before="joy", after="neutral")),
    Verdict(utterance="u4", person="p2", label=None, abstained=True, reasoner="pool-1",
            reason="only one weak source: the voice, for 0.7 s"),
    _verdict("u5", _spread(0.12, 0.02, 0.15, 0.02, 0.62, 0.03, 0.04), (-0.52, -0.18),
             Claim(text="The words name something he hates.", cites=("u5.transcript.1",)),
             Claim(text="The inner brows are raised.", cites=("u5.face.1",)),
             Claim(text="The voice is low and flat.", cites=("u5.voice.1",)),
             Claim(text="He had expressed sadness a moment before.", cites=("u5.dialogue.1",), stance="context"),
             causes=("u3", "u1")),
)  # fmt: skip


def _claims(*moves: tuple[float, bool]) -> tuple[ClaimAudit, ...]:
    return tuple(ClaimAudit(claim=i, divergence=d, flipped=flipped) for i, (d, flipped) in enumerate(moves))


AUDITS = (
    Audit(utterance="u1", cited_divergence=0.52, cited_flipped=True, finding="carried",
          claims=_claims((0.11, False), (0.1, False), (0.02, False))),
    Audit(utterance="u2", cited_divergence=0.38, cited_flipped=True, uncited_divergence=0.04, uncited_flipped=0.0,
          finding="carried", claims=_claims((0.29, True), (0.03, False), (0.07, False), (0.01, False))),
    Audit(utterance="u3", cited_divergence=0.02, cited_flipped=False, uncited_divergence=0.05, uncited_flipped=0.0,
          finding="decoration", claims=_claims((0.02, False))),
    Audit(utterance="u4", cited_divergence=0.0, cited_flipped=False, finding="not-tested"),
    Audit(utterance="u5", cited_divergence=0.41, cited_flipped=True, finding="carried",
          claims=_claims((0.12, False), (0.08, False), (0.06, False), (0.0, False))),
)  # fmt: skip


def _provenance() -> Provenance:
    return Provenance(
        emoagent="0.1.0",
        python="3.11.9",
        packages={"mediapipe": "1.2.2", "numpy": "2.3.1", "pydantic": "2.11.7"},
        profile="embedded",
        profile_reason="torch is not installed and no server is configured",
        settings={"transcript": "auto", "label_set": "meld7", "mode": "causal"},
        agents=tuple(_producer(name) for name in ("dialogue", "face", "transcript", "voice")),
        models=(
            Model(name="face_landmarks_detector", sha256=_hex("face"), licence="Apache-2.0", source="mediapipe wheel"),
            Model(name="text_opinion", sha256=_hex("text"), licence="Apache-2.0", source="bundled"),
        ),
    )


def example_trace() -> Trace:
    """The trace described above; the same bytes every time."""
    digest = _hex("kitchen_table.mp4")
    return Trace(
        label_set="meld7",
        clip=Clip(
            id=digest[:16], name="kitchen_table.mp4", sha256=digest, bytes=2_381_004, format="mp4", duration=15.2,
            video=VideoStream(width=640, height=360, fps=25.0, codec="h264"),
            audio=AudioStream(rate=48000, channels=2, codec="aac"), subtitles=1,
        ),
        people=(
            Person(id="p1", name="Anna", tracks=("t1",), voice="v1"),
            Person(id="p2", name="Ben", tracks=("t2",), voice="v2"),
        ),
        utterances=tuple(_utterance(name) for name in SPOKEN),
        evidence=EVIDENCE, opinions=OPINIONS, conflicts=(CONFLICT,), verdicts=VERDICTS, audits=AUDITS,
        faults=(
            Fault(source="behavior", code="extra_missing", message="the package 'transformers' is not installed",
                  hint="pip install 'emoagent[local]'"),
        ),
        provenance=_provenance(),
    )  # fmt: skip

"""A long conversation that nobody had: a trace as an analysis of it would give, for measuring pages and exports.

As many records of each kind to an utterance as the analysis of `samples/dialogue.mp4` gives (about 13 pieces of
evidence, 4 opinions, 2 to 4 claims, a conflict in a third), numbers with as many digits; always the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from benchmarks.hour_evidence import Record, pieces, span
from emoagent.labels import labels
from emoagent.schema import SCHEMA_VERSION, Trace

NAMES = ("Amara", "Jonas", "Mei", "Ravi", "Lucía", "Tom", "Zofia", "Idris")
OPENINGS = ("Well", "I mean", "Look", "Honestly", "You know", "Right", "No", "Yes", "Oh", "Listen", "Wait", "So")
SUBJECTS = ("the meeting", "your sister", "this contract", "the doctor", "our landlord", "that train", "my neighbour",
            "the whole team", "nobody here", "the second half", "a letter from the bank", "the dog")  # fmt: skip
VERBS = ("moved", "forgot", "ruined", "promised", "sold", "remembered", "broke", "found", "cancelled", "loved",
         "answered", "lost", "signed", "missed", "waited for", "laughed about")  # fmt: skip
ENDINGS = ("everything", "it on Tuesday", "the keys again", "what we had agreed", "two of the four", "the last chance",
           "it without a word", "it for good", "more than I expected", "nothing at all", "the wrong house")  # fmt: skip
CLOSINGS = (".", ".", ".", "!", "?", ", didn't it?", ", and that was that.", ", thank goodness.", "…")


@dataclass(frozen=True)
class Hour:
    """How long, how many, which share of the utterances has a picture, and which (`seed`)."""

    seconds: float = 3600.0
    people: int = 3
    utterances: int = 900
    pictured: float = 1.0
    seed: int = 7


def hour(size: Hour = Hour()) -> Trace:
    """The trace. The picture of an utterance is `media/ID.jpg`, which `benchmarks.hour_page` writes."""
    rng = np.random.default_rng(size.seed)
    spoken = list(_utterances(size, rng))
    before: list[Record | None] = [None, *spoken]
    parts = [_judged(utterance, earlier, rng) for utterance, earlier in zip(spoken, before, strict=False)]
    _forget_pictures([item for part in parts for item in part["evidence"] if item["media_ref"]], size.pictured)
    kinds = ("evidence", "opinions", "conflicts", "verdicts", "audits")
    records = {kind: [record for part in parts for record in part[kind]] for kind in kinds}
    return Trace.model_validate({"schema_version": SCHEMA_VERSION, "label_set": "meld7", "clip": _clip(size),
                                 "people": _people(size), "utterances": spoken, "faults": (),
                                 "provenance": _provenance(), **records})  # fmt: skip


def _utterances(size: Hour, rng: np.random.Generator) -> Iterator[Record]:
    edges = np.sort(rng.uniform(0, size.seconds, size.utterances * 2)).round(3).tolist()
    for i, (start, end) in enumerate(zip(edges[::2], edges[1::2], strict=True), 1):
        text = " ".join(_sentence(rng) for _ in range(int(rng.integers(1, 4))))
        yield {"id": f"u{i}", "person": f"p{int(rng.integers(size.people)) + 1}", "span": span(start, end),
               "text": text, "words": _words(text, start, end), "source": "subtitles"}  # fmt: skip


def _sentence(rng: np.random.Generator) -> str:
    opening, subject, verb, ending, closing = (
        str(rng.choice(part)) for part in (OPENINGS, SUBJECTS, VERBS, ENDINGS, CLOSINGS)
    )
    return f"{opening}, {subject} {verb} {ending}{closing}"


def _words(text: str, start: float, end: float) -> list[Record]:
    parts = text.split()
    edges = np.linspace(start, end, len(parts) + 1).round(3).tolist()
    return [{"text": part, "span": span(*edge), "probability": None, "time_source": "interpolated"}
            for part, edge in zip(parts, pairwise(edges), strict=True)]  # fmt: skip


def _judged(utterance: Record, earlier: Record | None, rng: np.random.Generator) -> dict[str, list[Record]]:
    evidence = list(pieces(utterance, earlier, rng))
    opinions = [_opinion(utterance, modality, evidence, rng) for modality in ("behavior", "face", "text", "voice")]
    conflicts = [_conflict(utterance, opinions)] if rng.random() < 0.33 else []
    verdict = _verdict(utterance, earlier, evidence, opinions, rng)
    verdict["conflict"] = conflicts[0]["id"] if conflicts else None
    return {"evidence": evidence, "opinions": opinions, "conflicts": conflicts, "verdicts": [verdict],
            "audits": [_audit(verdict, rng)]}  # fmt: skip


def _opinion(utterance: Record, modality: str, evidence: list[Record], rng: np.random.Generator) -> Record:
    cites = [item["id"] for item in evidence if item["modality"] == modality and item["kind"] != "face_visibility"]
    if not cites:
        return {
            "utterance": utterance["id"],
            "modality": modality,
            "abstained": True,
            "reason": f"no {modality} evidence",
        }
    return {"utterance": utterance["id"], "modality": modality, "distribution": _distribution(rng), "cites": cites[:6],
            "valence": _signed(rng), "arousal": _signed(rng)}  # fmt: skip


def _conflict(utterance: Record, opinions: list[Record]) -> Record:
    text, voice = opinions[2], opinions[3]
    return {"id": f"{utterance['id']}.conflict.1", "utterance": utterance["id"], "kind": "text-voice",
            "type": "category",
            "divergence": 0.4823, "valence_clash": text["valence"] * voice["valence"] < 0,
            "policy": "reliability-weighted",
            "hypotheses": [{"modality": o["modality"], "label": _first(o), "cites": o["cites"],
                            "probability": max(o["distribution"].values())} for o in (text, voice)]}  # fmt: skip


def _verdict(utterance: Record, earlier: Record | None, evidence: list[Record], opinions: list[Record],
             rng: np.random.Generator) -> Record:  # fmt: skip
    name, person = utterance["id"], utterance["person"]
    if rng.random() < 0.05:
        return {"utterance": name, "person": person, "label": None, "abstained": True, "reasoner": "embedded",
                "reason": "the sources are too weak to tell"}  # fmt: skip
    masses = _distribution(rng)
    ranked = sorted(masses, key=lambda label: -masses[label])
    claims = [{"text": f"The {o['modality']} suggests {_first(o)} ({max(o['distribution'].values()):.0%}).",
               "cites": o["cites"][:3], "modality": o["modality"],
               "stance": "supports" if _first(o) == ranked[0] or o["modality"] == "text" else "against"}
              for o in opinions if not o.get("abstained")]  # fmt: skip
    return {"utterance": name, "person": person, "label": ranked[0], "distribution": masses,
            "alternatives": ranked[1:3],
            "valence": _signed(rng), "arousal": _signed(rng), "confidence": masses[ranked[0]], "claims": claims,
            "causes": [earlier["id"]] if earlier and rng.random() < 0.3 else [],
            "shift": {"utterance": earlier["id"], "before": "neutral", "after": ranked[0]}
            if earlier and earlier["person"] == person and ranked[0] != "neutral" else None,
            "reasoner": "embedded"}  # fmt: skip


def _audit(verdict: Record, rng: np.random.Generator) -> Record:
    claims = [{"claim": i, "divergence": round(rng.random() * 0.6, 4), "flipped": bool(rng.random() < 0.4),
               "change": _signed(rng), "supported": bool(rng.random() < 0.85), "reason": None}
              for i in range(len(verdict.get("claims", ())))]  # fmt: skip
    for claim in claims:
        claim["reason"] = None if claim["supported"] else "taking the evidence away does not lower the label"
    finding = str(rng.choice(("carried", "carried", "decoration"))) if claims else "not-tested"
    return {"utterance": verdict["utterance"], "cited_divergence": round(rng.random() * 0.6, 4),
            "cited_flipped": bool(rng.random() < 0.5), "cited_removed": 4, "uncited_removed": 4,
            "uncited_divergence": round(rng.random() * 0.1, 4), "uncited_flipped": 0.0, "claims": claims,
            "finding": finding}  # fmt: skip


def _forget_pictures(items: list[Record], share: float) -> None:
    for i, item in enumerate(items):
        if int(i * share) == int((i - 1) * share) and i:
            item["media_ref"] = None


def _distribution(rng: np.random.Generator) -> dict[str, float]:
    masses = rng.dirichlet(np.full(7, 0.5)).round(4)
    masses[masses.argmax()] += 1 - masses.sum()
    return dict(zip(labels(), masses.round(4).tolist(), strict=True))


def _first(opinion: Record) -> str:
    masses = opinion["distribution"]
    return max(masses, key=lambda label: float(masses[label]))


def _signed(rng: np.random.Generator) -> float:
    return round(float(rng.uniform(-1, 1)), 4)


def _people(size: Hour) -> list[Record]:
    return [{"id": f"p{i + 1}", "name": NAMES[i % len(NAMES)], "tracks": [f"t{i}"]} for i in range(size.people)]


def _clip(size: Hour) -> Record:
    digest = hashlib.sha256(repr(size).encode()).hexdigest()
    return {"id": digest[:16], "name": "one_hour.mp4", "sha256": digest, "bytes": 812_000_000, "format": "mp4",
            "duration": size.seconds, "video": {"width": 1280, "height": 720, "fps": 25.0, "codec": "h264"},
            "audio": {"rate": 48_000, "channels": 2, "codec": "aac"}, "subtitles": 1}  # fmt: skip


def _provenance() -> Record:
    return {"emoagent": "0.1.0", "python": "3.11.9", "packages": {"numpy": "2.3.1"}, "profile": "embedded",
            "profile_reason": "made up for a measurement", "settings": {"seed": "7"},
            "agents": (), "models": ()}  # fmt: skip

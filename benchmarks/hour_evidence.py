"""Evidence about utterances that nobody spoke: the kinds, the numbers and the digits that the agents give."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np

Record = dict[str, Any]
UNITS = ("AU1", "AU2", "AU4", "AU5", "AU6", "AU7", "AU10", "AU12", "AU14", "AU15", "AU17", "AU20", "AU23", "AU25")
VOICE = (("pitch", "median_f0", "Hz", 170.0), ("pitch_variation", "f0_range", "semitones", 4.0),
         ("loudness", "level", "dBFS", -24.0), ("loudness_variation", "level_range", "dB", 8.0),
         ("rate", "rate", "syllables/s", 4.2), ("pauses", "pause_share", "ratio", 0.1),
         ("effort", "alpha_ratio", "dB", -4.0))  # fmt: skip


def pieces(utterance: Record, earlier: Record | None, rng: np.random.Generator) -> Iterator[Record]:
    """Evidence about one utterance (a record of the schema, as JSON); `earlier` is the one before."""
    whole, text = utterance["span"], utterance["text"]
    words = {"words": _measure(float(len(utterance["words"])), "words")}
    yield _item(utterance, "transcript", 1, "text", "quotation", whole, f"Said: “{text}”", words, 0.95)
    faces = int(rng.integers(0, 5))
    for number in range(1, faces + 1):
        yield _action_unit(utterance, number, rng)
    yield _visibility(utterance, faces + 1, rng)
    lips = {"score": _measure(rng.random(), "0-1"), "sync": _measure(rng.random(), "correlation")}
    finding = "The lips of the speaker move with the sound"
    yield _item(utterance, "speaker", 1, "face", "active_speaker", whole, finding, lips, rng.random())
    for number, (kind, name, unit, usual) in enumerate(VOICE, 1):
        measures = {name: _measure(usual * rng.uniform(0.6, 1.5), unit),
                    "z": _measure(rng.normal(), "standard deviations"),
                    "percentile": _measure(rng.uniform(0, 100), "percent")}  # fmt: skip
        finding = f"{kind.replace('_', ' ').capitalize()} is {_height(measures['z']['value'])} the speaker's usual."
        yield _item(utterance, "voice", number, "voice", kind, whole, finding, measures, rng.uniform(0.2, 0.9))
    if rng.random() < 0.4:
        yield _gaze(utterance, rng)
    if earlier is not None:
        finding = f"The turn just before ({earlier['id']}) was judged."
        yield _item(utterance, "dialogue", 1, "dialogue", "previous_turn", earlier["span"], finding, {}, 0.1)


def _height(z: float) -> str:
    return "above" if z > 0.5 else "below" if z < -0.5 else "close to"


def _action_unit(utterance: Record, number: int, rng: np.random.Generator) -> Record:
    start, end = utterance["span"]["start"], utterance["span"]["end"]
    onset, apex, offset = np.sort(rng.uniform(start, end, 3)).round(3).tolist()
    unit, height = str(rng.choice(UNITS)), rng.uniform(1, 4)
    measures = {unit: _measure(height, "intensity 0-5"), "onset": _measure(onset, "s"), "apex": _measure(apex, "s"),
                "offset": _measure(offset, "s"), "active_share": _measure(rng.random(), "ratio")}  # fmt: skip
    finding = f"{unit} reaches {height:.1f} of 5 at {apex:.1f} s, against this person's own rest"
    return _item(utterance, "face", number, "face", "action_unit", span(onset, offset), finding, measures, rng.random())


def _visibility(utterance: Record, number: int, rng: np.random.Generator) -> Record:
    shown, quality = rng.random(2).tolist()
    peak = rng.uniform(utterance["span"]["start"], utterance["span"]["end"])
    measures = {"shown": _measure(shown, "ratio"), "quality": _measure(quality, "0-1"), "peak": _measure(peak, "s")}
    finding = f"The speaker's face is seen in {shown:.0%} of the frames, with quality {quality:.2f} of 1"
    item = _item(utterance, "face", number, "face", "face_visibility", utterance["span"], finding, measures, 1.0)
    return {**item, "media_ref": f"media/{utterance['id']}.jpg"}


def _gaze(utterance: Record, rng: np.random.Generator) -> Record:
    share = rng.random()
    measures = {"camera_share": _measure(share, "ratio"), "right": _measure(rng.normal(0, 9), "degrees"),
                "up": _measure(rng.normal(0, 9), "degrees"), "shifts": _measure(1.0, "count")}  # fmt: skip
    finding = f"The speaker looks towards the camera {share:.0%} of the time"
    return _item(utterance, "behavior", 1, "behavior", "gaze", utterance["span"], finding, measures, rng.random())


def _item(utterance: Record, agent: str, number: int, modality: str, kind: str, span: Record, finding: str,
          measures: Record, reliability: float) -> Record:  # fmt: skip
    producer = {"name": agent, "version": "0.1.0", "revision": hashlib.sha256(agent.encode()).hexdigest()[:12]}
    return {"id": f"{utterance['id']}.{agent}.{number}", "utterance": utterance["id"], "person": utterance["person"],
            "modality": modality, "kind": kind, "span": span, "finding": finding, "measures": measures,
            "reliability": round(reliability, 4), "saw_text": agent in ("transcript", "dialogue"),
            "producer": producer, "media_ref": None}  # fmt: skip


def _measure(value: float, unit: str) -> Record:
    return {"value": round(float(value), 4), "unit": unit}


def span(start: float, end: float) -> Record:
    return {"start": start, "end": end}

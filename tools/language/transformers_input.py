"""Questions as tensors: text by the model's own chat template, frames as one video where the model takes one, else as
single pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoagent.tools.language.generation import Message, Picture, Question
from emoagent.tools.language.transformers_loading import Loaded

Frames = NDArray[np.uint8]
FPS = 2.0  # frames a second where the pictures do not say when they were taken
FEWEST = 2  # pictures of one size that make a video


@dataclass(frozen=True)
class Film:
    """(t, height, width, 3) RGB frames as one video, `fps` of them a second."""

    frames: Frames
    fps: float


Piece = str | Frames | Film


def batch(model: Loaded, questions: Sequence[Question]) -> Any:
    """The tensors of several questions, padded on the left, on the model's device."""
    told = [[(m.role, pieces(m, model.watches)) for m in question.messages] for question in questions]
    texts = [_text(model, conversation) for conversation in told]
    if not model.sees:
        options = {"padding": True, "add_special_tokens": False, "return_token_type_ids": False}
        return model.tokenizer(texts, return_tensors="pt", **options).to(model.device)
    shown = [piece for conversation in told for _, parts in conversation for piece in parts]
    films = [piece for piece in shown if isinstance(piece, Film)]
    images = [piece for piece in shown if isinstance(piece, np.ndarray)]
    given = {"images": images or None, **(_videos(films) if films else {})}
    return model.processor(text=texts, return_tensors="pt", padding=True, **given).to(model.device)


def pieces(message: Message, watches: bool) -> list[Piece]:
    """The parts of a message in order. Pictures in a row become a video where the model `watches`, they are `FEWEST` or
    more, and all of one size."""
    found = list[Piece]()
    for pictured, run in groupby(message.parts, key=lambda part: isinstance(part, Picture)):
        parts = list(run)
        found += list(_shown([p for p in parts if isinstance(p, Picture)], watches)) if pictured else parts  # type: ignore[arg-type]
    return found


def _shown(pictures: Sequence[Picture], watches: bool) -> Iterator[Piece]:
    frames = [_decoded(picture) for picture in pictures]
    if watches and len(frames) >= FEWEST and len({frame.shape for frame in frames}) == 1:
        yield Film(np.stack(frames), _fps(pictures))
    else:
        yield from frames


def _decoded(picture: Picture) -> Frames:
    import cv2

    found = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(cv2.cvtColor(found, cv2.COLOR_BGR2RGB), np.uint8)


def _fps(pictures: Sequence[Picture]) -> float:
    times = [picture.at for picture in pictures if picture.at is not None]
    lasts = times[-1] - times[0] if len(times) == len(pictures) else 0.0
    return round((len(times) - 1) / lasts, 4) if lasts > 0 else FPS


def _text(model: Loaded, conversation: Sequence[tuple[str, Sequence[Piece]]]) -> str:
    from jinja2 import TemplateError

    messages = [{"role": role, "content": _content(model, parts)} for role, parts in conversation]
    try:
        return _templated(model, messages)
    except TemplateError:  # templates that know no system role: its text opens the first question
        first, second, *rest = messages
        return _templated(model, [{"role": "user", "content": _joined(first, second)}, *rest])


def _templated(model: Loaded, messages: Sequence[dict[str, Any]]) -> str:
    options = {"tokenize": False, "add_generation_prompt": True, "enable_thinking": False}
    return str(model.processor.apply_chat_template(messages, **options))


def _content(model: Loaded, parts: Sequence[Piece]) -> Any:
    if not model.sees:
        return "\n".join(part for part in parts if isinstance(part, str))
    return [_part(part) for part in parts]


def _part(part: Piece) -> dict[str, str]:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    return {"type": "video" if isinstance(part, Film) else "image"}


def _joined(first: dict[str, Any], second: dict[str, Any]) -> Any:
    one, other = first["content"], second["content"]
    return f"{one}\n\n{other}" if isinstance(one, str) else [*one, *other]


def _videos(films: Sequence[Film]) -> dict[str, Any]:
    """Frames that were chosen already: the processor must not thin them again, and is told when they were taken."""
    from transformers.video_utils import VideoMetadata

    told = [
        VideoMetadata(
            total_num_frames=len(film.frames), fps=film.fps, width=film.frames.shape[2], height=film.frames.shape[1],
            duration=len(film.frames) / film.fps, frames_indices=list(range(len(film.frames))),
        )
        for film in films
    ]  # fmt: skip
    return {
        "videos": [film.frames for film in films], "video_metadata": told, "do_sample_frames": False,
    }  # fmt: skip

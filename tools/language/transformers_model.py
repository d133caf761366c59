"""A generative model in this process, by transformers: a language model, or one that sees pictures and video."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar

from emoagent.errors import ResourceLimit
from emoagent.tools.free_memory import free_memory
from emoagent.tools.language.generation import Answer, Done, Question, Reply, Unanswered, nobody
from emoagent.tools.language.transformers_grammar import Grammar, can_hold, vocabulary
from emoagent.tools.language.transformers_input import batch
from emoagent.tools.language.transformers_loading import Loaded, check_installed, load, out_of_memory, weights_in
from emoagent.tools.progress import stop_if_asked

EACH = 2 << 30  # bytes of a card's free memory for one question: about 8 000 tokens of a model of 8 billion weights
AT_ONCE = 16  # questions at most
ON_CPU = 2  # there more at once are hardly faster


@dataclass
class TransformersModel:
    """A `Generator`. `model`, `adapter`: a folder, or a name of the hub whose files have been pulled; `sees`: whether
    it is asked about pictures. It is loaded at the first question, and makes room where another one is to be loaded.

    Raises `ExtraMissing` and `ModelMissing` at once where something is not there."""

    model: str
    adapter: str | None = None
    sees: bool = False
    _folders: tuple[Path, Path | None] = field(init=False, repr=False)
    _loaded: Loaded | None = field(default=None, init=False, repr=False)
    _words: Any = field(default=None, init=False, repr=False)
    _size: int = field(default=0, init=False, repr=False)

    busy: ClassVar[Lock] = Lock()  # one model works at a time: they share the card
    present: ClassVar[list[TransformersModel]] = []

    def __post_init__(self) -> None:
        check_installed(adapter=self.adapter is not None)
        self._folders = weights_in(self.model), weights_in(self.adapter, "adapter_model") if self.adapter else None

    @property
    def name(self) -> str:
        """The model, and the adapter; of a folder its last part."""
        parts = [self.model, *([self.adapter] if self.adapter else [])]
        return " + ".join(Path(part).resolve().name if Path(part).is_dir() else part for part in parts)

    @property
    def backend(self) -> str:
        """`transformers`."""
        return "transformers"

    def answers(self, questions: Iterable[Question], done: Done = nobody) -> Iterator[Reply]:
        """One reply a question, in their order, as many at once as memory allows. Raises `ModelMissing` and
        `ResourceLimit`."""
        more = iter(questions)
        while first := next(more, None):
            stop_if_asked()
            with self.busy:
                self._ready()
            group = [first, *islice(more, self._size - 1)]
            while group:
                with self.busy:
                    replies = self._fitting(self._ready(), group)
                for question, reply in zip(group, replies, strict=False):
                    if isinstance(reply, Answer):
                        done(question, reply)
                yield from replies
                group = group[len(replies) :]

    def free(self) -> None:
        """Gives the memory back; the next question loads the model again."""
        self._loaded = self._words = None
        self.present[:] = [each for each in self.present if each is not self]
        _collect()

    def _ready(self) -> Loaded:
        if self._loaded is None:
            try:
                self._loaded = load(*self._folders, self.sees)
            except ResourceLimit:
                if not self.present:
                    raise
                for other in list(self.present):
                    other.free()
                self._loaded = load(*self._folders, self.sees)
            self.present.append(self)
            self._size = _at_once(self._loaded.device)
        return self._loaded

    def _fitting(self, model: Loaded, group: Sequence[Question]) -> list[Reply]:
        """The replies to the first of the group, to as many as there is memory for. Raises `ResourceLimit` at one."""
        while True:
            try:
                return self._generate(model, group[: self._size])
            except Exception as error:
                if not out_of_memory(error):
                    raise
                if self._size == 1:
                    hint = "a smaller model, or fewer and smaller frames: EMOAGENT_FRAMES, EMOAGENT_FRAME_SIDE"
                    raise ResourceLimit("there is not enough memory for one question", hint=hint) from error
            _collect()
            self._size = max(1, min(self._size, len(group)) // 2)

    def _generate(self, model: Loaded, group: Sequence[Question]) -> list[Reply]:
        import torch

        given = batch(model, group)
        most = max(question.most for question in group)
        held = self._grammar(model, group)
        with torch.inference_mode():
            written = model.network.generate(**given, max_new_tokens=most, logits_processor=[held] if held else None)
        start = given["input_ids"].shape[1]
        lengths = given["attention_mask"].sum(dim=1).tolist()
        return [
            _reply(model, question, row.tolist(), length, held is not None)
            for question, row, length in zip(group, written[:, start:], lengths, strict=True)
        ]

    def _grammar(self, model: Loaded, group: Sequence[Question]) -> Grammar | None:
        if not can_hold() or not any(question.schema for question in group):
            return None
        if self._words is None:
            size = model.network.get_output_embeddings().weight.shape[0]
            self._words = vocabulary(model.tokenizer, size, model.ends)
        return (
            Grammar(self._words, [question.schema for question in group], model.ends)
            if self._words is not None
            else None
        )


def _reply(model: Loaded, question: Question, written: list[int], asked: int, held: bool) -> Reply:
    if asked >= model.longest:
        return Unanswered(f"the question has {asked} tokens, and the model can follow {model.longest}")
    end = next((place for place, token in enumerate(written) if token in model.ends), None)
    kept = written[:end][: question.most]
    stopped = end is not None and end <= question.most
    text = model.tokenizer.decode(kept, skip_special_tokens=True)
    return Answer(text, "stop" if stopped else "length", int(asked), len(kept), held)


def _at_once(device: str) -> int:
    return max(1, min(AT_ONCE, free_memory(device) // EACH)) if device == "cuda" else ON_CPU


def _collect() -> None:
    import gc

    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()

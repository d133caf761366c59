"""Holds a model in this process to a JSON Schema while it writes, by llguidance; without that it is not held."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np


@cache
def can_hold() -> bool:
    """Whether the library is installed."""
    return find_spec("llguidance") is not None


def vocabulary(tokenizer: Any, size: int, ends: Sequence[int]) -> Any:
    """What the library needs to know of a tokenizer; takes a second, so keep it. `None` where it cannot read it."""
    import llguidance.hf

    try:
        return llguidance.hf.from_tokenizer(tokenizer, n_vocab=size, eos_token=list(ends))
    except ValueError:
        return None


class Grammar:
    """A logits processor for `generate`: of each row's next token it leaves only what the schema of that row allows."""

    def __init__(self, words: Any, schemas: Sequence[Mapping[str, Any] | None], ends: Sequence[int]) -> None:
        self._matchers = [matcher(words, schema) for schema in schemas]
        self._ends, self._begun = list(ends), False

    def __call__(self, ids: Any, scores: Any) -> Any:
        """`ids`: (rows, tokens so far); `scores`: (rows, vocabulary), of which what is not allowed becomes -inf."""
        import torch

        allowed = np.ones(scores.shape, bool)
        for row, each in enumerate(self._matchers):
            if each is None:
                continue
            allowed[row] = False
            if self._begun and not _goes_on(each, int(ids[row, -1])):
                allowed[row, self._ends] = True
                continue
            bits = np.unpackbits(np.frombuffer(each.compute_bitmask(), np.uint8), bitorder="little")
            allowed[row, : len(bits)] = bits[: scores.shape[1]]
        self._begun = True
        return scores.masked_fill(~torch.from_numpy(allowed).to(scores.device), float("-inf"))


def matcher(words: Any, schema: Mapping[str, Any] | None) -> Any:
    """Follows one answer. No spaces between the parts of the JSON: a weak model would write nothing else."""
    import llguidance

    if schema is None:
        return None
    text = llguidance.LLMatcher.grammar_from_json_schema(json.dumps(schema), overrides={"whitespace_flexible": False})
    found = llguidance.LLMatcher(words, text)
    if found.is_error():
        raise ValueError(f"the schema cannot be followed: {found.get_error()}")
    return found


def _goes_on(each: Any, token: int) -> bool:
    return not each.is_stopped() and bool(each.consume_token(token)) and not each.is_stopped()

"""The child process that recognises words: PocketSphinx computes without leaving Python free, so that a server in whose
process it ran would stand still meanwhile (see `emoagent.tools.media.child_process`).

It is given 16-bit samples at 16 kHz and `{"microphone": …}`, what it knew of this microphone last time, or nothing. It
answers `{"stretches": [[start, end, [[text, start, end, probability], …]], …], "microphone": …}`, times in seconds.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from emoagent.schema import Word
from emoagent.tools.media.audio import HeldAudio
from emoagent.tools.media.child_process import Data, Header, answer_all
from emoagent.tools.words import sphinx


def main() -> None:
    """Answers one recording after the other."""
    _machine()
    answer_all(_answer)


@cache
def _machine() -> Any:
    return sphinx.decoder()


def _answer(header: Header, data: bytes) -> tuple[Header, Data]:
    decoder = _machine()
    decoder.reinit_feat()  # as if it had never heard anybody
    if header.get("microphone"):
        decoder.set_cmn(header["microphone"])
    samples = np.frombuffer(data, np.int16).astype(np.float32) / 32768
    found = [
        [span.start, span.end, [_told(word) for word in words]]
        for span, words in sphinx.recognise(HeldAudio(samples), decoder)
    ]
    return {"stretches": found, "microphone": decoder.get_cmn(True)}, b""


def _told(word: Word) -> list[str | float | None]:
    return [word.text, word.span.start, word.span.end, word.probability]


if __name__ == "__main__":
    main()

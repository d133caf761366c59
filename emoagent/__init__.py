"""emoagent: for every utterance of a video, which emotion is expressed, by whom, how sure, and why.

from emoagent import analyze
trace = analyze("episode.mp4", out="runs/episode")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emoagent.affect import AffectTurn
    from emoagent.analysis import analyze
    from emoagent.bridges.turns import TurnAnalyzer
    from emoagent.schema import Trace

__all__ = ["AffectTurn", "Trace", "TurnAnalyzer", "analyze"]


def __getattr__(name: str) -> Any:
    if name == "analyze":
        from emoagent.analysis import analyze

        return analyze
    if name == "Trace":
        from emoagent.schema import Trace

        return Trace
    if name == "TurnAnalyzer":
        from emoagent.bridges.turns import TurnAnalyzer

        return TurnAnalyzer
    if name == "AffectTurn":
        from emoagent.affect import AffectTurn

        return AffectTurn
    raise AttributeError(f"module 'emoagent' has no attribute {name!r}")

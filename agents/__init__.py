"""What a finding means: one agent a file. See `emoagent.agents.registry` for the four kinds and how they are found."""

from emoagent.agents.registry import Finding, Perceiver, hearer, opiner, perceiver

__all__ = ["Finding", "Perceiver", "hearer", "opiner", "perceiver"]

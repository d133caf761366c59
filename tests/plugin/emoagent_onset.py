from collections.abc import Iterator, Sequence

from emoagent.agents import Finding, perceiver
from emoagent.schema import Clip, Utterance
from emoagent.tools.media.audio import audio_of
from emoagent.tools.voice.loudness import HOP_SECONDS, levels, loud, noise_floor


@perceiver(modality="voice", needs={"audio"}, cost="0.001 x real time on one core")
def onset(clip: Clip, utterances: Sequence[Utterance]) -> Iterator[Finding]:
    """How abruptly each utterance starts."""
    audio = audio_of(clip)
    for utterance in utterances:
        level = levels(audio.read(utterance.span))
        contrast = loud(level) - noise_floor(level)
        if not contrast > 10:  # dB; too even to have an onset, or no sound at all
            continue
        start, full = ((level > noise_floor(level) + share * contrast).argmax() for share in (0.25, 0.75))
        seconds = float(full - start) * HOP_SECONDS
        text = f"The voice starts {'abruptly' if seconds < 0.05 else 'gradually'}: it is there in {seconds:.2f} s."
        yield Finding(utterance, "onset", text, 0.5, {"rise": (seconds, "s")}, person=utterance.person)

"""Clips of a wanted length, made by repeating a short one without encoding it again."""

from __future__ import annotations

from pathlib import Path

SEAM = 0.2  # seconds between two rounds: encoders start with packets that lie before zero
SAMPLE = Path(__file__).parents[1] / "samples" / "dialogue.mp4"


def looped(source: Path, target: Path, seconds: float) -> Path:
    """Writes `source` over and over, packet by packet, until `target` lasts at least `seconds`; its subtitles too."""
    import av

    with av.open(str(source)) as probe:
        period = max(float(s.duration * s.time_base) for s in probe.streams if s.duration and s.time_base) + SEAM
    rounds = max(1, round(seconds / period + 0.4999))
    with av.open(str(target), "w") as out:
        copies = {}
        for number in range(rounds):
            with av.open(str(source)) as container:
                for stream in container.streams:
                    if stream.index not in copies:
                        copies[stream.index] = out.add_stream_from_template(stream)
                for packet in container.demux():
                    if packet.dts is None or packet.pts is None or packet.time_base is None:
                        continue
                    shift = round(number * period / float(packet.time_base))
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = copies[packet.stream.index]
                    out.mux(packet)
    _loop_subtitles(source, target, period, rounds)
    return target


def _loop_subtitles(source: Path, target: Path, period: float, rounds: int) -> None:
    import pysubs2

    if not source.with_suffix(".srt").exists():
        return
    cues = pysubs2.load(str(source.with_suffix(".srt")))
    long = pysubs2.SSAFile()
    for number in range(rounds):
        for cue in cues:
            copy = cue.copy()
            copy.shift(s=number * period)
            long.append(copy)
    long.save(str(target.with_suffix(".srt")))

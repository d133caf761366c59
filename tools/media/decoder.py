"""The child process that opens untrusted media. `python -P -m emoagent.tools.media.decoder JOB` with JOB a JSON object.

It answers on stdout with messages: a 4-byte little-endian length, that many bytes of JSON, then `bytes` bytes of data
if the JSON names them. The last message is `{"end": …}`, or `{"error": {code, message, hint}}`.
It reads one file, only in container formats of an allow-list, under limits of memory, processor time and open files.
It ends when its stdin does, so that it never outlives the process that asked.
"""

from __future__ import annotations

import json
import os
import resource
import struct
import sys
import threading
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import av
    import numpy as np
    from av.container import InputContainer
    from numpy.typing import NDArray

FORMATS = "aac,aiff,amr,asf,avi,flac,flv,m4v,matroska,mov,mp3,mp4,mpeg,mpegts,mpegvideo,mxf,ogg,opus,wav,w64,webm,wv"
PLAYLISTS = {b"#EXTM3U": "an HLS playlist", b"ffconcat": "a concat list", b"<MPD": "a DASH manifest"}
RATE = 16_000
SILENCE = 60 * RATE
MAX_PIXELS = 8192 * 8192
MEMORY = 6 << 30


class UnusableError(Exception):
    """The file cannot be used: code, message, hint."""


def main() -> None:
    """Runs one job and answers on stdout."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    job = json.loads(sys.argv[1])
    _limit(job.get("cpu_seconds", 120))
    try:
        for header, payload in JOBS[job["op"]](job):
            _send(header, payload)
    except UnusableError as error:
        _send({"error": dict(zip(("code", "message", "hint"), error.args, strict=False))})
    except MemoryError:
        _send({"error": {"code": "resource_limit", "message": "decoding needs more memory than is allowed"}})
    except Exception as error:
        _send({"error": {"code": "bad_media", "message": f"cannot be decoded: {_plain(error)}"}})


def _end_with_parent() -> None:
    while os.read(0, 1):
        pass
    os._exit(1)


def _limit(cpu_seconds: int) -> None:
    limits = {
        resource.RLIMIT_CORE: 0, resource.RLIMIT_FSIZE: 0, resource.RLIMIT_NOFILE: 64,
        resource.RLIMIT_CPU: cpu_seconds, resource.RLIMIT_AS: MEMORY,
    }  # fmt: skip
    for kind, value in limits.items():
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(kind, (value, value))
        except (ValueError, OSError) as error:
            if sys.platform == "linux":
                raise RuntimeError(f"cannot limit the decoder: {error}") from error


def _send(header: dict[str, Any], payload: bytes | memoryview = b"") -> None:
    size = memoryview(payload).nbytes
    if size:
        header = {**header, "bytes": size}
    text = json.dumps(header).encode()
    sys.stdout.buffer.write(struct.pack("<I", len(text)) + text)
    sys.stdout.buffer.write(payload)
    sys.stdout.buffer.flush()


Messages = Iterator[tuple[dict[str, Any], "bytes | memoryview"]]


def _open(path: str) -> InputContainer:
    import av

    av.logging.set_level(av.logging.PANIC)
    with open(path, "rb") as file:
        head = file.read(512).lstrip(b"\xef\xbb\xbf \t\r\n")
    for magic, name in PLAYLISTS.items():
        if head.startswith(magic) or (magic == b"<MPD" and b"<MPD" in head):
            raise UnusableError("bad_media", f"it is {name}, not a media file", "give the media file itself")
    options = {"protocol_whitelist": "file", "format_whitelist": FORMATS}
    try:
        container: InputContainer = av.open(path, container_options=options, **_lenient())
    except av.error.FFmpegError as error:
        why = "its content is in no audio or video format that is accepted, or it is cut off"
        hint = "accepted: " + FORMATS.replace(",", " ")
        raise UnusableError("bad_media", f"{why} ({_plain(error)})", hint) from error
    return container


def _lenient() -> dict[str, Any]:
    """Up to PyAV 18, odd bytes in titles are an error unless it is told otherwise."""
    import av

    return {"metadata_errors": "replace"} if int(av.__version__.partition(".")[0]) < 19 else {}


def _plain(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__).split("'/")[0].strip(" :;")


def _pick(container: InputContainer) -> tuple[av.VideoStream | None, av.AudioStream | None]:
    """The first real picture (not a cover image) and the first sound."""
    from av.stream import Disposition

    pictures = [
        s for s in container.streams.video
        if not s.disposition & Disposition.attached_pic and s.codec_context is not None and s.width and s.height
    ]  # fmt: skip
    sounds = [s for s in container.streams.audio if s.codec_context is not None and s.rate]
    for stream in pictures[:1]:
        if not stream.codec_context.is_open:
            stream.thread_type = "AUTO"
    return next(iter(pictures), None), next(iter(sounds), None)


def _probe(job: dict[str, Any]) -> Messages:
    container = _open(job["path"])
    video, audio = _pick(container)
    if video is not None and video.width * video.height > MAX_PIXELS:
        size = f"{video.width}x{video.height}"
        raise UnusableError("resource_limit", f"the picture is {size}, more than {MAX_PIXELS} pixels")
    spans = _spans(container, [s for s in (video, audio) if s is not None])
    facts = {
        "video": _video_facts(job["path"]) if video is not None and video.index in spans else None,
        "audio": _audio_facts(job["path"]) if audio is not None and audio.index in spans else None,
    }
    if not any(facts.values()):
        raise UnusableError("bad_media", "it holds neither sound nor moving pictures", "give a video or an audio file")
    kept = [spans[s.index] for s, fact in ((video, facts["video"]), (audio, facts["audio"])) if s is not None and fact]
    origin = container.start_time
    start = origin / 1e6 if origin is not None else min(a for a, _ in kept)
    end = max(b for _, b in kept)
    if end - start <= 0:
        raise UnusableError("bad_media", "it has no duration", "the file may be empty or cut off")
    claimed = float(container.duration / 1e6) if container.duration and container.duration > 0 else None
    texts = sum(s.type == "subtitle" and s.codec_context is not None for s in container.streams)
    yield {"end": {**facts, "format": container.format.name, "start": start, "duration": end - start,
                   "claimed": claimed, "subtitles": texts}}, b""  # fmt: skip


def _spans(container: InputContainer, streams: list[Any]) -> dict[int, tuple[float, float]]:
    """First and last second of the packets of each stream, read to the end: headers may lie."""
    import av

    spans: dict[int, tuple[float, float]] = {}
    try:
        for packet in _packets(container, streams):
            if packet.pts is None or packet.time_base is None or not packet.size:
                continue
            start = float(packet.pts * packet.time_base)
            end = start + float((packet.duration or 0) * packet.time_base)
            first, last = spans.get(packet.stream.index, (start, end))
            spans[packet.stream.index] = (min(first, start), max(last, end))
    except av.error.FFmpegError as error:
        if not spans:
            raise UnusableError("bad_media", f"nothing in it can be read ({_plain(error)})", "") from error
    return spans


def _video_facts(path: str) -> dict[str, Any] | None:
    container = _open(path)
    stream = _pick(container)[0]
    frame = next(iter(_frames(container, stream)), None) if stream is not None else None
    if stream is None or frame is None:
        return None
    width, height = _display_size(stream, frame)
    rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    return {"width": width, "height": height, "fps": float(rate), "codec": stream.codec_context.name}


def _audio_facts(path: str) -> dict[str, Any] | None:
    container = _open(path)
    stream = _pick(container)[1]
    if stream is None or next(iter(_frames(container, stream)), None) is None:
        return None
    return {"rate": stream.rate, "channels": stream.channels, "codec": stream.codec_context.name}


def _packets(container: InputContainer, streams: list[Any]) -> Iterator[Any]:
    """The packets of `streams` to the end of the file."""
    while True:
        try:
            yield from container.demux(streams)
        except IndexError:  # PyAV's answer to a stream that begins in the middle of the file: goes on behind it
            continue
        return


def _frames(container: InputContainer, stream: Any) -> Iterator[Any]:
    """Decoded frames of a stream. Damaged packets are skipped; the stream ends where the file breaks off."""
    import av

    packets = _packets(container, [stream])
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.error.FFmpegError):
            return
        try:
            yield from packet.decode()
        except av.error.FFmpegError:
            continue


def _display_size(stream: Any, frame: Any) -> tuple[int, int]:
    aspect = stream.sample_aspect_ratio or 1
    width = round(frame.width * aspect) if Fraction(1, 4) <= aspect <= 4 else frame.width
    return (frame.height, width) if frame.rotation % 180 else (width, frame.height)


def _audio(job: dict[str, Any]) -> Messages:
    """16 kHz mono 16-bit samples from the clip's start on; gaps in the time stamps become silence."""
    import av

    container = _open(job["path"])
    stream = _pick(container)[1]
    resampler, kind = av.AudioResampler(format="s16", layout="mono", rate=RATE), None
    limit, written = round(job["duration"] * RATE) + RATE, 0
    for frame in _frames(container, stream):
        due = round((frame.time - job["start"]) * RATE) if frame.time is not None else written
        gap = min(due, limit) - written
        if gap > RATE // 10:
            for begin in range(0, gap, SILENCE):
                yield {}, bytes(2 * min(SILENCE, gap - begin))
            written += gap
        frame.pts = None
        if kind not in (None, _kind(frame)):
            resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        kind = _kind(frame)
        for piece in resampler.resample(frame):
            data = piece.to_ndarray().tobytes()[: 2 * (limit - written)]
            written += len(data) // 2
            if data:
                yield {}, data
        if written >= limit:
            break
    yield {"end": {"samples": written}}, b""


def _kind(frame: Any) -> tuple[str, str, int]:
    """What may change in the middle of a stream, e.g. where a programme with another sound follows."""
    return frame.format.name, frame.layout.name, frame.sample_rate


def _pictures(job: dict[str, Any]) -> Messages:
    """Frames as RGB, thinned to about `fps`, the longer side at most `side` pixels."""
    container = _open(job["path"])
    stream = _pick(container)[0]
    native = float(stream.average_rate or 25) if stream else 25.0
    step = max(1, round(native / job["fps"])) / native
    due, last = 0.0, -1.0
    for frame in _frames(container, stream):
        time = (frame.time or 0.0) - job["start"]
        if time < due - 0.5 / native or time <= last:
            continue
        due, last = max(due + step, time), time
        yield _picture(stream, frame, time, job["side"])
    yield {"end": {}}, b""


def _pictures_at(job: dict[str, Any]) -> Messages:
    """The frame shown at each of the ascending `times`; jumps ahead over gaps of more than four seconds."""
    container = _open(job["path"])
    stream = _pick(container)[0]
    frames, now = _frames(container, stream), 0.0
    for index, wanted in enumerate(job["times"]):
        if wanted - now > 4:
            container.seek(int((wanted + job["start"]) * 1e6), backward=True)
            frames = _frames(container, stream)
        frame = next((f for f in frames if (f.time or 0.0) - job["start"] >= wanted - 0.01), None)
        if frame is None:
            break
        now = (frame.time or 0.0) - job["start"]
        header, data = _picture(stream, frame, now, job["side"])
        yield {**header, "index": index}, data
    yield {"end": {}}, b""


def _picture(stream: Any, frame: Any, time: float, side: int) -> tuple[dict[str, Any], memoryview]:
    import numpy as np

    turned = frame.rotation % 360
    width, height = _display_size(stream, frame)
    scale = min(1.0, side / max(width, height))
    width, height = max(2, round(width * scale)), max(2, round(height * scale))
    inner = (height, width) if turned % 180 else (width, height)
    image: NDArray[np.uint8] = frame.to_ndarray(
        format="rgb24", width=inner[0], height=inner[1], interpolation="BILINEAR"
    )
    image = np.ascontiguousarray(np.rot90(image, turned // 90))
    return {"time": max(0.0, time), "shape": image.shape}, image.data.cast("B")


def _texts(job: dict[str, Any]) -> Messages:
    """The cues of the first text subtitle stream: start, end, text with ASS markup removed by the reader."""
    container = _open(job["path"])
    stream = next(s for s in container.streams if s.type == "subtitle" and s.codec_context is not None)
    for packet in container.demux(stream):
        if packet.pts is None or not packet.size:
            continue
        start = float(packet.pts * packet.time_base) - job["start"]
        end = start + float((packet.duration or 0) * packet.time_base)
        text = "\n".join(_cue_text(rect) for rect in packet.decode())
        yield {"start": max(0.0, start), "stop": max(0.0, end), "text": text}, b""
    yield {"end": {}}, b""


def _cue_text(rect: Any) -> str:
    raw = getattr(rect, "dialogue", None) or getattr(rect, "text", None) or b""
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)


JOBS = {"probe": _probe, "audio": _audio, "pictures": _pictures, "pictures_at": _pictures_at, "texts": _texts}

if __name__ == "__main__":
    main()

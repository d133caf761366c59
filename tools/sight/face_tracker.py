"""Following faces through a clip: look where they were, search the whole picture now and then, stop at shot cuts."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field

from emoagent.tools.background import Background
from emoagent.tools.media.frame_plan import FramePlan
from emoagent.tools.media.shot_cuts import AFTER, BEFORE, ShotCuts, Thumbnail, thumbnail
from emoagent.tools.sight.face_cover import Cover, unhidden
from emoagent.tools.sight.face_detector import Detector
from emoagent.tools.sight.face_geometry import measure
from emoagent.tools.sight.face_match import Gallery, Portrait
from emoagent.tools.sight.face_quality import face_quality
from emoagent.tools.sight.face_rows import Row, Rows
from emoagent.tools.sight.face_search import Box, Finder, Picture, Sighting, look, reduced, without
from emoagent.tools.sight.face_series import FaceSeries
from emoagent.tools.sight.gaze import gaze
from emoagent.tools.sight.search_plan import Part, SearchPlan

MAX_TRACKS = 10
CROP, WIDE_CROP = 2.0, 2.6  # times the face's box; the wider one where it was not seen in the last frame
SAME = 0.3  # intersection over union from which a sighting continues a track
DUPLICATE = 0.45  # and from which two tracks are of one face
CONFIRMED = 3  # sightings that make a track; a false alarm rarely lasts so long
LOST_SECONDS = 0.5
DAMPING = 0.5


@dataclass(frozen=True)
class Frame:
    """An analysed frame that waits for those after it."""

    time: float
    rgb: Picture
    small: Thumbnail


@dataclass(eq=False)
class Track:
    """A face that is followed. Its rows wait until it has been seen often enough to be believed."""

    box: Box
    time: float
    start: float
    hits: int = 0
    number: int | None = None
    portrait: Portrait = field(default_factory=Portrait)
    cover: Cover = field(default_factory=Cover)
    velocity: tuple[float, float] = (0.0, 0.0)
    waiting: list[Future[Row]] = field(default_factory=list)

    def expected(self, time: float) -> Box:
        """Where the face should be at `time`."""
        step = DAMPING * min(time - self.time, 0.2)
        return self.box.moved(self.velocity[0] * step, self.velocity[1] * step)

    def see(self, time: float, box: Box) -> None:
        """Goes on with the face where it has been found."""
        if time > self.time:
            (x, y), (old_x, old_y), passed = box.centre, self.box.centre, time - self.time
            self.velocity = ((x - old_x) / passed, (y - old_y) / passed)
        self.box, self.time, self.hits = box, time, self.hits + 1


class FaceTracker:
    """Takes the analysed frames one by one and gives all faces at the end.

    Every frame costs about one landmarker call for each face in view. Two frames are held back, to tell shot cuts
    from flashes. `asset` is the name of the landmark model, for the record. Without a `detector` the landmarker itself
    searches, which does not see distant faces; without a `sampling` plan every frame is looked at.
    """

    def __init__(
        self, landmarker: Finder, detector: Detector | None = None, sampling: FramePlan | None = None, *, asset: str
    ) -> None:
        self._landmarker, self._detector, self._sampling, self._asset = landmarker, detector, sampling, asset
        self._tracks: list[Track] = []
        self._rows, self._cuts, self._gallery = Rows(), ShotCuts(), Gallery()
        self._background = Background()
        self._measured: deque[tuple[int, Future[Row]]] = deque()
        self._ahead: deque[Frame] = deque()
        self._behind: deque[Thumbnail] = deque(maxlen=BEFORE)
        self._confirmed = 0
        self._plan: SearchPlan | None = None
        self._factor = 1  # how much larger the frames are than the pictures that are searched

    def add(self, time: float, rgb: Picture) -> None:
        """Takes the next frame: `time` in seconds, ascending; `rgb` uint8 (height, width, 3), not changed later."""
        self._ahead.append(Frame(time, rgb, thumbnail(rgb)))
        if len(self._ahead) >= AFTER:
            self._advance()

    def series(self) -> FaceSeries:
        """All faces, after the last frame."""
        while self._ahead:
            self._advance()
        self._keep([])
        with self._background:
            self._collect(wait=True)
        return self._rows.series(self._asset)

    def so_far(self) -> FaceSeries:
        """All faces until now, in the middle of the frames; those that were held back count as the last ones."""
        while self._ahead:
            self._advance()
        self._collect(wait=True)
        return self._rows.series(self._asset)

    def restart(self) -> None:
        """Another picture follows, of another size or much later: the faces in view are looked for anew."""
        while self._ahead:
            self._advance()
        self._keep([])
        self._behind.clear()
        self._plan = None

    def forget(self, before: float) -> None:
        """Drops what was seen before that second. How people looked stays, to know them again."""
        self._rows.forget(before)
        self._gallery.forget(before)

    def close(self) -> None:
        """Ends the work that is still going on."""
        with self._background:
            self._collect(wait=True)

    @property
    def following(self) -> bool:
        """Whether a face is in view."""
        return bool(self._tracks)

    def similar(self) -> list[list[int]]:
        """Track numbers in groups that look like one person, after `series`. A guess that prefers to part them."""
        return self._gallery.groups()

    def alike_so_far(self) -> list[list[int]]:
        """The same at any time, with the tracks that are in view."""
        return self._gallery.groups_with(
            (track.number, track.portrait, track.start, track.time)
            for track in self._tracks
            if track.number is not None
        )

    def _keep(self, tracks: list[Track]) -> None:
        """Ends all other tracks."""
        for track in self._tracks:
            if track.number is not None and track not in tracks:
                self._gallery.add(track.number, track.portrait, track.start, track.time)
        self._tracks = tracks

    def _advance(self) -> None:
        after = [frame.small for frame in self._ahead]
        frame = self._ahead.popleft()
        cut = self._cuts.begins(self._behind, after)
        if cut:
            self._rows.cuts.append(frame.time)
            self._keep([])
            if self._plan:
                self._plan.want_all()
        self._behind.append(frame.small)
        if not self._wants(frame, cut):
            return
        self._rows.frames.append(frame.time)
        self._follow(frame)
        self._search(frame)

    def _follow(self, frame: Frame) -> None:
        for track in self._tracks:
            fresh = self._is_fresh(track)
            expected = track.expected(frame.time)
            found = look(self._landmarker, frame.rgb, expected.square(CROP if fresh else WIDE_CROP))
            best = max(found, key=lambda seen: seen.box.overlap(expected), default=None)
            if best and best.box.overlap(expected) >= SAME:
                self._record(track, frame, best)
            elif fresh and self._plan:
                self._plan.want(expected.times(1 / self._factor))
        self._drop_duplicates()
        patience = max(LOST_SECONDS, 2.5 * self._step())
        self._keep([track for track in self._tracks if frame.time - track.time <= patience])

    def _wants(self, frame: Frame, cut: bool) -> bool:
        """Whether the frame is worth looking at."""
        if self._sampling is None:
            return True
        boxes = [_share(track.box, frame.rgb) for track in self._tracks]
        return self._sampling.wants(frame.time, frame.small, boxes, cut=cut, busy=self._is_busy())

    def _is_busy(self) -> bool:
        """Whether a face is not yet confirmed or has just been lost."""
        return any(track.number is None or not self._is_fresh(track) for track in self._tracks)

    def _is_fresh(self, track: Track) -> bool:
        """Whether the face was seen in the frame before this one."""
        frames = self._rows.frames
        return len(frames) < 2 or track.time >= frames[-2]

    def _step(self) -> float:
        frames = self._rows.frames
        return frames[-1] - frames[-2] if len(frames) > 1 else 0.0

    def _drop_duplicates(self) -> None:
        kept: list[Track] = []
        for track in sorted(self._tracks, key=lambda track: -track.hits):
            if all(track.box.overlap(other.box) < DUPLICATE for other in kept):
                kept.append(track)
        self._keep([track for track in self._tracks if track in kept])

    def _search(self, frame: Frame) -> None:
        if len(self._tracks) >= MAX_TRACKS:
            return
        if self._plan is None:
            small, self._factor = reduced(frame.rgb)
            self._plan = SearchPlan(small.shape[1], small.shape[0], fine=self._detector is not None)
        if parts := self._plan.due(frame.time, frame.small, followed=bool(self._tracks)):
            small, _ = reduced(frame.rgb)
            for box in [box for part in parts for box in self._found(small, part)]:
                self._begin(frame, box.times(self._factor))

    def _found(self, rgb: Picture, part: Part) -> list[Box]:
        """Faces that may be new. The landmarker sees the largest ones best, the detector all others."""
        left, top, width, height = (round(number) for number in part.box)
        if self._detector is None or (width, height) == rgb.shape[1::-1]:
            known = (track.box.times(1 / self._factor) for track in self._tracks)
            return [seen.box for seen in look(self._landmarker, without(rgb, known), part.box)]
        corners = self._detector.boxes(rgb[top : top + height, left : left + width])
        return [Box(*each).moved(left, top) for each in corners]

    def _begin(self, frame: Frame, rough: Box) -> None:
        """Starts a track, if a closer look finds the same face again and nobody follows it yet."""
        if len(self._tracks) >= MAX_TRACKS or self._is_followed(rough):
            return
        found = look(self._landmarker, frame.rgb, rough.square(WIDE_CROP))
        best = max(found, key=lambda seen: seen.box.overlap(rough), default=None)
        if best and best.box.overlap(rough) >= SAME and not self._is_followed(best.box):
            track = Track(best.box, frame.time, frame.time)
            self._tracks.append(track)
            self._record(track, frame, best)

    def _is_followed(self, box: Box) -> bool:
        return any(track.box.overlap(box) >= SAME for track in self._tracks)

    def _record(self, track: Track, frame: Frame, seen: Sighting) -> None:
        track.see(frame.time, seen.box)
        track.portrait.add(frame.rgb, seen.landmarks)
        shown = self._unhidden(track, frame, seen)
        track.waiting.append(self._background.do(lambda: _row(frame, seen, shown, track.cover)))
        if track.hits < CONFIRMED:
            return
        if track.number is None:
            track.number, self._confirmed = self._confirmed, self._confirmed + 1
        self._measured.extend((track.number, row) for row in track.waiting)
        track.waiting.clear()
        self._collect()

    def _collect(self, *, wait: bool = False) -> None:
        """Takes the rows that have been measured."""
        while self._measured and (wait or self._measured[0][1].done()):
            number, row = self._measured.popleft()
            self._rows.add(number, row.result())

    def _unhidden(self, track: Track, frame: Frame, seen: Sighting) -> float:
        height, width = frame.rgb.shape[:2]
        others = (other.box for other in self._tracks if other is not track)
        return unhidden(seen.box, width, height, others)


def track_faces(
    frames: Iterable[tuple[float, Picture]], landmarker: Finder, detector: Detector | None = None, *, asset: str
) -> FaceSeries:
    """All faces of (seconds, RGB uint8 (height, width, 3)) frames."""
    tracker = FaceTracker(landmarker, detector, asset=asset)
    for time, rgb in frames:
        tracker.add(time, rgb)
    return tracker.series()


def _row(frame: Frame, seen: Sighting, shown: float, cover: Cover) -> Row:
    box, uncovered = _share(seen.box, frame.rgb), shown * cover.uncovered(frame.rgb, seen.landmarks)
    quality, eyes = face_quality(frame.rgb, seen, uncovered), gaze(frame.rgb, seen.landmarks)
    return Row.of(frame.time, box, quality, seen.pose, eyes, measure(seen.landmarks), seen.blendshapes)


def _share(box: Box, rgb: Picture) -> list[float]:
    """The box as fractions of the picture."""
    height, width = rgb.shape[:2]
    return [box.x / width, box.y / height, box.width / width, box.height / height]

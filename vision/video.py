"""`Video`: one video, looked at frame by frame within a budget."""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import fields, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

from numpy.typing import NDArray

from ..errors import BadInputError
from .arrays import is_array
from .cache import ByteBudget, share, shared_track
from .look import CHOOSING, Look, on_screen
from .patches import Patches, PatchRows
from .picking import Pick
from .plan import Plan
from .policy import MediaPolicy
from .resize import VisionSettings, resize
from .sequence import FramesTrack, lossless
from .sniff import picture_mime, video_mime
from .source import Source
from .track import FramesMissingError, Report, Rgb, Track, VideoInfo

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Video", "VideoInfo"]

T = TypeVar("T")


class Video:
    """One video: the path, address or bytes of a file, an animated picture, or a list of frames with their `rate`.

    fps: frames a second to look at; max_frames: at most so many; where None, the checkpoint's settings count.
    max_tokens: the most the video may cost; frames get smaller first, then fewer. max_pixels: the most of each frame.
    start, end: only this stretch, in seconds of the video the person sees.
    box: only this part of each frame: left, top, right, bottom as fractions of its sides or in px.
    times: look at exactly these seconds; pick: choose them with one of `vision.picking`. Each fills a temporal patch.
    prune: leave out what stands still: tokens that differ from the last one shown at their place by less than this,
    on average over colour values of 0 to 255. It saves tokens and costs some accuracy (docs/vision.md).
    policy: what the video may cost and where it may come from.

    Raises:
        MissingFileError: no such file.
        MediaError: empty, or not a file; or frames that are no pictures of one size.
        BadInputError: a setting out of range.
    """

    SETTINGS = tuple(field.name for field in fields(Look))

    def __init__(
        self,
        source: str | Path | bytes | IO[bytes] | Source | Sequence[Any] | NDArray[Any] | Tensor,
        *,
        rate: float | None = None,
        pick: Pick | None = None,
        policy: MediaPolicy = MediaPolicy(),  # noqa: B008  frozen
        fps: float | None = None,
        max_frames: int | None = None,
        max_tokens: int | None = None,
        max_pixels: int | None = None,
        start: float | None = None,
        end: float | None = None,
        box: Sequence[float] | None = None,
        times: Sequence[float] | None = None,
        prune: float | None = None,
    ) -> None:
        self.look = Look(fps, max_frames, max_tokens, max_pixels, start, end, box, times, prune)
        if pick is not None and times is not None:
            raise BadInputError("times and pick both choose the frames; give one of them.")
        if pick is not None and not callable(pick):
            raise BadInputError(f"pick={pick!r}: expected a function from a probe to seconds, as in `vision.picking`.")
        self._pick, self._policy = pick, policy
        self._source: Source | None = None
        self._track: Track | None = None
        if isinstance(source, (list, tuple)) or is_array(source):
            self._track = FramesTrack(source, rate, policy)
        elif rate is not None:
            raise BadInputError(f"rate={rate}: a file has its own; rate is for lists of frames.")
        else:
            self._source = Source.of(source, "video", policy)

    def __repr__(self) -> str:
        settings = "".join(f", {key}={value!r}" for key, value in self.look.given().items())
        return f"Video({self.name!r}{settings})"

    @property
    def name(self) -> str:
        """The file's name, or "video"."""
        return (self._source.name if self._source else None) or "video"

    @property
    def identity(self) -> str | None:
        """Equal for videos of equal content and settings; None for lists of frames, and where a function chooses.

        Raises:
            MissingFileError: the file is gone.
        """
        if self._source is None or self._pick is not None:
            return None
        return f"{self._source.identity} {self.look.given()}"

    @property
    def info(self) -> VideoInfo:
        """Size, duration and rate of the whole video.

        Raises:
            MediaError: not a video, or nothing of it can be decoded.
        """
        return self._opened().info

    @property
    def report(self) -> Report:
        """What was found wrong with the file so far; damage shows when its frames are decoded."""
        return self._opened().report

    def clip(self, start: float, end: float, **settings: Any) -> Video:
        """The stretch from `start` to `end` seconds, with the same settings but those given and `times`.

        Raises:
            BadInputError: the stretch is negative, empty or reversed, or a setting is out of range.
        """
        part = copy(self)
        part.look = replace(self.look, **{"times": None, "start": start, "end": end, **settings})
        return part

    def plan(self, settings: VisionSettings = VisionSettings()) -> Plan:  # noqa: B008  frozen
        """Sizes, frames and tokens, from the packets' headers alone, unless `pick` has to look at frames.

        Raises:
            MediaError: as `info`; or not one frame fits the budget.
            BadInputError: the stretch, a time or the box lies outside the video.
        """
        return self._read(lambda track: self.look.plan(track, settings, self._pick))

    def patches(
        self,
        settings: VisionSettings = VisionSettings(),  # noqa: B008  frozen
        *,
        frames: ByteBudget[Tensor] | None = None,
    ) -> Patches:
        """The chosen frames on the patch grid, with their times. Each frame is resized as it is decoded.

        `frames` keeps them for other looks at the same file, which then decode only what wasn't seen yet. Raises as
        `plan`.
        """

        def fill(track: Track) -> Patches:
            plan = self.look.plan(track, settings, self._pick)
            rows = PatchRows(len(plan.frames), plan.size, settings)
            places = defaultdict(list)
            for place, frame in enumerate(plan.frames):
                places[frame].append(place)
            for frame, pixels in self._resized(track, plan, list(places), frames):
                for place in places[frame]:
                    rows.put(place, pixels)
            return rows.finish("video", plan.times, self._notes(track, plan))

        patches = self._read(fill)
        return patches if self.look.prune is None else patches.pruned(self.look.prune)

    def frames(self, times: Sequence[float]) -> Iterator[tuple[float, Rgb]]:
        """The frames on screen at these seconds, in order of time: when each appeared, and `[H, W, 3]` as seen.

        Raises:
            MediaError: as `info`.
            BadInputError: a time lies outside the video.
        """
        latest = -1.0
        try:
            for latest, rgb in self._in_order(self._opened(), times):
                yield latest, rgb
        except FramesMissingError:
            yield from self._in_order(self._recounted(), times, latest)

    def _in_order(self, track: Track, times: Sequence[float], after: float = -1.0) -> Iterator[tuple[float, Rgb]]:
        wanted = [frame for frame in on_screen(track, times) if track.times[frame] > after]
        early: dict[int, Rgb] = {}
        following = 0
        for index, rgb in track.frames(wanted):
            early[index] = self.look.seen(rgb, track.info)
            while following < len(wanted) and wanted[following] in early:
                yield float(track.times[wanted[following]]), early.pop(wanted[following])
                following += 1

    def to_block(self) -> dict[str, Any]:
        """A standard content block of langchain-core: a file by its URL, else bytes as base64; settings in `extras`."""
        settings = self.look.given()
        if self._pick is not None:
            settings = {key: value for key, value in settings.items() if key not in CHOOSING}
            settings["times"] = list(self.plan().times)
        block: dict[str, Any] = {"type": "video", **self._content()}
        return {**block, "extras": settings} if settings else block

    def _content(self) -> dict[str, Any]:
        if self._source is None:
            return {"mime_type": "video/quicktime", "base64": base64.b64encode(lossless(self._opened())).decode()}
        head = self._source.head()
        mime = video_mime(head) or picture_mime(head) or "video/mp4"
        if self._source.path is not None:
            return {"mime_type": mime, "url": self._source.path.as_uri()}
        return {"mime_type": mime, "base64": base64.b64encode(self._source.read()).decode()}

    def _opened(self) -> Track:
        if self._track is None:
            assert self._source
            self._track = shared_track(self._source, self._policy)
        return self._track

    def _read(self, work: Callable[[Track], T]) -> T:
        """`work` on the track; on one whose frames are counted by decoding, where the packets tell them wrong."""
        try:
            return work(self._opened())
        except FramesMissingError:
            return work(self._recounted())

    def _recounted(self) -> Track:
        self._track = self._opened().counted()
        if self._source:
            share(self._source, self._policy, self._track)
        return self._track

    def _resized(
        self, track: Track, plan: Plan, wanted: Sequence[int], kept: ByteBudget[Tensor] | None
    ) -> Iterator[tuple[int, Tensor]]:
        """Each frame at its planned size, uint8 `[3, H, W]`."""
        import torch

        keys = {}
        if kept and self._source:
            name = f"{self._source.identity} {track.info.frames} {self.look.box} {plan.size}"
            keys = {frame: f"{name} {frame}" for frame in wanted}
        missing = []
        for frame in wanted:
            pixels = kept.get(keys[frame]) if kept and keys else None
            if pixels is None:
                missing.append(frame)
            else:
                yield frame, pixels
        for frame, rgb in track.frames(missing):
            pixels = resize(torch.from_numpy(self.look.cut(rgb, track.info)).permute(2, 0, 1), plan.size)
            if kept and keys:
                kept.put(keys[frame], pixels, pixels.nbytes)
            yield frame, pixels

    def _notes(self, track: Track, plan: Plan) -> tuple[str, ...]:
        """What is wrong with the frames of the plan; the track, which others look at too, may know of more."""
        shown = {float(track.times[frame]) for frame in plan.frames}
        damaged, smeared = (tuple(sorted(shown & {*times})) for times in (track.report.damaged, track.report.smeared))
        report = replace(track.report, damaged=damaged, smeared=smeared)
        return tuple(f"{self.name}: {note}" for note in report.notes)

"""`Video`: one video, looked at frame by frame within a budget."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from ..errors import BadInputError
from .patches import Patches, PatchRows, pair_times
from .resize import VisionSettings, fit_video, resize
from .sampling import average_rate, choose, frame_count, stretch
from .sniff import picture_mime, video_mime
from .source import Source
from .track import FramesMissingError, Track, VideoInfo, open_track

__all__ = ["Video", "VideoInfo"]


class Video:
    """One video: a path or the bytes of a file; an animated GIF, WebP or PNG too.

    fps: frames a second to look at; max_frames: at most so many; where None, the checkpoint's settings count.
    max_tokens: the most the video may cost; frames get smaller first, then fewer.
    start, end: only this stretch, in seconds of the video the person sees (the first frame is at 0.0).

    Raises:
        MissingFileError: no such file.
        MediaError: empty, or not a file.
        BadInputError: a setting out of range.
    """

    def __init__(
        self,
        source: str | Path | bytes,
        *,
        fps: float | None = None,
        max_frames: int | None = None,
        max_tokens: int | None = None,
        start: float | None = None,
        end: float | None = None,
    ) -> None:
        for key, value in {"fps": fps, "max_frames": max_frames, "max_tokens": max_tokens}.items():
            if value is not None and not (isinstance(value, (int, float)) and value > 0):
                raise BadInputError(f"{key}={value}: expected more than 0, or None for the model's own.")
        if not 0 <= (start or 0) < (float("inf") if end is None else end):
            raise BadInputError(f"start={start}, end={end}: expected 0 <= start < end, in seconds.")
        self._source = Source.of(source, "video")
        self._track: Track | None = None
        self.fps, self.max_frames, self.max_tokens = fps, max_frames, max_tokens
        self.start, self.end = start, end

    def __repr__(self) -> str:
        settings = "".join(f", {key}={value!r}" for key, value in self._settings().items())
        return f"Video({self.name!r}{settings})"

    @property
    def name(self) -> str:
        """The file's name, or "video"."""
        return self._source.name or "video"

    @property
    def info(self) -> VideoInfo:
        """Size, duration and rate of the whole video.

        Raises:
            MediaError: not a video, or nothing of it can be decoded.
        """
        return self._opened().info

    def clip(self, start: float, end: float) -> Video:
        """The stretch from `start` to `end` seconds of the same video, with the same settings.

        Raises:
            BadInputError: the stretch is negative, empty or reversed.
        """
        limits = {key: value for key, value in self._settings().items() if key not in ("start", "end")}
        part = Video(self._source.path or self._source.read(), **limits, start=start, end=end)
        part._track = self._track
        return part

    def patches(self, settings: VisionSettings = VisionSettings()) -> Patches:  # noqa: B008  frozen
        """The chosen frames on the patch grid, with their times. Each frame is resized as it is decoded.

        Raises:
            MediaError: as `info`; or not one frame fits `max_tokens`.
            BadInputError: the stretch begins after the video's end.
        """
        try:
            return self._fill(self._opened(), settings)
        except FramesMissingError:
            self._track = self._opened().counted()
            return self._fill(self._track, settings)

    def to_block(self) -> dict[str, Any]:
        """A standard content block of langchain-core: a file by its URL, bytes as base64, settings under `extras`."""
        head = self._source.head()
        mime = video_mime(head) or picture_mime(head) or "video/mp4"
        block: dict[str, Any] = {"type": "video", "mime_type": mime}
        if self._source.path is not None:
            block["url"] = self._source.path.as_uri()
        else:
            block["base64"] = base64.b64encode(self._source.read()).decode()
        if settings := self._settings():
            block["extras"] = settings
        return block

    def _settings(self) -> dict[str, Any]:
        keys = ("fps", "max_frames", "max_tokens", "start", "end")
        return {key: getattr(self, key) for key in keys if getattr(self, key) is not None}

    def _opened(self) -> Track:
        if self._track is None:
            self._track = open_track(self._source)
        return self._track

    def _fill(self, track: Track, settings: VisionSettings) -> Patches:
        import torch

        part = stretch(track.times, track.info.duration, self.start, self.end)
        chosen, size = self._plan(track, part, settings)
        times = [float(track.times[frame]) for frame in chosen]
        rows = PatchRows(len(chosen), size, settings)
        places = {frame: place for place, frame in enumerate(chosen)}
        for frame, rgb in track.frames(chosen):
            pixels = resize(torch.from_numpy(rgb).permute(2, 0, 1), size)
            last = places[frame] == len(chosen) - 1
            for place in range(places[frame], rows.frames if last else places[frame] + 1):
                rows.put(place, pixels)
        return rows.finish("video", pair_times(times, settings.temporal))

    def _plan(self, track: Track, part: slice, settings: VisionSettings) -> tuple[list[int], tuple[int, int]]:
        """Which frames to take, and the size of each in px."""
        info, times = track.info, track.times[part]
        rate = average_rate(times, info.fps)
        count = frame_count(
            times,
            rate,
            fps=self.fps or settings.fps,
            min_frames=settings.min_frames,
            max_frames=self.max_frames or settings.max_frames,
        )
        while True:
            chosen = choose(times, rate, count)
            count, size = fit_video(len(chosen), info.height, info.width, settings, self.max_tokens)
            if count == len(chosen):
                return [part.start + frame for frame in chosen], size

"""Whatever the codec and container, exactly the wanted frames come out, equal to those of a full decode."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from quintet.vision import MediaPolicy
from quintet.vision.source import Source
from quintet.vision.track import FramesMissingError, Track, open_track

Frames = NDArray[np.uint8]
EveryFrame = Callable[[Path], list[Frames]]
MakeVideo = Callable[..., Path]

OPEN_X264 = {"x264-params": "keyint=12:open-gop=1:bframes=3:b-pyramid=normal:scenecut=0"}
REFRESH_X264 = {"x264-params": "keyint=20:intra-refresh=1:bframes=2"}
OPEN_X265 = {"x265-params": "keyint=12:open-gop=1:scenecut=0:log-level=none"}
FILES = {
    "mp4-h264": ("h264.mp4", "libx264", {"g": "12"}),
    "ts-h264": ("h264.ts", "libx264", {"g": "12"}),
    "mkv-h264-one-group": ("long.mkv", "libx264", {"g": "1000"}),
    "avi-h264-reordered": ("h264.avi", "libx264", {"g": "12"}),
    "raw-h264-without-stamps": ("plain.h264", "libx264", {"g": "12"}),
    "mp4-h264-open-groups": ("open.mp4", "libx264", OPEN_X264),
    "ts-h264-open-groups": ("open.ts", "libx264", OPEN_X264),
    "mp4-h264-no-keyframes": ("refresh.mp4", "libx264", REFRESH_X264),
    "ts-h264-no-keyframes": ("refresh.ts", "libx264", REFRESH_X264),
    "ts-h264-interlaced": ("fields.ts", "libx264", {"x264-params": "keyint=12:interlaced=1"}),
    "mkv-h264-references-among-b": ("pyramid.mkv", "libx264", {"x264-params": "keyint=24:bframes=7:b-pyramid=normal"}),
    "mp4-hevc": ("hevc.mp4", "libx265", {"x265-params": "keyint=12:open-gop=0:log-level=none"}),
    "mp4-hevc-open-groups": ("open265.mp4", "libx265", OPEN_X265),
    "ts-hevc-open-groups": ("open265.ts", "libx265", OPEN_X265),
    "mkv-hevc-temporal-layers": ("layers.mkv", "libx265", {"x265-params": "temporal-layers=3:log-level=none"}),
    "mp4-mpeg4": ("mpeg4.mp4", "mpeg4", {"g": "12", "bf": "2"}),
    "avi-mpeg4": ("mpeg4.avi", "mpeg4", {"g": "12", "bf": "2"}),
    "mpg-mpeg2": ("mpeg2.mpg", "mpeg2video", {"g": "12", "bf": "2"}),
    "ts-mpeg2": ("mpeg2.ts", "mpeg2video", {"g": "12", "bf": "2"}),
    "webm-vp8-hidden-frames": ("vp8.webm", "libvpx", {"g": "12", "auto-alt-ref": "1", "lag-in-frames": "16"}),
    "webm-vp9-hidden-frames": ("vp9.webm", "libvpx-vp9", {"g": "12", "auto-alt-ref": "1", "lag-in-frames": "16"}),
    "mkv-av1": ("av1.mkv", "libsvtav1", {"g": "12", "preset": "12"}),
}


def opened(path: Path) -> Track:
    return open_track(Source.of(path, "video"), MediaPolicy())


def decoded(track: Track, wanted: Sequence[int]) -> tuple[Track, dict[int, Frames]]:
    """The wanted frames, and the track that gave them; each comes once."""
    try:
        pairs = list(track.frames(wanted))
    except FramesMissingError:
        track = track.counted()
        pairs = list(track.frames(wanted))
    assert sorted(index for index, _ in pairs) == sorted(wanted)
    return track, dict(pairs)


@pytest.mark.parametrize("name", FILES)
def test_wanted_frames_equal_those_of_a_full_decode(make_video: MakeVideo, every_frame: EveryFrame, name: str) -> None:
    file, codec, options = FILES[name]
    path = make_video(file, 72, codec=codec, **options)
    expected = every_frame(path)
    assert len(expected) == 72
    track = opened(path)
    assert (track.info.frames, track.info.fps, track.info.duration) == (72, 25.0, pytest.approx(2.88, abs=0.002))
    assert track.times == pytest.approx(np.arange(72) / 25, abs=0.002)

    apart = [[index] for index in range(0, 72, 5)]
    for wanted in (range(72), range(0, 72, 3), [0, 12, 24, 36, 71], [11, 13, 70], *apart):
        track, frames = decoded(track, wanted)
        assert [index for index in wanted if not np.array_equal(frames[index], expected[index])] == []
    assert not track.report


@pytest.mark.parametrize("name", ["mp4-h264", "mkv-av1", "webm-vp9-hidden-frames", "mp4-hevc"])
def test_keyframes_are_told(make_video: MakeVideo, name: str) -> None:
    file, codec, options = FILES[name]
    assert opened(make_video(file, 48, codec=codec, **options)).keyframes.tolist() == [0, 12, 24, 36]


@pytest.mark.parametrize(
    ("file", "codec"),
    [
        ("one.mp4", "libx264"),
        ("one.webm", "libvpx-vp9"),
        ("one.ts", "libx264"),
        ("one.avi", "mpeg4"),
        ("one.mkv", "ffv1"),
    ],
)
def test_a_single_frame(make_video: MakeVideo, every_frame: EveryFrame, file: str, codec: str) -> None:
    path = make_video(file, 1, codec=codec)
    track, frames = decoded(opened(path), [0])
    assert np.array_equal(frames[0], every_frame(path)[0])
    assert (track.info.frames, track.times.tolist()) == (1, [0.0])
    assert track.info.duration == pytest.approx(0.04, abs=0.002)


@pytest.mark.parametrize("file", ["long.mp4", "long.mkv", "long.ts", "long.avi", "long.flv", "long.webm", "long.mpg"])
def test_distant_frames_are_reached_by_seeking(
    make_video: MakeVideo, read_number: Callable[[Frames], int], file: str
) -> None:
    codec = {"avi": "mpeg4", "ebm": "libvpx", "mpg": "mpeg2video"}.get(file[-3:], "libx264")
    fast = {"libx264": {"preset": "ultrafast"}, "libvpx": {"deadline": "realtime", "cpu-used": "8"}}
    track = opened(make_video(file, 1200, codec=codec, g="40", **fast.get(codec, {})))
    for wanted in ([1100], [1199], [500], [0], [830], [0, 400, 799, 1199], [350, 360, 1000]):
        track, frames = decoded(track, wanted)
        assert {index: read_number(frame) for index, frame in frames.items()} == {index: index for index in wanted}


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_a_file_that_changed_gives_no_wrong_frame(
    make_video: MakeVideo, read_number: Callable[[Frames], int], share: float
) -> None:
    path = make_video("long.ts", 1200, g="40", preset="ultrafast")
    track, data = opened(path), path.read_bytes()
    for changed in (data[int(share * len(data)) :], data[: int(share * len(data))] + data):
        path.write_bytes(changed)
        with suppress(FramesMissingError):
            for index, rgb in track.frames([100, 500, 900]):
                assert read_number(rgb) == index


def test_formats_beyond_eight_bits_are_as_ffmpeg_shows_them(make_video: MakeVideo, every_frame: EveryFrame) -> None:
    for name, codec, pixels in [
        ("deep.mp4", "libx265", "yuv420p10le"),
        ("full.mkv", "mjpeg", "yuvj420p"),
        ("rgb.mkv", "ffv1", "bgr0"),
        ("grey.mkv", "ffv1", "gray"),
    ]:
        options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
        path = make_video(name, 5, codec=codec, pixels=pixels, **options)
        with av.open(str(path)) as container:
            assert container.streams.video[0].pix_fmt == pixels
        track, frames = decoded(opened(path), [0, 4])
        assert all(np.array_equal(frames[index], every_frame(path)[index]) for index in (0, 4)), name
        assert track.info.hdr is None

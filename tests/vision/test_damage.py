"""Broken files give what there is, say so, or are refused with one line that says what is wrong."""

import math
import random
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray

from quintet.errors import MediaError
from quintet.vision import MediaPolicy, Patches, Video
from quintet.vision.source import Source
from quintet.vision.track import Report, Track, open_track

MakeVideo = Callable[..., Path]
Frames = NDArray[np.uint8]
EveryFrame = Callable[[Path], list[Frames]]
ReadNumber = Callable[[Frames], int]


def opened(path: Path, **limits: float) -> Track:
    return open_track(Source.of(path, "video"), MediaPolicy(**limits))  # type: ignore[arg-type]


def cut(path: Path, share: float) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    return path


def scramble(path: Path, seed: int, places: int = 20) -> Path:
    """Overwrite some places in the middle third."""
    data, draw = bytearray(path.read_bytes()), random.Random(seed)
    for _ in range(places):
        place = draw.randrange(len(data) // 3, len(data) * 2 // 3)
        data[place : place + 40] = draw.randbytes(40)
    path.write_bytes(data)
    return path


def spoil(path: Path, number: int) -> None:
    """Overwrite the inside of one packet of an MP4 with its index in front."""
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        packet = next(packet for place, packet in enumerate(container.demux(video=0)) if place == number)
        assert packet.pos is not None
        place, size = packet.pos, packet.size
    data[place + size // 3 : place + size] = random.Random(0).randbytes(size - size // 3)
    path.write_bytes(data)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.ts", "clip.avi"])
def test_a_truncated_video_gives_what_there_is(
    make_video: MakeVideo, to_frames: Callable[[Patches], Frames], read_number: Callable[[Frames], int], name: str
) -> None:
    codec = "mpeg4" if name == "clip.avi" else "libx264"
    video = Video(cut(make_video(name, 100, codec=codec, faststart=name == "clip.mp4", g="20"), 0.6))
    patches = video.patches()
    assert 1.0 < video.info.duration < 3.0
    for frame, seconds in zip(to_frames(patches)[::2], patches.times, strict=True):
        assert 0 <= read_number(frame) / 25 <= seconds <= 3.0


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.webm", "clip.ts", "clip.avi", "clip.flv"])
def test_a_truncated_video_is_reported(make_video: MakeVideo, name: str) -> None:
    codec = {"avi": "mpeg4", "ebm": "libvpx"}.get(name[-3:], "libx264")
    path = make_video(name, 100, codec=codec, faststart=name == "clip.mp4", g="20")
    assert opened(path).report == Report()
    report = opened(cut(path, 0.617)).report
    assert report == Report(truncated=True)
    assert report.notes == ("The file ends early; this is what there is.",)


@pytest.mark.parametrize("number", [20, 23, 24])
@pytest.mark.parametrize(("codec", "options"), [("libx264", {"g": "20"}), ("mpeg4", {"g": "20", "bf": "2"})])
def test_a_damaged_frame_and_those_that_lean_on_it_show_the_nearest_good_one(
    make_video: MakeVideo, every_frame: EveryFrame, codec: str, options: dict[str, str], number: int
) -> None:
    path = make_video("clip.mp4", 60, codec=codec, faststart=True, **options)
    clean = every_frame(path)
    spoil(path, number)
    track = opened(path)
    frames = dict(track.frames(range(60)))
    damaged = {round(25 * seconds) for seconds in track.report.damaged}
    assert damaged
    assert damaged <= set(range(18, 42))
    good = [index for index in range(60) if index not in damaged]
    for index, rgb in frames.items():
        nearest = min(abs(place - index) for place in good)
        shown = {place for place in (index - nearest, index + nearest) if place in good}
        assert any(np.array_equal(rgb, clean[place]) for place in shown), index
    assert "damaged; the nearest good frame" in track.report.notes[0]


def test_only_the_damage_that_was_asked_for_is_reported(make_video: MakeVideo, every_frame: EveryFrame) -> None:
    path = make_video("clip.mp4", 60, faststart=True, g="20")
    clean = every_frame(path)
    spoil(path, 20)
    track = opened(path)
    assert all(np.array_equal(rgb, clean[index]) for index, rgb in track.frames([0, 10, 45]))
    assert not track.report
    list(track.frames([45, 50, 25]))
    assert track.report == Report(damaged=(1.0,))
    assert track.report.notes == ("The frame at 1.0 s is damaged; the nearest good frame stands in.",)


@pytest.mark.parametrize("numbers", [(21, 60), (26,), (40, 41, 42)])
@pytest.mark.parametrize(
    ("codec", "options"),
    [
        ("libx264", {"g": "20"}),
        ("libx264", {"x264-params": "keyint=20:open-gop=1"}),
        ("mpeg4", {"g": "20", "bf": "2"}),
        ("mpeg2video", {"g": "20", "bf": "2"}),
        ("libx264", {"x264-params": "keyint=1000:intra-refresh=1"}),
    ],
)
def test_smeared_frames_never_pass_for_good_ones(
    make_video: MakeVideo, every_frame: EveryFrame, codec: str, options: dict[str, str], numbers: tuple[int, ...]
) -> None:
    path = make_video("clip.mp4", 100, codec=codec, faststart=True, **options)
    clean = every_frame(path)
    for number in numbers:
        spoil(path, number)
    for step in (1, 3):
        track = opened(path)
        frames = dict(track.frames(range(0, track.info.frames, step)))
        sound = [index for index in frames if float(track.times[index]) not in track.report.damaged]
        assert [index for index in sound if not np.array_equal(frames[index], clean[index])] == []


def test_far_from_any_good_frame_a_smeared_one_is_shown_and_reported(
    make_video: MakeVideo, read_number: ReadNumber
) -> None:
    path = make_video("clip.mp4", 300, faststart=True, g="1000", bf="0", preset="ultrafast")
    spoil(path, 100)
    track = opened(path)
    frames = dict(track.frames([50, 110, 280]))
    assert read_number(frames[50]) == 50
    assert (track.report.damaged, track.report.smeared) == (pytest.approx([4.4]), pytest.approx([11.2]))
    assert track.report.notes[1] == "Frames at 11.2 s may be smeared: one before them is damaged."


def test_lost_packets_of_a_transport_stream_are_noticed(make_video: MakeVideo, every_frame: EveryFrame) -> None:
    path = make_video("clip.ts", 100, g="20")
    clean, data = every_frame(path), path.read_bytes()
    middle = len(data) // 2 // 188 * 188
    path.write_bytes(data[:middle] + data[middle + 5 * 188 :])
    track = opened(path)
    frames = dict(track.frames(range(track.info.frames)))
    assert track.report.damaged
    for index, rgb in frames.items():
        seconds = float(track.times[index])
        assert seconds in track.report.damaged or np.array_equal(rgb, clean[round(25 * seconds)])


def test_a_video_without_one_good_frame_is_refused(make_video: MakeVideo) -> None:
    path = make_video("clip.mp4", 10, faststart=True)
    data = bytearray(path.read_bytes())
    place = data.index(b"mdat") + 4
    data[place:] = random.Random(0).randbytes(len(data) - place)
    path.write_bytes(data)
    with pytest.raises(MediaError, match=r"clip\.mp4: no frame can be decoded"):
        opened(path)


def test_limits_are_named_with_the_way_to_raise_them(make_video: MakeVideo, tmp_path: Path) -> None:
    moving = tmp_path / "moving.gif"
    shades = [PIL.Image.new("RGB", (64, 64), (20 * i, 0, 0)) for i in range(10)]
    shades[0].save(moving, save_all=True, append_images=shades[1:], duration=300)
    clip = make_video()
    for path, name, value in [
        *((clip, name, value) for name, value in (("max_pixels", 10_000), ("max_bytes", 1000), ("max_duration", 2.0))),
        *((moving, name, value) for name, value in (("max_pixels", 1000), ("max_duration", 2.0))),
        *((path, "max_decode_time", 1e-9) for path in (clip, moving)),
    ]:
        with pytest.raises(MediaError, match=rf"limit.*{name}"):
            opened(path, **{name: value})
        assert opened(path, **{name: math.inf}).info.frames in (60, 10)


@pytest.mark.parametrize(("name", "codec"), [("clip.ts", "libx264"), ("clip.mkv", "mpeg4"), ("clip.mpg", "mpeg2video")])
def test_frames_that_grow_in_mid_file_stay_within_the_limit(make_video: MakeVideo, name: str, codec: str) -> None:
    with pytest.raises(MediaError, match="limit of 20000 px"):
        opened(make_video(name, 3, codec=codec), max_pixels=20_000)
    small, large = make_video("small.h264", 30), make_video("large.h264", 30, size=(640, 480))
    small.write_bytes(small.read_bytes() + large.read_bytes())
    assert opened(small).info.frames == 60
    track = opened(small, max_pixels=30_000)
    assert {rgb.shape for _, rgb in track.frames(range(track.info.frames))} == {(128, 192, 3)}


def test_the_time_a_user_takes_for_a_frame_doesnt_count(make_video: MakeVideo, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("quintet.vision.container.monotonic", lambda: clock[0])
    track = opened(make_video(), max_decode_time=10.0)
    for _ in track.frames(range(60)):
        clock[0] += 9.0
    frames = track.frames([5])
    clock[0] = 1000.0
    next(frames)


@pytest.mark.parametrize("form", ["gif", "png"])
def test_a_truncated_animation_gives_what_there_is(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"moving.{form}"
    noise = [PIL.Image.effect_noise((64, 64), 40 + i).convert("RGB") for i in range(10)]
    noise[0].save(path, save_all=True, append_images=noise[1:], duration=200)
    assert not opened(path).report
    track = opened(cut(path, 0.6))
    assert track.report == Report(truncated=True)
    assert 4 <= track.info.frames <= 6
    assert len(list(track.frames(range(track.info.frames)))) == track.info.frames


def test_notes_gather_frames_that_are_near() -> None:
    assert Report(damaged=(1.0, 1.04, 1.08, 60.0), tone_mapped=True).notes == (
        "3 frames from 1.0 s to 1.1 s are damaged; the nearest good frames stand in.",
        "The frame at 60.0 s is damaged; the nearest good frame stands in.",
        "The video has a high dynamic range; its frames were tone-mapped.",
    )
    assert not Report()


def test_an_mp4_cut_off_before_its_index_is_refused(make_video: MakeVideo) -> None:
    with pytest.raises(MediaError, match=r"clip\.mp4: can't be opened as a video .*cut off"):
        _ = Video(cut(make_video(), 0.6)).info


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.ts"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_corrupt_packets_leave_the_other_frames_at_their_times(make_video: MakeVideo, name: str, seed: int) -> None:
    patches = Video(scramble(make_video(name, 100, faststart=name == "clip.mp4", g="10"), seed)).patches()
    assert patches.pixels.shape[0] == np.prod(patches.grid)
    assert list(patches.times) == sorted(patches.times)
    assert 0 <= patches.times[0] < 1.0
    assert 3.0 < patches.times[-1] < 4.0


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_text("This is not a video.\n")
    with pytest.raises(MediaError, match=r"clip\.mp4: not a video: it holds text"):
        _ = Video(path).info
    path.write_bytes(random.Random(0).randbytes(50_000))
    with pytest.raises(MediaError, match=r"clip\.mp4: can't be opened"):
        Video(path).patches()
    path.write_bytes(b"")
    with pytest.raises(MediaError, match=r"clip\.mp4: the file is empty"):
        Video(path)
    with pytest.raises(MediaError, match="a folder"):
        Video(tmp_path)


def test_a_play_list_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "list.mp4"
    path.write_text("#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n")
    with pytest.raises(MediaError, match="it holds text"):
        Video(path).patches()


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        for number in range(20):
            frame = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp", layout="stereo")
            frame.sample_rate, frame.pts = 44100, 1024 * number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(MediaError, match="holds no video stream, only audio"):
        _ = Video(path).info

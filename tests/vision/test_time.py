"""Times are seconds of the video the person sees, whatever the container does with its stamps."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from quintet.vision import MediaPolicy, Video
from quintet.vision.source import Source
from quintet.vision.track import Track, open_track

Frames = NDArray[np.uint8]
MakeVideo = Callable[..., Path]
ReadNumber = Callable[[Frames], int]


def opened(path: Path) -> Track:
    return open_track(Source.of(path, "video"), MediaPolicy())


def remux(path: Path, target: Path, shift: float = 0.0, sound: float | None = None) -> Path:
    """Copy the picture, `shift` seconds later, beside 2 s of silence that begins at `sound` seconds."""
    with av.open(str(path)) as source, av.open(str(target), "w") as container:
        stream = container.add_stream_from_template(source.streams.video[0])
        packets = []
        for packet in source.demux(video=0):
            if packet.size:
                assert packet.pts is not None
                assert packet.dts is not None
                late = round(shift / packet.time_base)
                packet.pts, packet.dts, packet.stream = packet.pts + late, packet.dts + late, stream
                packets.append(packet)
        if sound is not None:
            voice = container.add_stream("aac", rate=48000)
            silence = np.zeros((2, 1024), np.float32)
            for number in range(94):
                frame = av.AudioFrame.from_ndarray(silence, format="fltp", layout="stereo")
                frame.sample_rate, frame.pts = 48000, round(48000 * sound) + 1024 * number
                packets += voice.encode(frame)
            packets += voice.encode()
        for packet in sorted(packets, key=lambda packet: float(packet.dts * packet.time_base)):
            container.mux(packet)
    return target


def stamps_of(times: Sequence[float]) -> list[int]:
    return [round(100 * time) for time in times]


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mov", "clip.mkv", "clip.ts", "clip.flv", "clip.mpg"])
def test_the_first_frame_is_at_zero_wherever_the_file_begins(make_video: MakeVideo, tmp_path: Path, name: str) -> None:
    codec = "mpeg2video" if name.endswith("mpg") else "libx264"
    path = remux(make_video("plain.mp4", 50, codec=codec), tmp_path / name, shift=20.0)
    assert opened(path).times == pytest.approx(np.arange(50) / 25, abs=0.002)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.ts", "clip.flv"])
def test_a_picture_that_begins_after_the_sound_appears_later(
    make_video: MakeVideo, read_number: ReadNumber, tmp_path: Path, name: str
) -> None:
    plain = make_video("plain.mp4", 25)
    late = opened(remux(plain, tmp_path / name, shift=1.5, sound=0.0))
    assert late.times == pytest.approx(1.5 + np.arange(25) / 25, abs=0.03)
    assert late.info.duration == pytest.approx(2.5, abs=0.03)
    assert [read_number(rgb) for _, rgb in late.frames([0, 24])] == [0, 24]

    before = Video(tmp_path / name, end=1.0).patches()
    assert before.times == pytest.approx((1.5,), abs=0.03)  # nothing is there to be seen yet

    both_late = opened(remux(plain, tmp_path / name, shift=21.5, sound=20.0))
    assert both_late.times[0] == pytest.approx(1.5, abs=0.03)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.ts", "clip.flv"])
@pytest.mark.parametrize("sound", [0.0, 0.02, 1.0])
def test_sound_that_begins_with_the_picture_or_later_changes_nothing(
    make_video: MakeVideo, tmp_path: Path, name: str, sound: float
) -> None:
    path = remux(make_video("plain.mp4", 25), tmp_path / name, shift=0.03, sound=sound)
    assert opened(path).times == pytest.approx(np.arange(25) / 25, abs=0.002)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.ts"])
def test_variable_rate(make_video: MakeVideo, read_number: ReadNumber, name: str) -> None:
    stamps = [0, 10, 20, 30, 40, 560, 600, 1000, 1010, 1020]
    track = opened(make_video(name, len(stamps), stamps=stamps, base=Fraction(1, 100)))
    assert stamps_of(track.times) == stamps
    assert {index: read_number(rgb) for index, rgb in track.frames(range(10))} == {i: i for i in range(10)}


def test_a_cut_by_an_edit_list_hides_the_frames_before_it(
    make_video: MakeVideo, read_number: ReadNumber, tmp_path: Path
) -> None:
    path = make_video("clip.mp4", 75, g="25", bf="0")
    data = bytearray(path.read_bytes())
    place = data.index(b"elst") + 12  # version, flags, count; then duration, media time, rate
    assert int.from_bytes(data[place - 4 : place], "big") == 1
    with av.open(str(path)) as container:
        scale = container.streams.video[0].time_base
    assert scale is not None
    begin = int.from_bytes(data[place + 4 : place + 8], "big") + round(40 / 25 / scale)
    data[place : place + 4] = (1000).to_bytes(4, "big")  # of 1/1000 s
    data[place + 4 : place + 8] = begin.to_bytes(4, "big")
    path.write_bytes(data)
    track = opened(path)
    assert track.times == pytest.approx(np.arange(len(track.times)) / 25, abs=0.002)
    assert 25 <= len(track.times) <= 26
    assert [read_number(rgb) for _, rgb in track.frames([0, 9, 24])] == [40, 49, 64]
    assert not track.report


def test_the_clock_of_a_transport_stream_may_run_over(
    make_video: MakeVideo, read_number: ReadNumber, tmp_path: Path
) -> None:
    wrap = 2**33 / 90000
    path = remux(make_video("plain.mp4", 1000, g="25", preset="ultrafast"), tmp_path / "clip.ts", shift=wrap - 11.4)
    track = opened(path)
    assert track.times == pytest.approx(np.arange(1000) / 25, abs=0.002)
    assert [read_number(rgb) for _, rgb in track.frames([5, 600, 999])] == [5, 600, 999]


def test_recordings_put_together_play_one_after_the_other(make_video: MakeVideo, read_number: ReadNumber) -> None:
    first, second = make_video("a.ts", 50, g="10"), make_video("b.ts", 75, g="10")
    first.write_bytes(first.read_bytes() + second.read_bytes())
    track = opened(first)
    assert track.times == pytest.approx(np.arange(125) / 25, abs=0.05)
    assert [read_number(rgb) for _, rgb in track.frames([0, 39, 50, 124])] == [0, 39, 0, 74]


def test_a_live_recording_without_length_or_cues(
    make_video: MakeVideo, read_number: ReadNumber, tmp_path: Path
) -> None:
    plain, live = make_video("plain.webm", 60, codec="libvpx-vp9", g="20"), tmp_path / "live.webm"
    with av.open(str(plain)) as source, av.open(str(live), "w", options={"live": "1"}) as container:
        stream = container.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                container.mux(packet)
    with av.open(str(live)) as container:
        assert not container.duration
    track = opened(live)
    assert track.times == pytest.approx(np.arange(60) / 25, abs=0.002)
    assert [read_number(rgb) for _, rgb in track.frames([0, 31, 59])] == [0, 31, 59]
    assert not track.report

"""Broken files give what there is, or one line that says what is wrong."""

import random
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from quintet.errors import MediaError
from quintet.vision import Patches, Video

MakeVideo = Callable[..., Path]
Frames = NDArray[np.uint8]


def cut(path: Path, share: float) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    return path


def scramble(path: Path, seed: int) -> Path:
    """Overwrite 20 places in the middle third."""
    data, draw = bytearray(path.read_bytes()), random.Random(seed)
    for _ in range(20):
        place = draw.randrange(len(data) // 3, len(data) * 2 // 3)
        data[place : place + 40] = draw.randbytes(40)
    path.write_bytes(data)
    return path


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

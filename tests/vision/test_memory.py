"""Decoding takes little memory, however long the video is and however many frames are wanted."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")

MakeVideo = Callable[..., Path]

MEASURE = """
import gc, sys
import numpy as np
from quintet.vision import MediaPolicy
from quintet.vision.source import Source
from quintet.vision.track import open_track

gc.disable()  # nothing may wait for it

def peak():  # getrusage would count what the parent process took
    status = open("/proc/self/status").read()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024

path, warm, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
list(open_track(Source.of(warm, "video"), MediaPolicy()).frames([0]))  # all that is imported late
before = peak()
track = open_track(Source.of(path, "video"), MediaPolicy())
for _, rgb in track.frames([int(index) for index in np.linspace(0, len(track.times) - 1, count)]):
    pass
print(peak() - before)
"""


def peak_mb(path: Path, warm: Path, count: int) -> float:
    """MB above what imports take."""
    command = [sys.executable, "-c", MEASURE, str(path), str(warm), str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    return float(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("codec", ["libx264", "libx265", "libvpx-vp9"])
def test_frames_of_1080p_take_less_than_150_mb(make_video: MakeVideo, codec: str) -> None:
    fast = {
        "libx264": {"preset": "ultrafast", "bf": "3", "refs": "4"},
        "libx265": {"preset": "ultrafast", "x265-params": "log-level=none"},
        "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8"},
    }[codec]
    path = make_video("large.mkv", 150, codec=codec, size=(1920, 1080), g="50", **fast)
    assert peak_mb(path, make_video("small.mkv", 2, codec=codec), 75) < 130


def test_memory_does_not_grow_with_the_frames_wanted(make_video: MakeVideo) -> None:
    path = make_video("long.mp4", 400, size=(640, 480), g="50", preset="ultrafast")
    warm = make_video("small.mp4", 2)
    assert peak_mb(path, warm, 400) < 40

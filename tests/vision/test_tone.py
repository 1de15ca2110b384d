"""High dynamic range is shown in the standard one: white bright but not clipped, greys grey, order kept."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from quintet.vision import MediaPolicy
from quintet.vision.source import Source
from quintet.vision.track import Track, open_track

WIDTH, HEIGHT = 320, 64
PQ, HLG = 16, 18
CODECS = {"hevc.mkv": ("libx265", {"x265-params": "log-level=none"}), "av1.mkv": ("libsvtav1", {"preset": "12"})}


def pq(light: Sequence[float]) -> NDArray[np.float64]:
    """ST 2084: codes from 0 to 1 of cd/m²."""
    power = (np.array(light) / 10_000) ** (2610 / 16384)
    return ((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32)


def encode(path: Path, transfer: int, codes: NDArray[np.float64], chroma: tuple[int, int] = (512, 512)) -> Track:
    """One frame of upright grey bars of these codes, from left to right, in BT.2020 of 10 bits."""
    codec, options = CODECS[path.name]
    luma = np.rint(64 + 876 * np.repeat(codes, WIDTH // len(codes)))
    planes = (np.tile(luma, (HEIGHT, 1)), *(np.full((HEIGHT // 2, WIDTH // 2), value) for value in chroma))
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p10le"
        frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p10le")
        for place, values in zip(frame.planes, planes, strict=True):
            row = np.zeros((values.shape[0], place.line_size // 2), np.uint16)
            row[:, : values.shape[1]] = values
            place.update(row.tobytes())
        for target in (stream.codec_context, frame):
            target.color_trc, target.color_primaries, target.colorspace, target.color_range = transfer, 9, 9, 1
        for number in range(2):
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return open_track(Source.of(path, "video"), MediaPolicy())


def bars(track: Track, count: int) -> NDArray[np.int64]:
    """The colour in the middle of each bar `[count, 3]`."""
    ((_, rgb),) = track.frames([0])
    step = WIDTH // count
    return rgb[HEIGHT // 2, step // 2 :: step].astype(np.int64)


@pytest.mark.parametrize("name", CODECS)
def test_pq(tmp_path: Path, name: str) -> None:
    track = encode(tmp_path / name, PQ, pq([0, 1, 5, 20, 50, 100, 203, 400]))
    assert track.info.hdr == "pq"
    assert track.report.tone_mapped
    assert track.report.notes == ("The video has a high dynamic range; its frames were tone-mapped.",)
    grey = bars(track, 8)
    assert (np.ptp(grey, axis=1) <= 1).all()
    levels = grey[:, 1]
    assert (np.diff(levels) > 5).all()
    assert levels[0] == 0
    assert 90 < levels[3] < 110
    assert 220 < levels[6] < 245
    assert levels[7] < 255


def test_hlg(tmp_path: Path) -> None:
    track = encode(tmp_path / "hevc.mkv", HLG, np.array([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 0.9]))
    assert track.info.hdr == "hlg"
    levels = bars(track, 8)[:, 1]
    assert (np.diff(levels) > 5).all()
    assert 220 < levels[6] < 245  # BT.2408: diffuse white is at 0.75


def test_colours_keep_their_hue(tmp_path: Path) -> None:
    red, green, blue = bars(encode(tmp_path / "hevc.mkv", PQ, np.full(4, 0.35), (480, 640)), 4)[0]
    assert red > 1.5 * max(green, blue)


def test_standard_range_in_ten_bits_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "hevc.mkv"
    track = encode(path, 1, np.linspace(0, 1, 8))
    with av.open(str(path)) as container:
        expected = next(container.decode(video=0)).to_ndarray(format="rgb24")
    ((_, rgb),) = track.frames([0])
    assert np.array_equal(rgb, expected)
    assert (track.info.hdr, bool(track.report)) == (None, False)

"""From decoded pictures to upright RGB; high dynamic range is brought to the standard one."""

from __future__ import annotations

from typing import Literal, cast

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace, VideoReformatter
from numpy.typing import NDArray

from .orientation import Orientation
from .track import Rgb

Transfer = Literal["pq", "hlg"]
Floats = NDArray[np.float32]

# H.273's codes of SMPTE ST 2084 and ARIB STD-B67.
_TRANSFERS: dict[int, Transfer] = {16: "pq", 18: "hlg"}
# cd/m²: the display programmes are mastered for, and diffuse white on it (BT.2408), which becomes the SDR white point.
_PEAK = 1000.0
_WHITE = 203.0
# Luminance of BT.2020's primaries, and BT.2020 to BT.709 (BT.2087).
_LUMA = np.array([0.2627, 0.6780, 0.0593], np.float32)
_TO_709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    np.float32,
)
# Rows converted at a time.
_ROWS = 32
_STEPS = 4096


def transfer_of(frame: VideoFrame) -> Transfer | None:
    """The transfer function of a picture of high dynamic range."""
    return _TRANSFERS.get(int(frame.color_trc))


class Painter:
    """Pictures as upright 8-bit RGB; scaler and tables are made once.

    Of standard range they are FFmpeg's own `rgb24`, bit for bit as PyAV gives it. High dynamic range (BT.2100) is shown
    as on a display of 1000 cd/m², its highlights rolled off by the curve of BT.2390 so that diffuse white (203 cd/m²)
    stays just below white, brought to the primaries of BT.709 and coded for a gamma of 2.4 (BT.1886).
    """

    def __init__(self, upright: Orientation, transfer: Transfer | None) -> None:
        self._upright = upright
        self._scaler = VideoReformatter()
        self._tables = _Tables(transfer) if transfer else None

    def rgb(self, picture: VideoFrame) -> Rgb:
        """`[H, W, 3]`."""
        if self._tables and transfer_of(picture):
            deep = self._scaler.reformat(picture, format="rgb48le", src_colorspace=Colorspace.BT2020, threads=1)
            return self._upright.apply(self._tables.map(cast(NDArray[np.uint16], deep.to_ndarray())))
        return self._upright.apply(cast(Rgb, self._scaler.reformat(picture, format="rgb24", threads=1).to_ndarray()))


class _Tables:
    """Tone mapping of one transfer function, most of it looked up."""

    def __init__(self, transfer: Transfer) -> None:
        code = np.linspace(0, 1, 1 << 16)
        self._hlg = transfer == "hlg"
        self._linear = (_hlg_to_scene(code) if self._hlg else _pq_to_light(code) / _PEAK).astype(np.float32)
        # By the square root of the brightest channel, so that dark steps are fine.
        light = np.linspace(0, 1, _STEPS) ** 2
        self._gain = (_roll_off(light * _PEAK) / np.maximum(light * _PEAK, 1e-6) * _PEAK / _WHITE).astype(np.float32)
        self._gain[0] = self._gain[1]
        self._coded = np.rint(255 * np.linspace(0, 1, 1 << 16) ** (1 / 2.4)).astype(np.uint8)

    def map(self, codes: NDArray[np.uint16]) -> Rgb:
        """16-bit codes `[H, W, 3]` to 8-bit BT.709, in strips that fit the processor's cache."""
        rgb = np.empty(codes.shape, np.uint8)
        for row in range(0, len(codes), _ROWS):
            light = self._linear.take(codes[row : row + _ROWS])
            if self._hlg:  # the system gamma of a 1000 cd/m² display, 1.2
                light *= np.maximum(light @ _LUMA, 1e-9)[..., None] ** np.float32(0.2)
            # Ten times as fast as max(axis=-1).
            brightest = np.maximum(np.maximum(light[..., 0], light[..., 1]), light[..., 2])
            steps = np.sqrt(np.minimum(brightest, 1)) * (_STEPS - 1) + 0.5
            light *= self._gain.take(steps.astype(np.uint16))[..., None]
            light = np.clip(light @ _TO_709.T, 0, 1) * 65535
            rgb[row : row + _ROWS] = self._coded.take((light + 0.5).astype(np.uint16))
        return rgb


def _pq_to_light(code: NDArray[np.float64]) -> NDArray[np.float64]:
    """BT.2100, table 4: the EOTF of PQ, cd/m² of codes from 0 to 1."""
    power = code ** (1 / _M2)
    return 10_000 * (np.maximum(power - _C1, 0) / (_C2 - _C3 * power)) ** (1 / _M1)


def _light_to_pq(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """BT.2100, table 4: the inverse EOTF of PQ."""
    power = (light / 10_000) ** _M1
    return ((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2


def _hlg_to_scene(code: NDArray[np.float64]) -> NDArray[np.float64]:
    """BT.2100, table 5: the inverse OETF of HLG, scene light of 0 to 1."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)


def _roll_off(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """BT.2390, 5.4.1: the EETF from a display of `_PEAK` to one of `_WHITE`, cd/m², both with a perfect black."""
    peak = _light_to_pq(np.array(_PEAK))
    signal = np.minimum(_light_to_pq(light) / peak, 1)
    highest = _light_to_pq(np.array(_WHITE)) / peak
    knee = 1.5 * highest - 0.5
    t = np.maximum(signal - knee, 0) / (1 - knee)
    curve = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (3 * t**2 - 2 * t**3) * highest
    return _pq_to_light(np.where(signal < knee, signal, curve) * peak)


# BT.2100, table 4.
_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32

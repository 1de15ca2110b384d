"""One video, loaded in a fresh process by one of those that are compared: for `benchmarks.video`.

`python loaders.py NAME CLIP SMALL FRAMES PIXELS` prints one JSON object: CPU and wall seconds, and bytes of memory at
the peak above those after imports, which include loading the small clip once. It writes the pixels, uint8 rows as of
`Patches`, to the file PIXELS. It runs with the Python of whatever environment has what is measured.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

Load = Callable[[str, int], Any]
# Qwen3.5's: pixels of a video, in all.
SIZE = {"shortest_edge": 4096, "longest_edge": 25165824}
STRETCH_FRAMES = 22  # what quintet takes of 10 s


def quintet() -> Load:
    """Rows, uint8."""
    import torch  # noqa: F401

    from quintet import Video

    def load(path: str, frames: int) -> Any:
        return Video(path, max_frames=frames).patches().pixels

    return load


def second_look() -> Load:
    """The first call looks at all of the video; the next at a stretch of the same `Video`."""
    from quintet import Video

    videos: dict[str, Video] = {}

    def load(path: str, _frames: int) -> Any:
        if path not in videos:
            videos[path] = Video(path)
            return videos[path].patches().pixels
        return videos[path].clip(*stretch(videos[path].info.duration)).patches().pixels

    return load


def only_look() -> Load:
    """At a stretch of a video that wasn't opened before."""
    from quintet import Video

    def load(path: str, _frames: int) -> Any:
        video = Video(path)
        return video.clip(*stretch(video.info.duration)).patches().pixels

    return load


def stretch(duration: float) -> tuple[float, float]:
    """10 s, in the last third of the video."""
    return 0.7 * duration, 0.7 * duration + 10


def transformers(backend: str) -> Load:
    """Its loader with a back end, and the processor: rows, float32."""
    import_torchvision()
    load_video = import_module("transformers.video_utils").load_video
    processor = qwen_processor()

    def load(path: str, frames: int) -> Any:
        def choose(metadata: Any, **_: object) -> Any:
            return processor.sample_frames(metadata, num_frames=min(frames, metadata.total_num_frames))

        video, metadata = load_video(path, backend=backend, sample_indices_fn=choose)
        return processor(videos=[video], video_metadata=[metadata], do_sample_frames=False)["pixel_values_videos"]

    return load


def qwen_vl_utils(*, part: bool = False) -> Load:
    """Its loader, which resizes, and the processor: rows, float32. The size is told: its own rule is another."""
    import_torchvision()
    process_vision_info = import_module("qwen_vl_utils").process_vision_info
    smart_resize = import_module("transformers.models.qwen3_vl.video_processing_qwen3_vl").smart_resize
    processor = qwen_processor()

    def load(path: str, frames: int) -> Any:
        width, height, duration = shape_of(path)
        count = STRETCH_FRAMES if part else frames
        height, width = smart_resize(count, height, width, 2, 32, *SIZE.values())
        block = {"video": path, "nframes": count, "resized_height": height, "resized_width": width}
        if part:
            block |= dict(zip(("video_start", "video_end"), stretch(duration), strict=True))
        message = {"role": "user", "content": [block | {"type": "video"}]}
        _, videos, _ = process_vision_info(
            [message], image_patch_size=16, return_video_kwargs=True, return_video_metadata=True
        )
        return processor(videos=[videos[0][0]], do_sample_frames=False, do_resize=False)["pixel_values_videos"]

    return load


def torchcodec() -> Load:
    """Frames as they are in the file, not resized: `[frames, 3, height, width]`, uint8."""
    import torch

    decoder_of = import_module("torchcodec.decoders").VideoDecoder

    def load(path: str, frames: int) -> Any:
        decoder = decoder_of(path, num_ffmpeg_threads=0)
        wanted = torch.linspace(0, decoder.metadata.num_frames - 1, frames).round().long().tolist()
        return decoder.get_frames_at(wanted).data

    return load


LOADERS: dict[str, Callable[[], Load]] = {
    "quintet": quintet,
    "quintet, second look": second_look,
    "quintet, only look": only_look,
    "qwen-vl-utils, only look": lambda: qwen_vl_utils(part=True),
    "transformers, torchcodec": lambda: transformers("torchcodec"),
    "transformers, pyav": lambda: transformers("pyav"),
    "transformers, decord": lambda: transformers("decord"),
    "transformers, opencv": lambda: transformers("opencv"),
    "qwen-vl-utils, torchcodec": qwen_vl_utils,
    "torchcodec, raw frames": torchcodec,
}


def import_torchvision() -> None:
    """Its operators are built for CUDA. Beside a torch for CPUs they don't load, and two must be declared first."""
    import torch

    if torch.version.cuda is None:
        for name in ("nms", "qnms"):
            torch.library.define(f"torchvision::{name}", "(Tensor nothing) -> Tensor")
    import_module("torchvision")


def qwen_processor() -> Any:
    """As checkpoints of the family set it."""
    processors = import_module("transformers.models.qwen3_vl.video_processing_qwen3_vl")
    return processors.Qwen3VLVideoProcessor(size=SIZE, cap_pixels_per_frame=False, return_tensors="pt")


def shape_of(path: str) -> tuple[int, int, float]:
    """Width and height in px, and seconds."""
    import av

    with av.open(path) as container:
        film = container.streams.video[0]
        return film.width, film.height, (container.duration or 0) / 1e6


def measure(load: Load, path: str, frames: int) -> tuple[dict[str, float], Any]:
    """Cost, and what was loaded."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before, start = memory("VmRSS"), time.perf_counter()
    used = resource.getrusage(resource.RUSAGE_SELF)
    loaded = load(path, frames)
    after = resource.getrusage(resource.RUSAGE_SELF)
    cost = {
        "wall": time.perf_counter() - start,
        "cpu": after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime,
        "peak": memory("VmHWM") - before,
        "output": loaded.nbytes,
    }
    return cost, loaded


def memory(key: str) -> int:
    """A figure in bytes of what the kernel says of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(key))


def rows(loaded: Any) -> Any:
    """uint8 rows of what a contender loaded; frames that are as in the file are not resized."""
    import torch

    if loaded.dtype is torch.uint8:
        return loaded.numpy()
    return loaded.mul_(127.5).add_(127.5).round_().to(torch.uint8).numpy()


def run(name: str, path: str, small: str, frames: str, pixels: str) -> None:
    import numpy as np

    load = LOADERS[name]()
    load(small, 4)
    cost, loaded = measure(load, path, int(frames))
    if pixels:
        np.save(pixels, rows(loaded))
    print(json.dumps(cost))


if __name__ == "__main__":
    run(*sys.argv[1:])

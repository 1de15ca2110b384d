import base64
import io
import json
from collections.abc import Callable
from pathlib import Path

import PIL.Image
import pytest
from langchain_core.messages import HumanMessage

from quintet.errors import BadInputError, MediaError, MissingFileError
from quintet.vision import Image, MediaPolicy, Video, media_from_block

RED = PIL.Image.new("RGB", (64, 48), (200, 10, 10))


def png() -> bytes:
    buffer = io.BytesIO()
    RED.save(buffer, "PNG")
    return buffer.getvalue()


def test_pictures_come_back_from_their_blocks(tmp_path: Path) -> None:
    path = tmp_path / "a red picture #1.png"
    path.write_bytes(png())
    for image in (Image(path), Image(png()), Image(RED)):
        block = json.loads(json.dumps(image.to_block()))
        back = media_from_block(block)
        assert isinstance(back, Image)
        assert back.name == image.name
        assert back.patches().digest == image.patches().digest
    assert Image(path).to_block() == {"type": "image", "url": path.as_uri()}
    assert Image(png()).to_block()["mime_type"] == "image/png"


def test_videos_come_back_with_their_settings(make_video: Callable[..., Path]) -> None:
    path = make_video("my clip.mp4")
    for source in (path, path.read_bytes()):
        video = Video(source, fps=5.0, max_frames=8, max_tokens=100, start=0.5, end=2.0)
        block = json.loads(json.dumps(video.to_block()))
        assert block["extras"] == {"fps": 5.0, "max_frames": 8, "max_tokens": 100, "start": 0.5, "end": 2.0}
        assert block["mime_type"] == "video/mp4"
        back = media_from_block(block)
        assert isinstance(back, Video)
        assert repr(back) == repr(video)
        assert back.patches().digest == video.patches().digest
    assert "extras" not in Video(path).to_block()


def test_blocks_pass_through_langchain_messages(tmp_path: Path, make_video: Callable[..., Path]) -> None:
    (tmp_path / "red.png").write_bytes(png())
    media = [Image(tmp_path / "red.png"), Image(RED), Video(make_video(), start=1.0)]
    message = HumanMessage(content_blocks=[item.to_block() for item in media])
    back = [media_from_block(block) for block in message.content_blocks]
    assert [repr(item) for item in back] == [repr(item) for item in media]


def test_blocks_of_openai_are_read(tmp_path: Path, make_video: Callable[..., Path]) -> None:
    (tmp_path / "red.png").write_bytes(png())
    data = "data:image/png;base64," + base64.b64encode(png()).decode()
    for url in (data, str(tmp_path / "red.png"), (tmp_path / "red.png").as_uri()):
        for block in ({"type": "image_url", "image_url": {"url": url}}, {"type": "image_url", "image_url": url}):
            image = media_from_block(block)
            assert isinstance(image, Image)
            assert image.pil.getpixel((0, 0)) == (200, 10, 10)
    video = media_from_block({"type": "video_url", "video_url": {"url": make_video().as_uri()}})
    assert isinstance(video, Video)
    assert video.info.frames == 60


def test_blocks_of_anthropic_are_read(tmp_path: Path) -> None:
    encoded = base64.b64encode(png()).decode()
    (tmp_path / "red.png").write_bytes(png())
    for source in (
        {"type": "base64", "media_type": "image/png", "data": encoded},
        {"type": "url", "url": (tmp_path / "red.png").as_uri()},
        {"type": "url", "url": f"data:image/png;base64,{encoded}"},
    ):
        image = media_from_block({"type": "image", "source": source})
        assert isinstance(image, Image)
        assert image.size == (64, 48)


def test_blocks_of_qwen_are_read(tmp_path: Path, make_video: Callable[..., Path]) -> None:
    (tmp_path / "red.png").write_bytes(png())
    image = media_from_block({"type": "image", "image": str(tmp_path / "red.png")})
    assert isinstance(image, Image)
    assert image.size == (64, 48)
    video = media_from_block({"type": "video", "video": make_video().as_uri()})
    assert isinstance(video, Video)
    assert video.info.frames == 60


def test_files_are_told_by_their_mime_type(make_video: Callable[..., Path]) -> None:
    encoded = base64.b64encode(png()).decode()
    assert isinstance(media_from_block({"type": "file", "mime_type": "image/png", "base64": encoded}), Image)
    video = {"type": "file", "mime_type": "video/mp4", "url": make_video().as_uri(), "extras": {"max_frames": 4}}
    assert repr(media_from_block(video)) == "Video('clip.mp4', max_frames=4)"
    assert media_from_block({"type": "file", "mime_type": "application/pdf", "base64": encoded}) is None


def test_pictures_come_back_with_their_settings(tmp_path: Path) -> None:
    RED.save(tmp_path / "pages.tif", save_all=True, append_images=[RED.rotate(90, expand=True)])
    for source in (tmp_path / "pages.tif", (tmp_path / "pages.tif").read_bytes()):
        image = Image(source, page=2, max_tokens=6, max_pixels=4096)
        block = json.loads(json.dumps(image.to_block()))
        assert block["extras"] == {"page": 2, "max_tokens": 6, "max_pixels": 4096}
        back = media_from_block(HumanMessage(content_blocks=[block]).content_blocks[0])
        assert isinstance(back, Image)
        assert repr(back) == repr(image)
        assert back.size == (48, 64)


def test_limits_hold_for_blocks() -> None:
    with pytest.raises(MediaError, match="over the limit"):
        media_from_block({"type": "image", "base64": base64.b64encode(png()).decode()}, MediaPolicy(max_bytes=10))
    with pytest.raises(BadInputError, match="max_tokens=0"):
        media_from_block({**Image(RED).to_block(), "extras": {"max_tokens": 0}})


def test_blocks_of_other_kinds_are_none() -> None:
    for block in ({"type": "text", "text": "hello"}, {"type": "tool_call"}, {}, "hello", None, {"type": ["image"]}):
        assert media_from_block(block) is None


def test_addresses_on_the_network_are_not_opened() -> None:
    for url in ("http://localhost/a.png", "HTTPS://example.org/a.png", "ftp://example.org/a.png"):
        with pytest.raises(MediaError, match="download"):
            media_from_block({"type": "image", "url": url})


def test_blocks_without_content_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="neither url nor base64"):
        media_from_block({"type": "image", "mime_type": "image/png"})
    with pytest.raises(MediaError, match="base64 can't be read"):
        media_from_block({"type": "image", "base64": "###"})
    with pytest.raises(MediaError, match="data: URL"):
        media_from_block({"type": "image", "url": "data:image/png;base64"})
    with pytest.raises(MissingFileError):
        media_from_block({"type": "video", "url": (tmp_path / "gone.mp4").as_uri()})


def test_settings_of_qwens_blocks_are_read(make_video: Callable[..., Path]) -> None:
    path = make_video(frames=100)
    settings = {"fps": 4.0, "max_pixels": 20_000}
    block = {"type": "video", "video": str(path), **settings, "video_start": 1.0, "video_end": 3.0}
    video = media_from_block(block)
    assert isinstance(video, Video)
    assert video.look.given() == {"fps": 4.0, "max_pixels": 20_000, "start": 1.0, "end": 3.0}
    assert video.plan().tokens == Video(path, fps=4.0, max_pixels=20_000, start=1.0, end=3.0).plan().tokens

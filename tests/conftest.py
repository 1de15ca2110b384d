"""What the tests share: the bundled model and the sample media. No test reaches for a network."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from examples.samples import Samples, make_samples

if TYPE_CHECKING:
    from quintet.model import ChatModel

os.environ["HF_HUB_OFFLINE"] = "1"  # before anything imports huggingface_hub


@pytest.fixture(scope="session")
def nano() -> ChatModel:
    """The bundled checkpoint on the CPU, loaded once. Each invoke is a conversation of its own."""
    from quintet import load_model

    return load_model(device="cpu")


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    """shapes.png, word.png, clip.mp4 and the folder manuals/. Copy before changing one."""
    return make_samples(tmp_path_factory.mktemp("samples"))


@pytest.fixture
def empty_file(tmp_path: Path) -> Path:
    path = tmp_path / "empty.png"
    path.touch()
    return path

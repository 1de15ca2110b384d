"""Libraries among several processes, and processes that die."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from langchain_core.embeddings import Embeddings

from quintet.errors import LibraryError
from quintet.rag import Library, LibrarySettings

# Adds a folder with an embedding that says so on its first call, then takes its time.
SLOW_ADD = """
import sys, time
from langchain_core.embeddings import DeterministicFakeEmbedding
from quintet.rag import Library, LibrarySettings

class DeterministicFakeEmbedding(DeterministicFakeEmbedding):
    __module__ = DeterministicFakeEmbedding.__module__
    def embed_documents(self, texts):
        print("embedding", flush=True)
        time.sleep(float(sys.argv[3]))
        return super().embed_documents(texts)

settings = LibrarySettings(lock_timeout=60)
with Library(sys.argv[1], embedding=DeterministicFakeEmbedding(size=32), settings=settings) as library:
    library.add(sys.argv[2])
print("done", flush=True)
"""


def start_adding(library: Path, folder: Path, seconds: float = 0.0) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SLOW_ADD, str(library), str(folder), str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONWARNINGS": "error"})


def write_topics(folder: Path, numbers: range) -> Path:
    folder.mkdir(exist_ok=True)
    for number in numbers:
        (folder / f"{number}.txt").write_text(f"This is about topic{number}.")
    return folder


def assert_whole(path: Path, embedding: Embeddings, numbers: range) -> None:
    """Each document is there, found by Chroma and found by its words, and nothing else is."""
    with Library(path, embedding=embedding, settings=LibrarySettings(exact_below=0, lexical_weight=0.0)) as library:
        assert {document.source for document in library.documents()} == {f"{number}.txt" for number in numbers}
        assert len(library.search("anything", k=10_000)) == len(numbers)
        for number in numbers[::17]:
            text = f"This is about topic{number}."
            assert library.search(text, k=1)[0].page_content == text
    with Library(path, embedding=embedding, settings=LibrarySettings(dense_weight=0.0)) as library:
        assert library.search(f"topic{numbers[-1]}", k=1)[0].metadata["source"] == f"{numbers[-1]}.txt"


def test_a_second_writer_is_told_who_writes(tmp_path: Path, embedding: Embeddings) -> None:
    topics = write_topics(tmp_path / "topics", range(10))
    with start_adding(tmp_path / "library", topics, seconds=3) as process:
        assert process.stdout
        assert process.stdout.readline() == "embedding\n"
        with Library(tmp_path / "library", embedding=embedding, settings=LibrarySettings(lock_timeout=0.1)) as library:
            with pytest.raises(LibraryError, match=f"is being written by process {process.pid} on"):
                library.add(topics)
            assert library.search("anything") == []  # readers needn't wait
        assert process.stdout.readline() == "done\n"
    assert_whole(tmp_path / "library", embedding, range(10))


def test_writers_take_turns(tmp_path: Path, embedding: Embeddings) -> None:
    folders = [write_topics(tmp_path / f"topics{part}", range(100 * part, 100 * part + 100)) for part in range(2)]
    processes = [start_adding(tmp_path / "library", folder) for folder in folders]
    for process in processes:
        with process:
            assert process.communicate()[0].endswith("done\n")
    assert_whole(tmp_path / "library", embedding, range(200))


@pytest.mark.slow
def test_a_killed_writer_leaves_a_whole_library(tmp_path: Path, embedding: Embeddings) -> None:
    # Several batches, so that there is something to lose between them.
    topics = write_topics(tmp_path / "topics", range(2000))
    moments = random.Random(0)
    for _ in range(4):
        with start_adding(tmp_path / "library", topics) as process:
            assert process.stdout
            if process.stdout.readline() != "embedding\n":
                break  # everything was added before
            time.sleep(moments.uniform(0, 1.5))
            process.kill()
        with Library(tmp_path / "library", embedding=embedding) as library:
            documents = library.documents()
            assert all(document.passages == 1 for document in documents)
            if documents:
                text = (topics / documents[-1].source).read_text()
                assert library.search(text, k=1)[0].page_content == text
    with Library(tmp_path / "library", embedding=embedding) as library:
        library.add(topics)
    assert_whole(tmp_path / "library", embedding, range(2000))

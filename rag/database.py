"""The SQLite file under a catalogue: its schema, transactions, and facts by name."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import LibraryError

_VERSION = "1"
_SCHEMA = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL UNIQUE, path TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL, title TEXT NOT NULL, digest TEXT NOT NULL, pages INTEGER NOT NULL, added REAL NOT NULL);
CREATE INDEX documents_by_digest ON documents (digest);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
    page INTEGER, heading TEXT NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL, text TEXT NOT NULL);
CREATE INDEX passages_by_document ON passages (document);
CREATE TABLE vectors (
    passage INTEGER PRIMARY KEY REFERENCES passages ON DELETE CASCADE,
    generation INTEGER NOT NULL, vector BLOB NOT NULL);
CREATE INDEX vectors_by_generation ON vectors (generation);
CREATE TABLE removed (passage INTEGER PRIMARY KEY, generation INTEGER NOT NULL);
CREATE VIRTUAL TABLE words USING fts5 (text, heading, content='', tokenize='porter unicode61 remove_diacritics 2');
"""


class Database:
    """A library's SQLite file, made if there is none. Safe for threads; readers and one writer may be other processes.

    Raises:
        LibraryError: the file is no library, or can't be read or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        try:
            self._db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
            try:
                for pragma in (
                    "journal_mode = WAL",
                    "synchronous = NORMAL",
                    "foreign_keys = ON",
                    "cache_size = -65536",
                ):
                    self._db.execute(f"PRAGMA {pragma}")
                self._prepare()
            except BaseException:
                self._db.close()
                raise
        except sqlite3.Error as error:
            raise LibraryError(f"{path} can't be opened as a library ({error}): give another path") from error

    def _prepare(self) -> None:
        if not self._is_made():
            with self._transaction():
                if not self._is_made():  # by another process, just now
                    for statement in _SCHEMA.strip().split(";\n"):
                        self._db.execute(statement)
                    self._set("version", _VERSION)
        version = self.fact("version")
        if version != _VERSION:
            raise LibraryError(f"{self.path} has version {version}, expected {_VERSION}: make the library anew")

    def _is_made(self) -> bool:
        return bool(self._rows("SELECT 1 FROM sqlite_master WHERE name = 'facts'"))

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def fact(self, name: str) -> str | None:
        rows = self._rows("SELECT value FROM facts WHERE name = ?", name)
        return str(rows[0][0]) if rows else None

    def set_fact(self, name: str, value: str) -> None:
        with self._transaction():
            self._set(name, value)

    def _set(self, name: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    @property
    def generation(self) -> int:
        """How many changes the library has seen."""
        return int(self.fact("generation") or 0)

    @contextmanager
    def _change(self) -> Iterator[int]:
        """A transaction that makes a new generation, and gives its number."""
        with self._transaction():
            generation = self.generation + 1
            yield generation
            self._set("generation", str(generation))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield
                    self._db.execute("COMMIT")
                except BaseException:
                    if self._db.in_transaction:  # SQLite itself rolls back on a full disk
                        self._db.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise LibraryError(
                    f"{self.path} can't be written ({error}): check the disk; it is as it was"
                ) from error

    def _rows(self, statement: str, *values: Any) -> list[Any]:
        with self._lock:
            try:
                return self._db.execute(statement, values).fetchall()
            except sqlite3.Error as error:
                raise LibraryError(
                    f"{self.path} can't be read ({error}): restore it, or make the library anew"
                ) from error

    def _insert(self, statement: str, *values: Any) -> int:
        """Insert a row and give its id."""
        id_ = self._db.execute(statement, values).lastrowid
        assert id_ is not None
        return id_

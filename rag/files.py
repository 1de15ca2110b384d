"""The files behind the paths a user gives."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..errors import MissingFileError


@dataclass(frozen=True)
class Found:
    """A file to read. `source` is its name, or its path in the folder that was given; `named`: it was given itself."""

    path: Path
    source: str
    named: bool


@dataclass(frozen=True)
class Skipped:
    """A file that was left out, and why."""

    source: str
    reason: str


def collect(paths: Iterable[str | os.PathLike[str]], *, leave_out: Path) -> tuple[list[Found], list[Skipped]]:
    """All files of some files and folders, each once, in order of name.

    Hidden files and the folder `leave_out` are passed over. So are links that lead out of their folder, with a report.

    Raises:
        MissingFileError: a path doesn't exist.
    """
    found: dict[Path, Found] = {}
    skipped: list[Skipped] = []
    for given in map(Path, paths):
        if not given.exists():
            raise MissingFileError(f"no file or folder {str(given)!r}: check the name")
        path = given.resolve()
        if not path.is_dir():
            found[path] = Found(path, _printable(given.name), named=True)
            continue
        for file in _files(path, leave_out.resolve()):
            source, target = _printable(file.relative_to(path).as_posix()), file.resolve()
            if not target.is_relative_to(path):
                skipped.append(
                    Skipped(source, f"{source} is a link that leads out of the folder: add what it leads to")
                )
            elif target.is_file():
                found.setdefault(target, Found(target, source, named=False))
    return list(found.values()), skipped


def _printable(name: str) -> str:
    """A name with what isn't UTF-8 in it replaced."""
    return name.encode(errors="replace").decode()


def _files(folder: Path, leave_out: Path) -> Iterable[Path]:
    for root, folders, names in os.walk(folder):  # which doesn't follow links to folders
        folders[:] = sorted(name for name in folders if not name.startswith(".") and Path(root, name) != leave_out)
        yield from (Path(root, name) for name in sorted(names) if not name.startswith("."))

"""The house rules: what is packaged, what may import what, what is loaded when, and what the errors are."""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import quintet
from quintet import errors

ROOT = Path(__file__).resolve().parent.parent
MAY_IMPORT = {
    "vision": set[str](),
    "model": {"vision"},
    "tools": {"vision"},
    "rag": {"vision", "tools"},
    "agent": {"model", "vision", "tools"},
    "app": {"vision", "model", "tools", "rag", "agent"},
}


def setuptools_table() -> Any:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def imported_modules(path: Path) -> Iterator[str]:
    """Every module that `path` imports, as a dotted name from the repository's root (relative imports resolved)."""
    parts = path.relative_to(ROOT).parent.parts
    package = parts if parts[:1] == ("quintet",) else ("quintet", *parts)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            stem = ".".join(part for part in (base, node.module) if part)
            yield from (f"{stem}.{alias.name}" for alias in node.names)


def test_every_folder_is_packaged() -> None:
    holding_code = {path.parent.relative_to(ROOT) for path in sources(*MAY_IMPORT)}
    expected = {"quintet": "quintet", "quintet.model.nano": "model/nano"}
    expected |= {"quintet." + ".".join(folder.parts): folder.as_posix() for folder in holding_code}
    table = setuptools_table()
    assert table["package-dir"] == expected
    assert table["packages"] == sorted(expected)


def test_no_file_of_the_package_is_left_out() -> None:
    patterns = setuptools_table()["package-data"]
    folders = {"quintet." + name: ROOT / name for name in MAY_IMPORT} | {"quintet.model.nano": ROOT / "model/nano"}
    for package, folder in folders.items():
        data = {path for path in folder.glob("*.*") if path.suffix not in {".py", ".pyc"} and path.is_file()}
        shipped = {path for pattern in patterns.get(package, ()) for path in folder.glob(pattern)}
        assert data == shipped, f"{package}: {data ^ shipped}"


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_the_namespace_links_to_the_folder(folder: str) -> None:
    link = ROOT / "quintet" / folder
    assert link.is_symlink()
    assert link.readlink() == Path("..", folder)


@pytest.mark.parametrize("path", sources(*MAY_IMPORT), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_point_one_way(path: Path) -> None:
    folder = path.relative_to(ROOT).parts[0]
    siblings = {module.split(".")[1] for module in imported_modules(path) if module.startswith("quintet.")}
    wrong = siblings & set(MAY_IMPORT) - MAY_IMPORT[folder] - {folder}
    assert not wrong, f"{folder} may not import {sorted(wrong)}"


@pytest.mark.parametrize("path", sources(*MAY_IMPORT), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_package_imports_itself_relatively(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        assert not [name for name in names if name.split(".")[0] in {"quintet", *MAY_IMPORT}]


def test_examples_use_the_public_package_only() -> None:
    for path in sources("examples"):
        used = {module.split(".")[0] for module in imported_modules(path)}
        assert not used & {*MAY_IMPORT, "training", "benchmarks", "tests"}, path.name


@pytest.mark.parametrize("statement", ["import quintet", "import quintet.app.cli", "from quintet import errors"])
def test_importing_is_light(statement: str) -> None:
    heavy = "{'torch', 'transformers', 'chromadb', 'PIL', 'av', 'langchain_core', 'numpy'}"
    program = f"import sys\n{statement}\nprint(*sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("module", ["quintet", *(f"quintet.{folder}" for folder in MAY_IMPORT), "quintet.errors"])
def test_public_names_resolve(module: str) -> None:
    loaded = importlib.import_module(module)
    names = getattr(loaded, "__all__", [])
    assert len(set(names)) == len(names)
    for name in names:
        assert getattr(loaded, name) is not None


def test_an_unknown_public_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Quartet'"):
        _ = quintet.Quartet


def test_the_error_tree_is_as_drawn() -> None:
    drawn = dict(re.findall(r"^[ │├└─]*(\w+Error) *(?:\((\w+)\))?", errors.__doc__ or "", re.MULTILINE))
    tree: dict[str, type[Exception]] = dict(inspect.getmembers(errors, inspect.isclass))
    assert sorted(drawn) == sorted(tree) == sorted(errors.__all__)
    for name, error in tree.items():
        assert issubclass(error, errors.QuintetError)
        assert issubclass(error, getattr(builtins, drawn[name] or "Exception"))
        assert str(error("one line")) == "one line"


@pytest.mark.slow
def test_the_wheel_holds_the_package_and_the_nano_checkpoint(tmp_path: Path) -> None:
    copy = tmp_path / "source"  # setuptools builds in the source folder, and packs what an older build left there
    unwanted = shutil.ignore_patterns(".*", "build", "dist", "runs", "*.egg-info", "__pycache__")
    shutil.copytree(ROOT, copy, symlinks=True, ignore=unwanted)
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, "-w", tmp_path, copy], check=True)
    (wheel,) = tmp_path.glob("quintet-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" not in name]
    expected = {"quintet/" + path.relative_to(ROOT).as_posix() for path in sources(*MAY_IMPORT)}
    expected |= {"quintet/__init__.py", "quintet/errors.py", "quintet/py.typed"}
    expected |= {f"quintet/model/nano/{path.name}" for path in (ROOT / "model/nano").glob("*.*")}
    assert set(names) == expected
    assert wheel.stat().st_size < 41 * 2**20

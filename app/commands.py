"""One function for each word of the command line. Each raises a `QuintetError` when it can't do its work."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from ..errors import BadInputError, MissingFileError, QuintetError
from ..vision import Image, MediaPolicy, Video
from .files import Given, is_model, sort_files
from .show import Screen, answer_facts, clean, print_facts, print_json
from .startup import uncollected

if TYPE_CHECKING:
    from ..agent import Agent
    from ..model import ChatModel
    from ..rag import AddReport, Library


@dataclass(frozen=True)
class Setup:
    """The model that answers, and how."""

    model: str
    device: str | None
    dtype: str | None
    think: bool | None
    seed: int | None
    max_tokens: int | None
    media_tokens: int | None
    steps: int


def ask(
    *,
    question: str,
    files: Sequence[str],
    allow_host: Sequence[str],
    library: Path | None,
    as_json: bool,
    **setup: Any,
) -> None:
    """Answer one question about some files."""
    if not question.strip():
        raise BadInputError("the question is empty; write it in quotes before the files")
    given = sort_files(files, _policy(allow_host))
    screen = Screen(quiet=as_json)
    with _agent(Setup(**setup), given, library, screen) as agent:
        if as_json:
            print_json(answer_facts(agent.ask(question, *given.media)))
        else:
            screen.answer(agent.stream(question, *given.media))


def chat(*, files: Sequence[str], allow_host: Sequence[str], library: Path | None, **setup: Any) -> None:
    """A conversation, a line at a time; the files belong to the first question."""
    policy = _policy(allow_host)
    given = sort_files(files, policy)
    screen = Screen()
    with _agent(Setup(**setup), given, library, screen, any_media=True) as agent:
        media = list(given.media)
        for line in _lines(screen):
            if line.startswith("/add "):
                media += _added(line, screen, policy)
                continue
            try:
                screen.answer(agent.stream(line, *media))
                media.clear()
            except KeyboardInterrupt:
                screen.note("stopped")
            except QuintetError as error:
                screen.note(f"quintet: {error}")


def index(*, files: Sequence[Path], library: Path, as_json: bool) -> None:
    """Add documents to a library on disk."""
    screen = Screen(quiet=as_json)
    with _open(library, create=True) as opened:
        report = _add(opened, files, screen)
    if as_json:
        print_json({"library": str(library), **asdict(report)})
        return
    for word in ("added", "updated", "unchanged", "skipped"):
        if count := len(getattr(report, word)):
            print(f"{count} {'document' if count == 1 else 'documents'} {word}")


def search(*, query: str, k: int, library: Path, as_json: bool) -> None:
    """Find passages in a library."""
    if k < 1:
        raise BadInputError(f"-k {k} asks for no passages; give 1 or more")
    with _open(library, create=False) as opened:
        found = opened.search(query, k)
    if as_json:
        print_json({"passages": [{"text": one.page_content, **one.metadata} for one in found]})
        return
    for number, one in enumerate(found, 1):
        page = one.metadata.get("page")
        print(f"[{number}] {one.metadata['source']}" + (f", page {page}" if page else ""))
        print(f"    {clean(' '.join(one.page_content.split()))}")


def inspect(
    *, files: Sequence[str], allow_host: Sequence[str], model: str | None, library: Path | None, as_json: bool
) -> None:
    """Show what is known of a model, of files as that model sees them, and of a library."""
    from .inspection import describe_library, describe_media, describe_model

    _keep_logs_clean()
    models = [*([model] if model else []), *(word for word in files if is_model(word))]
    if len(models) > 1:
        raise BadInputError(f"{' and '.join(models)} are models; inspect one at a time")
    given = sort_files([word for word in files if not is_model(word)], _policy(allow_host))
    if given.documents:
        raise BadInputError(f"{given.documents[0]}: is no picture or video; index documents, and use --library")
    facts: dict[str, Any] = {}
    if models or given.media or not library:
        facts["model"], spec = describe_model(*models or ["nano"])
        if given.media:
            facts["media"] = [describe_media(item, spec.vision) for item in given.media]
    if library:
        with _open(library, create=False) as opened:
            facts["library"] = describe_library(opened)
    if as_json:
        print_json(facts)
    else:
        print_facts(facts)


@contextmanager
def _agent(
    setup: Setup, given: Given, library: Path | None, screen: Screen, *, any_media: bool = False
) -> Iterator[Agent]:
    """An agent with the tools that the files call for. What is quick to check is checked before the model loads."""
    from ..agent import Agent, Limits
    from ..tools import calculator, watch_video, zoom_image

    limits = Limits(steps=setup.steps)
    if library and not given.documents:
        _check_library(library)
    tools = [calculator]
    if any_media or any(isinstance(item, Image) for item in given.media):
        tools.append(zoom_image)
    if any_media or any(isinstance(item, Video) for item in given.media):
        tools.append(watch_video)
    with ExitStack() as stack:
        with screen.waiting(f"Loading {setup.model}"):
            model = _load(setup)
        if library or given.documents:
            place = library or Path(stack.enter_context(TemporaryDirectory(prefix="quintet-")))
            opened = stack.enter_context(_open(place, create=bool(given.documents)))
            if given.documents:
                _add(opened, given.documents, screen)
            tools.append(opened.as_tool())
        yield Agent(model, tools, limits=limits)


def _policy(hosts: Sequence[str]) -> MediaPolicy:
    """Hosts as `--allow-host` names them: with http:// in front, also without encryption."""
    schemes = ("https", "http") if any(host.startswith("http://") for host in hosts) else ("https",)
    return MediaPolicy(hosts=tuple(host.split("://")[-1].rstrip("/") for host in hosts), schemes=schemes)


def _load(setup: Setup) -> ChatModel:
    _keep_logs_clean()
    settings: dict[str, Any] = {"thinking": setup.think, "seed": setup.seed, "max_tokens": setup.max_tokens}
    settings["media_tokens"] = setup.media_tokens
    with uncollected():
        from ..model import load_model

        return load_model(setup.model, device=setup.device, dtype=setup.dtype, **settings)


def _keep_logs_clean() -> None:
    """No progress bars where nobody watches them."""
    if not sys.stderr.isatty():
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")


def _open(path: Path, *, create: bool) -> Library:
    from ..rag import Library

    if not create:
        _check_library(path)
    return Library(path, create=create)


def _check_library(path: Path) -> None:
    if not path.exists():
        raise MissingFileError(f"{path}: no library there; make it with `quintet index FOLDER --library {path}`")


def _add(library: Library, files: Sequence[Path], screen: Screen) -> AddReport:
    with screen.progress("Indexing") as show:
        report = library.add(*files, progress=lambda done, total, source: show(done, total, source))
    for skipped in report.skipped:
        screen.note(f"left out: {skipped.reason}")
    if not (report.added or report.updated or report.unchanged):
        names = " ".join(map(str, files))
        raise BadInputError(f"{names}: no document that can be read; give PDF, DOCX, HTML, Markdown or text files")
    return report


def _lines(screen: Screen) -> Iterator[str]:
    """What the person types, until the end of input or ^C."""
    if sys.stdin.isatty():
        screen.note("Ask; /add FILE... brings files along; ^D ends.")
    while True:
        try:
            line = input("> " if sys.stdin.isatty() else "").strip()
        except (EOFError, KeyboardInterrupt):
            print(end="\n" if sys.stdin.isatty() else "")
            return
        if line:
            yield line


def _added(line: str, screen: Screen, policy: MediaPolicy) -> tuple[Image | Video, ...]:
    """The media that `/add FILE...` names."""
    try:
        given = sort_files(shlex.split(line)[1:], policy)
    except (QuintetError, ValueError) as error:
        screen.note(f"quintet: {error}")
        return ()
    if given.documents:
        screen.note("documents are given when the chat starts: quintet chat FOLDER")
    return given.media

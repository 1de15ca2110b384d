"""The `quintet` command: its words, and its exit status: 0 answered, 1 failed, 2 bad input, 130 interrupted.

Nothing heavy is imported before the arguments are known to be good.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from ..errors import BadInputError, QuintetError
from .startup import uncollected

_LIBRARY = Path(".quintet")
_FILES = "pictures, videos, their addresses, documents, folders of documents"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, like every other error."""
        self.exit(2, f"quintet: {message}; see `{self.prog} --help`\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = vars(_parser().parse_args(argv))
    command, debug = options.pop("command"), options.pop("debug")
    try:
        with uncollected():
            from . import commands

        getattr(commands, command)(**options)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output went away, as in `quintet ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except QuintetError as error:
        if debug:
            raise
        return _complain(str(error), 2 if isinstance(error, BadInputError) else 1)
    except Exception as error:
        if debug:
            raise
        return _complain(f"{type(error).__name__}: {error} (this is a bug; --debug shows where)", 1)
    return 0


def _complain(message: str, status: int) -> int:
    print("quintet:", " ".join(message.split()), file=sys.stderr)
    return status


def _parser() -> _Parser:
    from .. import __version__

    parser = _Parser(prog="quintet", description="Ask about pictures, videos and documents.")
    parser.add_argument("--version", action="version", version=f"quintet {__version__}")
    parser.add_argument("--debug", action="store_true", help="show where an error comes from")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    ask = commands.add_parser("ask", help="ask one question", parents=[_model(), _media(), _library(), _json()])
    ask.add_argument("question")
    ask.add_argument("files", nargs="*", default=(), help=_FILES)
    ask.set_defaults(command="ask")

    chat = commands.add_parser("chat", help="a conversation", parents=[_model(), _media(), _library()])
    chat.add_argument("files", nargs="*", default=(), help=_FILES)
    chat.set_defaults(command="chat")

    index = commands.add_parser("index", help="add documents to a library", parents=[_json()])
    index.add_argument("files", nargs="+", type=Path, metavar="FOLDER", help="folders or documents")
    index.add_argument("--library", type=Path, default=_LIBRARY, metavar="PATH", help="default: .quintet")
    index.set_defaults(command="index")

    search = commands.add_parser("search", help="find passages in a library", parents=[_json()])
    search.add_argument("query")
    search.add_argument("-k", type=int, default=5, metavar="N", help="how many passages (default: 5)")
    search.add_argument("--library", type=Path, default=_LIBRARY, metavar="PATH", help="default: .quintet")
    search.set_defaults(command="search")

    inspect = commands.add_parser("inspect", help="show a model, files or a library", parents=[_hosts(), _json()])
    inspect.add_argument(
        "files",
        nargs="*",
        default=(),
        metavar="MODEL_OR_FILE",
        help="a checkpoint: its size and what fits on this machine, nothing is loaded (default: nano, if nothing else "
        "is named); pictures and videos: what the model will see of them",
    )
    inspect.add_argument("--model", help="the checkpoint, if it can't be told from a file")
    inspect.add_argument("--library", type=Path, metavar="PATH", help="a library made with `quintet index`")
    inspect.set_defaults(command="inspect")
    return parser


def _model() -> _Parser:
    options = _Parser(add_help=False)
    options.add_argument("--model", default="nano", help="nano, org/name, or a checkpoint folder (default: nano)")
    options.add_argument("--device", help="cpu, cuda, cuda:1, mps (default: the best there is)")
    options.add_argument("--dtype", help="float32, bfloat16 (default: what suits the device)")
    options.add_argument("--think", action=argparse.BooleanOptionalAction, help="think before answering, or don't")
    options.add_argument("--seed", type=int, help="draw the same words every time")
    options.add_argument("--max-tokens", type=int, metavar="N", help="longest turn of the model, in tokens")
    options.add_argument("--steps", type=int, default=16, metavar="N", help="most turns of the model (default: 16)")
    return options


def _media() -> _Parser:
    options = _Parser(add_help=False, parents=[_hosts()])
    options.add_argument(
        "--media-tokens",
        type=int,
        metavar="N",
        help="most tokens for all pictures and videos; beyond it the oldest are shown small, then only named "
        "(default: half of the model's context)",
    )
    return options


def _hosts() -> _Parser:
    options = _Parser(add_help=False)
    options.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="HOST",
        help="fetch addresses (https://...) from this host, such as example.org or '*.example.org'; can be repeated",
    )
    return options


def _library() -> _Parser:
    options = _Parser(add_help=False)
    text = "a library made with `quintet index`; documents named are added to it (default: a temporary one)"
    options.add_argument("--library", type=Path, metavar="PATH", help=text)
    return options


def _json() -> _Parser:
    options = _Parser(add_help=False)
    options.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")
    return options


if __name__ == "__main__":
    sys.exit(main())

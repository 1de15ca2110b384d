"""The error tree. Every error names the value, what was expected and what to do; each is also the builtin one expects.

QuintetError
├── BadInputError (ValueError)             the caller's input; the command line exits with status 2
│   ├── MissingFileError (FileNotFoundError)
│   ├── MediaError                         a picture or video that can't be read
│   ├── DocumentError                      a document that can't be read, or holds no text
│   ├── ModelNotFoundError (LookupError)   no checkpoint under that name
│   ├── UnsupportedModelError              a checkpoint, but not of the Qwen3.5 family
│   └── ContextLengthError                 the prompt is longer than the model's context
├── LibraryError (RuntimeError)            the document library can't be opened or written
└── ToolError (RuntimeError)               a tool failed; the model is told and may try again
    └── ToolTimeoutError (TimeoutError)
"""

__all__ = [
    "BadInputError",
    "ContextLengthError",
    "DocumentError",
    "LibraryError",
    "MediaError",
    "MissingFileError",
    "ModelNotFoundError",
    "QuintetError",
    "ToolError",
    "ToolTimeoutError",
    "UnsupportedModelError",
]


class QuintetError(Exception):
    """Base of all errors raised on purpose by quintet."""


class BadInputError(QuintetError, ValueError):
    """The caller's input can't be used."""


class MissingFileError(BadInputError, FileNotFoundError):
    """A named file doesn't exist."""

    def __str__(self) -> str:  # OSError's own would print an errno
        return str(self.args[0]) if self.args else ""


class MediaError(BadInputError):
    """A picture or video can't be read."""


class DocumentError(BadInputError):
    """A document can't be read, or holds no text."""


class ModelNotFoundError(BadInputError, LookupError):
    """No checkpoint is found under that name."""


class UnsupportedModelError(BadInputError):
    """A checkpoint was found, but it isn't of the Qwen3.5 family."""


class ContextLengthError(BadInputError):
    """The prompt is longer than the model's context."""


class LibraryError(QuintetError, RuntimeError):
    """The document library can't be opened or written."""


class ToolError(QuintetError, RuntimeError):
    """A tool failed. The model is told, and may try again."""


class ToolTimeoutError(ToolError, TimeoutError):
    """A tool ran past its time limit."""

    def __str__(self) -> str:  # OSError's own would print an errno
        return str(self.args[0]) if self.args else ""

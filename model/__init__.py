"""Patches and text -> tokens -> tokens: Qwen3.5-family models as LangChain chat models."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .chat import ChatModel
    from .load import load_model
    from .prompt import Prompt, PromptFormat

__all__ = ["ChatModel", "Prompt", "PromptFormat", "load_model"]

_HOMES = {"ChatModel": "chat", "Prompt": "prompt", "PromptFormat": "prompt", "load_model": "load"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)

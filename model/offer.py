"""The tools that a model is offered, and the call that is asked of it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool

from ..errors import BadInputError

ToolLike = dict[str, Any] | type | Callable[..., Any] | BaseTool
Choice = str | bool | Mapping[str, Any] | None


def described(tools: Sequence[ToolLike]) -> list[dict[str, Any]]:
    """OpenAI-style descriptions of tools of any kind that LangChain knows.

    Raises:
        BadInputError: if one can't be described, or is no function.
    """
    descriptions = []
    for tool in tools:
        try:
            description = convert_to_openai_tool(tool)
            description["function"]["name"]
        except (ValueError, TypeError, KeyError) as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise BadInputError(
                f"{tool!r:.80} isn't a function that can be called ({reason}); give a tool, a typed function, a "
                "pydantic class, or a JSON schema with a title"
            ) from error
        descriptions.append(description)
    return descriptions


def chosen(tools: list[dict[str, Any]], choice: Choice) -> tuple[list[dict[str, Any]], str | None]:
    """The tools to offer, and the call to force: a name, "" for any, None for none.

    Raises:
        BadInputError: if two tools have one name, or the choice isn't one of them.
    """
    names = [tool["function"]["name"] for tool in tools]
    if twice := [name for name in names if names.count(name) > 1]:
        raise BadInputError(f"two tools are called {twice[0]!r}; give each a name of its own")
    if isinstance(choice, Mapping):  # OpenAI's form, or Anthropic's
        choice = str(choice.get("function", choice).get("name", choice.get("type")))
    if choice in (None, False, "auto"):
        return tools, None
    if choice == "none":
        return [], None
    if choice in (True, "any", "required") and names:
        return tools, names[0] if len(names) == 1 else ""
    if choice not in names:
        raise BadInputError(f"tool_choice={choice!r} isn't one of the tools; give auto, none, any or one of {names}")
    return tools, str(choice)

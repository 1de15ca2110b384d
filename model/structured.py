"""Structured output: a call of one function is forced whose parameters are the schema."""

from operator import itemgetter
from typing import Any

from langchain_core.exceptions import OutputParserException
from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable, RunnableLambda, RunnableMap, RunnablePassthrough

from ..errors import BadInputError
from .offer import described

METHODS = ("function_calling", "json_schema", "json_mode")


def form_of(schema: dict[str, Any] | type) -> dict[str, Any]:
    """The function that an answer calls, from a pydantic class, a TypedDict, a JSON schema or a tool's description.

    Raises:
        BadInputError: if it isn't the schema of an object.
    """
    if isinstance(schema, dict) and "properties" in schema and not {"title", "name"} & {*schema}:
        schema = {"title": "answer", **schema}
    [tool] = described([schema])
    if not tool["function"].get("parameters", {}).get("properties"):
        raise BadInputError(f"{schema!r:.80} isn't the schema of an object with properties; wrap what you want in one")
    return tool


def filled(asked: Runnable[Any, AIMessage], schema: dict[str, Any] | type, *, include_raw: bool) -> Runnable[Any, Any]:
    """What a model that is `asked` for the call puts into the form."""
    reading = RunnableLambda(lambda message: _read(message, schema))
    if not include_raw:
        return asked | reading
    read = RunnablePassthrough.assign(parsed=itemgetter("raw") | reading, parsing_error=lambda _: None)
    unread = RunnablePassthrough.assign(parsed=lambda _: None)
    return RunnableMap(raw=asked) | read.with_fallbacks([unread], exception_key="parsing_error")


def _read(message: AIMessage, schema: dict[str, Any] | type) -> Any:
    if not message.tool_calls:
        raise OutputParserException(
            f"the answer ended before it was complete ({message.response_metadata.get('finish_reason')}); allow more "
            "max_tokens"
        )
    args = message.tool_calls[0]["args"]
    validate = getattr(schema, "model_validate", None) or getattr(schema, "parse_obj", None)  # of pydantic 2, or of 1
    if validate is None:
        return args
    try:
        return validate(args)
    except ValueError as error:  # the schema says more than a grammar can
        raise OutputParserException(f"the answer doesn't fit {schema!r:.80}: {error}") from error

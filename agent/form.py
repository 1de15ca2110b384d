"""A structured answer: a form that the model fills by calling a tool, so that its mistakes are told and repaired."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.messages import BaseMessage, HumanMessage, ToolMessage
from pydantic import BaseModel

from ..errors import BadInputError
from ..tools import FunctionTool, Returned

NAME = "give_answer"


class Form:
    """The tool whose arguments are the fields of `schema`, and what goes with it.

    Raises:
        BadInputError: `schema` isn't a pydantic model.
    """

    def __init__(self, schema: type[BaseModel]) -> None:
        if not (isinstance(schema, type) and issubclass(schema, BaseModel)):
            raise BadInputError(f"schema is {schema!r}; pass a pydantic model, a class derived from BaseModel")
        self._schema = schema
        self.tool = FunctionTool(
            name=NAME,
            description="Give the final answer in this form, once you know it.",
            func=self._fill,
            args_schema=schema,
            response_format="content_and_artifact",
            handle_tool_error=True,
        )

    def request(self) -> HumanMessage:
        """What to tell a model that answered in words only."""
        return HumanMessage(f"Call {NAME} with that answer.")

    def filled_in(self, messages: Sequence[BaseMessage]) -> BaseModel | None:
        """The validated form, if the result of a call holds it."""
        results = [message for message in messages if isinstance(message, ToolMessage) and message.name == NAME]
        return next((result.artifact for result in results if isinstance(result.artifact, self._schema)), None)

    def _fill(self, **fields: Any) -> Returned:
        return Returned("done", self._schema.model_validate(fields))

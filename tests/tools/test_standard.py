"""LangChain's own tests for tools, on a tool made of a function and on the calculator."""

from __future__ import annotations

from typing import Any

from langchain_core.tools import BaseTool
from langchain_tests.integration_tests import ToolsIntegrationTests
from langchain_tests.unit_tests import ToolsUnitTests

from quintet.tools import as_tool, calculator


def repeat(text: str, times: int = 2) -> str:
    """Repeat a text."""
    return text * times


class TestCalculatorUnit(ToolsUnitTests):
    @property
    def tool_constructor(self) -> BaseTool:
        return calculator

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        return {"expression": "17 * 23"}


class TestFunctionUnit(ToolsUnitTests):
    @property
    def tool_constructor(self) -> BaseTool:
        return as_tool(repeat)

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        return {"text": "ha", "times": 3}


class TestCalculatorIntegration(ToolsIntegrationTests):
    @property
    def tool_constructor(self) -> BaseTool:
        return calculator

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        return {"expression": "17 * 23"}

"""Arithmetic for models: exact on whole numbers, bounded in size, and nothing is ever evaluated as Python."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable
from typing import Any, TypeAlias

from ..errors import ToolError
from .functions import as_tool

Number: TypeAlias = int | float

MAX_LENGTH = 1000  # characters of an expression
MAX_BITS = 4096  # of a whole number: about 1200 digits

_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}
_CONSTANTS: dict[str, float] = {"pi": math.pi, "e": math.e, "tau": math.tau}
_SPELLINGS = str.maketrans({"×": "*", "·": "*", "÷": "/", "−": "-"})


def calculate(expression: str) -> str:
    """Compute an arithmetic expression.

    Args:
        expression: such as 2 * (3 + 4)

    Raises:
        ToolError: not arithmetic, undefined, or too large; the message tells the model what to write instead.
    """
    if len(expression) > MAX_LENGTH:
        raise ToolError(f"the expression has {len(expression)} characters; at most {MAX_LENGTH} are possible")
    try:
        tree = ast.parse(expression.translate(_SPELLINGS).strip(), mode="eval")
        return _written(_value(tree.body))
    except (SyntaxError, MemoryError, RecursionError):
        raise ToolError(f"{_short(expression)} isn't arithmetic; write something like 2 * (3 + 4)") from None
    except ZeroDivisionError:
        raise ToolError(f"division by zero in {_short(expression)}") from None
    except OverflowError:
        raise ToolError(f"the result of {_short(expression)} is too large") from None


def _value(node: ast.expr) -> Number:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return _bounded(value)
        case ast.Name(id=name) if name in _CONSTANTS:
            return _CONSTANTS[name]
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _OPERATORS:
            return _bounded(_OPERATORS[type(op)](_value(operand)))
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _bounded(_power(_value(left), _value(right)))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _bounded(_OPERATORS[type(op)](_value(left), _value(right)))
        case ast.BinOp(op=ast.BitXor()):
            raise ToolError("^ isn't known; write ** for a power")
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            return _bounded(_call(name, [_value(argument) for argument in arguments]))
        case ast.Tuple():
            raise ToolError("commas can't stand in a number; write 1000, not 1,000")
    raise ToolError(f"{_short(ast.unparse(node))} isn't known; {_POSSIBLE}")


def _call(name: str, arguments: list[Number]) -> Number:
    function = _FUNCTIONS.get(name)
    if function is None:
        raise ToolError(f"the function {_short(name)} isn't known; {_POSSIBLE}")
    try:
        return function(*arguments)
    except (TypeError, ValueError) as error:
        raise ToolError(f"{name}({', '.join(map(_written, arguments))}): {error}") from None


def _power(base: Number, exponent: Number) -> Number:
    whole = isinstance(base, int) and isinstance(exponent, int)
    if whole and abs(base) > 1 and int(base).bit_length() * exponent > 2 * MAX_BITS:
        raise OverflowError
    result = base**exponent
    if isinstance(result, complex):
        raise ToolError(f"{_written(base)} ** {_written(exponent)} isn't a real number")
    return float(result) if isinstance(result, float) else int(result)


def _round(value: Number, digits: Number = 0) -> Number:
    if not isinstance(digits, int) or abs(digits) > 300:  # round(1, -10**9) would write out 10**(10**9)
        raise ValueError("the digits must be a whole number from -300 to 300")
    return round(value, digits) if digits else round(value)


def _factorial(value: Number) -> Number:
    if not isinstance(value, int) or not 0 <= value <= 500:
        raise ValueError("the argument must be a whole number from 0 to 500")
    return math.factorial(value)


def _bounded(value: Number) -> Number:
    if isinstance(value, int):
        if value.bit_length() > MAX_BITS:
            raise OverflowError
    elif math.isnan(value) or math.isinf(value):
        raise OverflowError
    return value


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:60]}…")


def _written(value: Number) -> str:
    if isinstance(value, float) and (not value.is_integer() or abs(value) >= 1e15):
        return f"{value:.12g}"
    return str(int(value))


_FUNCTIONS: dict[str, Callable[..., Number]] = {
    name: getattr(math, name)
    for name in (
        *("sqrt", "cbrt", "exp", "log", "log2", "log10", "hypot", "floor", "ceil", "gcd", "lcm"),
        *("sin", "cos", "tan", "asin", "acos", "atan", "atan2", "degrees", "radians"),
    )
} | {"abs": abs, "min": min, "max": max, "round": _round, "factorial": _factorial}
_POSSIBLE = f"write numbers, + - * / // % **, parentheses, {', '.join([*_CONSTANTS, *_FUNCTIONS])}"

calculator = as_tool(calculate, name="calculator")

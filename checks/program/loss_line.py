"""Finds the line at which the caller's loss is defined."""

import functools
import inspect
from collections.abc import Callable
from typing import Any


def find_loss_line(loss: Callable[..., Any]) -> str | None:
    """Returns `path:line` of the function behind a loss; None if it has no Python source.

    Decorators that set `__wrapped__`, partial functions, methods and objects with `__call__` are
    followed to the function inside.

    Args:
        loss: the function as the caller passed it.
    """
    function: Any = loss
    while isinstance(function, functools.partial):
        function = function.func
    function = inspect.unwrap(function)
    if not (inspect.isfunction(function) or inspect.ismethod(function)):
        function = vars(type(function)).get("__call__")
    code = getattr(function, "__code__", None)
    return None if code is None else f"{code.co_filename}:{code.co_firstlineno}"

"""Makes arguments of the arrays that a loss reads from the function around it.

A loss inside a training step often takes its parameters alone, and reads the batch of the step. The
checks draw arguments anew, and cannot draw what is fixed in a closure.
"""

import functools
import types
from collections.abc import Callable
from typing import Any


def lift_closure(
    function: Callable[..., Any],
) -> tuple[Callable[..., Any], dict[str, Any]]:
    """Returns a function that takes the arrays of its closure as a last argument, and these arrays.

    Args:
        function: a loss. Only a plain Python function is changed, and of its closure only variables
            that are arrays, or dicts, lists and tuples of arrays: a model or a training state stays
            fixed.

    Returns:
        The function, called as `function(*args, arrays)`, and the dict name -> arrays; the
        function as it is and an empty dict if there are none.
    """
    closure = getattr(function, "__closure__", None)
    if not isinstance(function, types.FunctionType) or not closure:
        return function, {}
    cells = dict(zip(function.__code__.co_freevars, closure))
    arrays = {name: value for name, cell in cells.items() if _is_data(value := _read(cell))}
    if not arrays:
        return function, {}

    @functools.wraps(function)
    def lifted(*args: Any) -> Any:
        *own, values = args
        new = tuple(types.CellType(values[n]) if n in arrays else c for n, c in cells.items())
        inner = types.FunctionType(
            function.__code__, function.__globals__, function.__name__, function.__defaults__, new
        )
        inner.__kwdefaults__ = function.__kwdefaults__
        return inner(*own)

    return lifted, arrays


def _read(cell: types.CellType) -> Any:
    """Returns the value of a variable; None if it has none yet."""
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _is_data(value: Any) -> bool:
    """Returns whether a value is an array, or dicts, lists and tuples of arrays alone."""
    if isinstance(value, dict | list | tuple):
        parts = value.values() if isinstance(value, dict) else value
        return bool(value) and all(map(_is_data, parts))
    return hasattr(value, "dtype") and isinstance(getattr(value, "shape", None), tuple)

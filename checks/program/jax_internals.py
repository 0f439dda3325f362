"""Reads what JAX has no public API for; each reader has a fallback where JAX lacks the part.

JAX records for each equation which lines made it, under which scopes, and in which context it must
be run. It offers no public way to read that, so this module alone reads it. It depends on JAX only.
"""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import jax
import jax.core
import jax.numpy as jnp
from jax.extend import source_info_util

# The function of JAX through which all casts go.
_CAST = "_convert_element_type"


def get_traceback(equation: Any) -> Any | None:
    """Returns the traceback of the Python call that made an equation, None where JAX has none.

    Args:
        equation: a jaxpr equation.
    """
    return getattr(getattr(equation, "source_info", None), "traceback", None)


def get_frames(equation: Any) -> list[Any]:
    """Returns the frames of an equation's traceback, innermost first; empty where JAX has none.

    A frame has `file_name`, `line_num` and `function_name`.

    Args:
        equation: a jaxpr equation.
    """
    return list(getattr(get_traceback(equation), "frames", ()))


def get_columns(equation: Any) -> list[tuple[int, int] | None]:
    """Returns for each frame of `get_frames` the first and the last column of its expression.

    It is None for a frame, or the list is empty, where Python or JAX does not know the columns.

    Args:
        equation: a jaxpr equation.
    """
    read = getattr(get_traceback(equation), "raw_frames", None)
    return [_find_columns(code, at) for code, at in zip(*read())] if read else []


def _find_columns(code: Any, instruction: int) -> tuple[int, int] | None:
    """Returns the columns of the instruction at a byte offset; two bytes are one instruction."""
    place = next(itertools.islice(code.co_positions(), instruction // 2, None), None)
    if place is None or place[2] is None or place[3] is None:
        return None
    return place[2], place[3]


def get_scopes(equation: Any) -> str:
    """Returns the named scopes and transformations around an equation, joined by `/`.

    Args:
        equation: a jaxpr equation.
    """
    return str(getattr(getattr(equation, "source_info", None), "name_stack", ""))


def get_function_source(traced: Any) -> str:
    """Returns `name at path:line` of the function that a jaxpr or a rule was traced from.

    Args:
        traced: an open jaxpr, or the function of a custom rule.

    Returns:
        The text, empty where JAX does not know it.
    """
    debug_info = getattr(traced, "debug_info", None)
    return str(getattr(debug_info, "func_src_info", None) or "")


def copy_source(function: Callable[..., Any], traced: Any) -> None:
    """Makes JAX name a function as it names another one, with the other's line.

    It does nothing where JAX does not know the other's source.

    Args:
        function: the function to name, before it is traced.
        traced: a jaxpr, open or closed, or the function of a custom rule.
    """
    debug_info = getattr(getattr(traced, "jaxpr", traced), "debug_info", None)
    if debug_info is not None:
        vars(function).update({"__fun_debug_info__": debug_info})


def get_implementation_module(primitive: Any) -> str:
    """Returns the module of a primitive's implementation, `jax` where it has none.

    JAX wraps the implementations of its own primitives in partial functions.

    Args:
        primitive: a JAX primitive.
    """
    implementation = getattr(primitive, "impl", None)
    function = getattr(implementation, "func", implementation)
    return getattr(function, "__module__", None) or "jax"


def get_bind_params(primitive: Any, params: dict[str, Any]) -> dict[str, Any]:
    """Returns an equation's parameters in the form that `primitive.bind` takes.

    Args:
        primitive: a JAX primitive.
        params: the equation's parameters.
    """
    convert = getattr(primitive, "get_bind_params", None)
    return convert(params) if convert else params


@contextmanager
def enter_equation(equation: Any, traceback: Any | None) -> Iterator[None]:
    """Returns a context in which the equations that are traced look like a given equation.

    They get its source lines, named scopes and context.

    Args:
        equation: the equation that is run again.
        traceback: the traceback to record; None for none.
    """
    scopes = source_info_util.current_name_stack() + equation.source_info.name_stack
    context = getattr(getattr(equation, "ctx", None), "manager", None) or nullcontext()
    with source_info_util.user_context(traceback, name_stack=scopes), context:
        yield


@contextmanager
def ignore_narrowing_casts() -> Iterator[bool]:
    """Returns a context in which casts of traced floats to narrower floats do nothing.

    It yields whether this JAX has the function through which all casts go; where it has not, casts
    are as ever. No other thread may trace in the meantime, and no trace that is made in it may be
    used outside.
    """
    module = getattr(getattr(jax, "_src", None), "lax", None)
    module = getattr(module, "lax", None)
    cast = getattr(module, _CAST, None)
    if module is None or cast is None:
        yield False
        return

    def keep_wide(operand: Any, new_dtype: Any = None, *rest: Any, **more: Any) -> Any:
        is_kept = isinstance(operand, jax.core.Tracer) and _is_narrowing(operand.dtype, new_dtype)
        return operand if is_kept else cast(operand, new_dtype, *rest, **more)

    vars(module).update({_CAST: keep_wide})
    try:
        yield True
    finally:
        vars(module).update({_CAST: cast})


def _is_narrowing(old: Any, new: Any) -> bool:
    if new is None or not all(jnp.issubdtype(x, jnp.floating) for x in (old, new)):
        return False
    return jnp.finfo(new).bits < jnp.finfo(old).bits

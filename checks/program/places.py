"""Finds where an equation stands in the user's code: `path:line primitive in module/path`.

The module depends on the source lines and scopes that `jax_internals` reads.
"""

import inspect
import itertools
import os
import re
import sysconfig
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax

from checks.program.jax_internals import (
    get_columns,
    get_frames,
    get_function_source,
    get_scopes,
    get_traceback,
)
from checks.program.jaxprs import CUSTOM_RULES, get_custom_body, open_jaxpr

_CHECKS = f"{Path(__file__).parents[1]}{os.sep}"
_JAX = str(Path(jax.__file__).parent)
# In this file JAX makes rules out of a user's functions, so its lines do not name the rule's owner.
_RULE_MAKER = inspect.getsourcefile(jax.custom_vjp) or ""
# Where JAX has functions with custom rules that take arrays only.
_CLOSED_RULES = tuple(
    os.path.join(_JAX, "_src", part)
    for part in (f"nn{os.sep}", f"numpy{os.sep}", f"scipy{os.sep}", os.path.join("lax", "other.py"))
)
_STANDARD = tuple({sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")})
_PACKAGES = re.compile(r"[/\\\\](site|dist)-packages[/\\\\](?!jaxlib)")
# Packages of which models are built; their lines say nothing of a model.
_FRAMEWORKS = re.compile(
    r"[/\\](site|dist)-packages[/\\]"
    r"(flax|haiku|equinox|keras|optax|chex|jaxtyping|beartype|numpy|einops|torchax|torch)[/\\]"
)
_TRANSFORM = re.compile(r"^\w+\((.*)\)$")
_NOT_A_MODULE = frozenset({"", "rematted_computation", "checkpoint", "while", "body", "cond"})


def find_place(equation: Any, enclosing: Sequence[Any] = ()) -> str:
    """Returns the place of an equation as `path:line primitive in module/path`.

    Args:
        equation: a jaxpr equation.
        enclosing: the equations around it, outermost first. Where the equation has no
            frame in user code (JAX caches the traces of its own functions), the nearest of these
            that has one gives the line.

    Returns:
        The user's line first; then, where there are any, the module path, the call of the jitted
        function around the equation, and the line of an installed package that is no framework.
    """
    chain = [*enclosing, equation]
    lines = [line for line in map(find_user_line, reversed(chain)) if line]
    text = f"{lines[0] if lines else 'no source line'} {_describe_operation(equation)}"
    path = find_module_path(chain)
    caller = _find_caller(equation, enclosing)
    inside = next((line for line in map(_find_package_line, reversed(chain)) if line), None)
    return (
        text
        + (f" in {path}" if path else "")
        + (f", called at {caller}" if caller else "")
        + (f", written at {inside}" if inside and inside not in lines else "")
    )


def find_user_line(equation: Any) -> str | None:
    """Returns `path:line` of the innermost frame that is neither a library's nor this package's.

    If every frame belongs to one of them, it is the innermost frame outside of JAX, Python and this
    package; None if there is no such frame either.

    Args:
        equation: a jaxpr equation.
    """
    frames = [(frame.file_name, frame.line_num) for frame in get_frames(equation)]
    for is_foreign in (_is_library, _is_machinery):
        for file, line in frames:
            if not is_foreign(file):
                return f"{_shorten(file)}:{line}"
    return None


def is_in_library(equation: Any) -> bool:
    """Returns whether a library other than JAX, and not the user's own code, made an equation.

    Args:
        equation: a jaxpr equation.
    """
    for frame in get_frames(equation):
        if not _is_library(frame.file_name):
            return False
        is_jax = frame.file_name.startswith(_JAX) or _is_own(frame.file_name)
        if _PACKAGES.search(frame.file_name) and not is_jax:
            return True
    return False


def is_own_stop_of_jax(equation: Any) -> bool:
    """Returns whether a function of JAX, and not a caller of it, stops a gradient by this equation.

    `softmax` stops that of its maximum, which changes nothing in its derivative.

    Args:
        equation: a jaxpr equation.
    """
    frames = iter(get_frames(equation))
    if not any(frame.function_name == "stop_gradient" for frame in frames):
        return False
    caller = next(frames, None)
    return caller is not None and caller.file_name.startswith(_JAX)


def find_traceback(equation: Any, enclosing: Sequence[Any]) -> Any:
    """Returns the traceback of the equation, or of the nearest one around it with a user's frame.

    It is that of the equation if none has such a frame, and None where JAX has none.

    Args:
        equation: a jaxpr equation.
        enclosing: the equations around it, outermost first.
    """
    for one in (equation, *reversed(enclosing)):
        if find_user_line(one) is not None:
            return get_traceback(one)
    return get_traceback(equation)


def find_raise_line(error: BaseException) -> str | None:
    """Returns `path:line` of the innermost frame in user code of an exception's traceback.

    It is None if no frame is in user code.

    Args:
        error: an exception that was raised.
    """
    frames = traceback.extract_tb(error.__traceback__)
    own = [f"{_shorten(f.filename)}:{f.lineno}" for f in frames if not _is_library(f.filename)]
    return own[-1] if own else None


def find_module_path(chain: Sequence[Any]) -> str:
    """Returns the scopes (Flax modules, `jax.named_scope`) around an equation, joined by `/`.

    The text is empty if there are none.

    Args:
        chain: the equation, after those around it, outermost first.
    """
    stacks = [get_scopes(equation) for equation in chain]
    parts = [_unwrap(part) for stack in stacks for part in _split(stack)]
    return "/".join(part for part in parts if part not in _NOT_A_MODULE)


class CallFrame(NamedTuple):
    """A call in user code around an equation.

    Attributes:
        function: name of the function that calls, with those around it.
        file: path of its file.
        line: the line of the call.
        columns: first and last column of the call, None where they are not known.
    """

    function: str
    file: str
    line: int
    columns: tuple[int, int] | None

    @property
    def place(self) -> str:
        """The place as `path:line`."""
        return f"{_shorten(self.file)}:{self.line}"


def find_call_frames(chain: Sequence[Any]) -> tuple[CallFrame, ...]:
    """Returns the calls in user code around an equation, from the loss inwards.

    Args:
        chain: the equation, after those around it, outermost first.
    """
    path: list[CallFrame] = []
    for equation in chain:
        own = _find_user_frames(equation)
        again = bool(path and own) and own[0].function == path[0].function
        path = own if again else path + own
    return tuple(path)


def find_call_path(chain: Sequence[Any]) -> tuple[str, ...]:
    """Returns the names of the user's functions around an equation, and then `file:line`.

    Args:
        chain: the equation, after those around it, outermost first.

    Returns:
        The names from the loss inwards, and then the line of the innermost function; only
        `no source line` if no function is the user's.
    """
    path = find_call_frames(chain)
    if not path:
        return ("no source line",)
    names = [frame.function.rpartition("<locals>.")[2] for frame in path]
    return (*names, f"{Path(path[-1].file).name}:{path[-1].line}")


def describe_rule(equation: Any) -> str:
    """Returns the name and place of the function behind a custom rule, as `f (path:line)`.

    Args:
        equation: an equation of a primitive in `CUSTOM_RULES`.
    """
    name, _, where = _find_source(get_custom_body(equation)).partition(" at ")
    if where.startswith(_RULE_MAKER):
        return "a function under jax.custom_gradient"
    return f"{name} ({_shorten(where)})" if where else name or "a function without a name"


def describe_derivative(equation: Any) -> str:
    """Returns the name and place of the function that computes a rule's derivative.

    Args:
        equation: an equation of a primitive in `CUSTOM_RULES`.

    Returns:
        `bwd (path:line)` of a `custom_vjp`, or the like of a `custom_jvp`; empty if not known.
    """
    sources = map(_find_source, filter(None, map(equation.params.get, ("bwd", "jvp_jaxpr_fun"))))
    for name, _, where in (source.partition(" at ") for source in sources):
        if where and not where.startswith(_JAX):
            return f"{name} ({_shorten(where)})"
    return ""


def is_jax_rule(equation: Any) -> bool:
    """Returns whether a custom rule is one of JAX's own, such as `relu`'s.

    Both the function and its rule must come from JAX.

    Args:
        equation: an equation of a primitive in `CUSTOM_RULES`.
    """
    parts = [get_custom_body(equation), *map(equation.params.get, ("jvp_jaxpr_fun", "bwd"))]
    sources = [s for s in map(_find_source, parts) if s and _RULE_MAKER not in s]
    return bool(sources) and all(_JAX in source for source in sources)


def is_closed_rule(equation: Any) -> bool:
    """Returns whether a custom rule is one of JAX's own and takes no function of a user.

    The rule of `relu` is such a rule; that of `custom_root`, which differentiates a user's
    function, is not.

    Args:
        equation: an equation of a primitive in `CUSTOM_RULES`.
    """
    source = _find_source(get_custom_body(equation))
    return is_jax_rule(equation) and any(folder in source for folder in _CLOSED_RULES)


def is_jax_function(jaxpr: Any) -> bool:
    """Returns whether a jaxpr is the trace of a function of JAX itself.

    Args:
        jaxpr: a jaxpr, open or closed.
    """
    return _JAX in _find_source(jaxpr)


def _find_source(traced: Any) -> str:
    """Returns `name at path:line` of the function behind a jaxpr or a rule, empty if not known."""
    return get_function_source(open_jaxpr(traced))


def _describe_operation(equation: Any) -> str:
    name = equation.primitive.name
    return f"{name} of {describe_rule(equation)}" if name in CUSTOM_RULES else name


def _find_caller(equation: Any, enclosing: Sequence[Any]) -> str | None:
    """Returns the line that calls the user's jitted function that contains the equation."""
    own = find_user_line(equation)
    calls = [find_user_line(e) for e in enclosing if e.primitive.name in ("jit", "pjit")]
    others = [line for line in calls if line and line != own]
    return others[-1] if own and others else None


def _find_package_line(equation: Any) -> str | None:
    """Returns the line of an installed package that is no framework, inside the user's line."""
    for frame in get_frames(equation):
        if not _is_library(frame.file_name):
            return None
        if not (_is_machinery(frame.file_name) or _FRAMEWORKS.search(frame.file_name)):
            return f"{_shorten(frame.file_name)}:{frame.line_num}"
    return None


def _find_user_frames(equation: Any) -> list[CallFrame]:
    """Returns the frames in user code below the call of the loss, outermost first."""
    columns = itertools.chain(get_columns(equation), itertools.repeat(None))
    pairs = zip(get_frames(equation), columns)
    below = itertools.takewhile(lambda pair: not _is_own(pair[0].file_name), pairs)
    frames = [
        CallFrame(frame.function_name, frame.file_name, frame.line_num, at)
        for frame, at in below
        if not _is_library(frame.file_name)
    ]
    return frames[::-1]


def _is_own(file: str) -> bool:
    return file.startswith(_CHECKS)


def _is_machinery(file: str) -> bool:
    foreign = file.startswith((_JAX, "<frozen", *_STANDARD)) or "/jaxlib/" in file
    return foreign or _is_own(file)


def _is_library(file: str) -> bool:
    return _is_machinery(file) or "site-packages" in file or "dist-packages" in file


def _shorten(file: str) -> str:
    """Returns a path below the working directory relative to it, and other paths as they are."""
    root = f"{Path.cwd()}/"
    return file.removeprefix(root)


def _split(stack: str) -> list[str]:
    """Splits a stack of scopes at the slashes that are outside brackets."""
    parts, depth, start = [], 0, 0
    for i, letter in enumerate(stack):
        depth += (letter == "(") - (letter == ")")
        if letter == "/" and depth == 0:
            parts.append(stack[start:i])
            start = i + 1
    return [*parts, stack[start:]]


def _unwrap(part: str) -> str:
    """Returns a scope without transformations: `transpose(jvp(Model))` becomes `Model`."""
    while match := _TRANSFORM.match(part):
        part = match.group(1)
    return part

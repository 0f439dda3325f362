"""Where an equation stands in the user's code: `path:line primitive in module/path`."""

import inspect
import itertools
import os
import re
import sysconfig
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax

from checks.program.jaxprs import CUSTOM_RULES, custom_body, open_jaxpr

_CHECKS = f"{Path(__file__).parents[1]}{os.sep}"
_JAX = str(Path(jax.__file__).parent)
# Here JAX makes rules out of a caller's functions: whose they are, its own lines do not tell.
_RULE_MAKER = inspect.getsourcefile(jax.custom_vjp) or ""
_STANDARD = tuple({sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")})
_TRANSFORM = re.compile(r"^\w+\((.*)\)$")
_NOT_A_MODULE = frozenset({"", "rematted_computation", "checkpoint", "while", "body", "cond"})


def place(equation: Any, enclosing: Sequence[Any] = ()) -> str:
    """`path:line primitive in module/path`.

    Args:
        equation: a jaxpr equation.
        enclosing: the equations that it stands in, outermost first. Where the equation has no
            frame in user code (JAX caches the traces of its own functions), the nearest of these
            that has one gives the line.
    """
    chain = [*enclosing, equation]
    lines = [line for line in map(user_line, reversed(chain)) if line]
    text = f"{lines[0] if lines else 'no source line'} {_operation(equation)}"
    path = module_path(chain)
    caller = _caller(equation, enclosing)
    return text + (f" in {path}" if path else "") + (f", called at {caller}" if caller else "")


def user_line(equation: Any) -> str | None:
    """`path:line` of the innermost frame that is neither a library's nor this package's."""
    frames = _frames(equation)
    for is_foreign in (_is_library, _is_machinery):
        for file, line in frames:
            if not is_foreign(file):
                return f"{_short(file)}:{line}"
    return None


def nearest_traceback(equation: Any, enclosing: Sequence[Any]) -> Any:
    """The traceback of the equation, or of the nearest one around it that has a user's frame."""
    for one in (equation, *reversed(enclosing)):
        if user_line(one) is not None:
            return one.source_info.traceback
    return equation.source_info.traceback


def raised_at(error: BaseException) -> str | None:
    """`path:line` of the innermost frame of an exception that is neither of those either."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f"{_short(f.filename)}:{f.lineno}" for f in frames if not _is_library(f.filename)]
    return own[-1] if own else None


def module_path(chain: Sequence[Any]) -> str:
    """The scopes (Flax modules, `jax.named_scope`) around an equation, joined by `/`."""
    stacks = [str(equation.source_info.name_stack) for equation in chain]
    parts = [_unwrapped(part) for stack in stacks for part in _split(stack)]
    return "/".join(part for part in parts if part not in _NOT_A_MODULE)


def call_path(chain: Sequence[Any]) -> tuple[str, ...]:
    """The user's functions around an equation, the loss first, and then `file:line`.

    Args:
        chain: the equation, after those that it stands in, outermost first.
    """
    path: list[Any] = []
    for equation in chain:
        own = _user_frames(equation)
        again = bool(path and own) and own[0].function_name == path[0].function_name
        path = own if again else path + own
    if not path:
        return ("no source line",)
    names = [frame.function_name.rpartition("<locals>.")[2] for frame in path]
    return (*names, f"{Path(path[-1].file_name).name}:{path[-1].line_num}")


def rule_source(equation: Any) -> str:
    """Name and place of the function that a custom rule belongs to: `f (path:line)`."""
    name, _, where = _source(custom_body(equation)).partition(" at ")
    if where.startswith(_RULE_MAKER):
        return "a function under jax.custom_gradient"
    return f"{name} ({_short(where)})" if where else name or "a function without a name"


def is_jax_rule(equation: Any) -> bool:
    """Whether a custom rule is one of JAX's own, such as `relu`'s: the function and its rule."""
    parts = [custom_body(equation), *map(equation.params.get, ("jvp_jaxpr_fun", "bwd"))]
    sources = [source for source in map(_source, parts) if source and _RULE_MAKER not in source]
    return bool(sources) and all(_JAX in source for source in sources)


def is_jax_function(jaxpr: Any) -> bool:
    """Whether a jaxpr is the trace of a function of JAX itself."""
    return _JAX in _source(jaxpr)


def _source(traced: Any) -> str:
    """`name at path:line` of the function behind a jaxpr or a rule, empty where it is not known."""
    debug_info = getattr(open_jaxpr(traced), "debug_info", None)
    return str(getattr(debug_info, "func_src_info", None) or "")


def _operation(equation: Any) -> str:
    name = equation.primitive.name
    return f"{name} of {rule_source(equation)}" if name in CUSTOM_RULES else name


def _caller(equation: Any, enclosing: Sequence[Any]) -> str | None:
    """The line that calls the user's jitted function in which the equation stands."""
    own = user_line(equation)
    calls = [user_line(e) for e in enclosing if e.primitive.name in ("jit", "pjit")]
    others = [line for line in calls if line and line != own]
    return others[-1] if own and others else None


def _frames(equation: Any) -> list[tuple[str, int]]:
    traceback = equation.source_info.traceback
    return [(f.file_name, f.line_num) for f in traceback.frames] if traceback else []


def _user_frames(equation: Any) -> list[Any]:
    """Frames in user code below the call of the loss, outermost first."""
    traceback = equation.source_info.traceback
    frames = traceback.frames if traceback else []
    below = itertools.takewhile(lambda frame: not _is_own(frame.file_name), frames)
    return [frame for frame in below if not _is_library(frame.file_name)][::-1]


def _is_own(file: str) -> bool:
    return file.startswith(_CHECKS)


def _is_machinery(file: str) -> bool:
    foreign = file.startswith((_JAX, "<frozen", *_STANDARD)) or "/jaxlib/" in file
    return foreign or _is_own(file)


def _is_library(file: str) -> bool:
    return _is_machinery(file) or "site-packages" in file or "dist-packages" in file


def _short(file: str) -> str:
    """A path below the working directory is shown relative to it."""
    root = f"{Path.cwd()}/"
    return file.removeprefix(root)


def _split(stack: str) -> list[str]:
    """The parts between those slashes that stand outside brackets."""
    parts, depth, start = [], 0, 0
    for i, letter in enumerate(stack):
        depth += (letter == "(") - (letter == ")")
        if letter == "/" and depth == 0:
            parts.append(stack[start:i])
            start = i + 1
    return [*parts, stack[start:]]


def _unwrapped(part: str) -> str:
    """`transpose(jvp(Model))` -> `Model`."""
    while match := _TRANSFORM.match(part):
        part = match.group(1)
    return part

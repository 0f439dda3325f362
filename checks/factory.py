"""Factories: functions of a user's module that return a loss with its parameters and arguments."""

import importlib
import inspect
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from checks.diagnosis import diagnose

_RULE = "a factory returns `loss, params, args` (and settings of diagnose, if any)"


def load_factory(name: str) -> Callable[[], Any]:
    """Imports a factory: a function without arguments that returns a loss and its arguments.

    The working directory is put first on `sys.path`, so modules in it are found too.

    Args:
        name: `MODULE:FACTORY`, such as `package.module:make_loss`.

    Returns:
        The function; it is not called.

    Raises:
        ValueError: the name has no colon, there is no such module or function, or the module
            raises when it is imported.
    """
    module, colon, factory = name.partition(":")
    if not (module and colon and factory):
        raise ValueError(f"a factory is named MODULE:FACTORY: got {name!r}")
    sys.path.insert(0, str(Path.cwd()))
    try:
        found = getattr(importlib.import_module(module), factory)
    except Exception as error:
        raise ValueError(
            "a factory is a function of a module that Python can import, from here too: "
            f"got {name!r}, which raised {type(error).__name__}: {error}"
        ) from error
    if not callable(found):
        raise ValueError(f"a factory is a function: got {type(found).__name__} for {name!r}")
    return found


def call_factory(factory: Callable[[], Any]) -> tuple[Any, Any, tuple[Any, ...], dict[str, Any]]:
    """Calls a factory and checks its result; the loss is not called.

    Args:
        factory: a function that returns the tuple `loss, params, args` or
            `loss, params, args, settings`, with `args` a tuple or list.

    Returns:
        Loss, parameters, arguments as a tuple, and keyword arguments of `diagnose` as a dict (empty
        if the factory gives none).

    Raises:
        ValueError: the factory raises or returns anything else, or a key of `settings` is no
            keyword argument of `diagnose`.
    """
    try:
        result = factory()
    except Exception as error:
        raise ValueError(f"the factory raised {type(error).__name__}: {error}") from error
    if not (isinstance(result, tuple) and len(result) in (3, 4) and callable(result[0])):
        raise ValueError(f"{_RULE}: got {_describe(result)}")
    loss, params, args, *rest = result
    if not isinstance(args, tuple | list):
        raise ValueError(f"{_RULE}, args a tuple: got {type(args).__name__}")
    return loss, params, tuple(args), _check_settings(rest[0] if rest else {})


def _describe(result: Any) -> str:
    """Names the type of a result and, for a tuple, those of its parts."""
    if not isinstance(result, tuple):
        return type(result).__name__
    return f"a tuple of {', '.join(type(part).__name__ for part in result) or 'nothing'}"


def _check_settings(settings: Any) -> dict[str, Any]:
    known = set(inspect.signature(diagnose).parameters) - {"loss", "params", "args"}
    if not (isinstance(settings, Mapping) and set(settings) <= known):
        keys = ", ".join(sorted(known))
        raise ValueError(f"{_RULE}, settings a dict of {keys}: got {settings!r}")
    return dict(settings)

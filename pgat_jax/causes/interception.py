"""Interventions on a Flax model from outside, by the calls of its modules.

An interceptor stands on the stack of every call, so it lives beside the engine: lines of these
files are no user's, and a report names those of the model instead.
"""

from collections.abc import Callable
from typing import Any

Interceptor = Callable[[Callable[..., Any], tuple[Any, ...], dict[str, Any], Any], Any]
"""What `flax.linen.intercept_methods` takes."""


def on_call(
    kind: type, act: Callable[..., Any], name: str | None = None, method: str = "__call__"
) -> Interceptor:
    """An interceptor of the calls of one kind of Linen module.

    Args:
        kind: the module's class.
        act: `act(module, call, *args)` gives the call's result; `call()` is what the module itself
            makes of the arguments, and `call(*others)` of others.
        name: only of modules of this name.
        method: of this method instead of the call itself.
    """

    def intercept(
        next_fun: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], context: Any
    ) -> Any:
        module = context.module
        is_meant = isinstance(module, kind) and name in (None, module.name)
        if context.method_name != method or not is_meant:
            return next_fun(*args, **kwargs)

        def call(*others: Any) -> Any:
            return next_fun(*(others or args), **kwargs)

        return act(module, call, *args)

    return intercept

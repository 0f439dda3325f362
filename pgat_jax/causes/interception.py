"""Makes interceptors of Linen module calls, by which interventions change a model from outside.

The checks count this file as user code, as they do the model. The functions here only forward
calls, so no equation comes from their lines: a report names the line of the model, or the line of
the intervention that replaced it.
"""

from collections.abc import Callable
from typing import Any

# The type of function that `flax.linen.intercept_methods` takes.
Interceptor = Callable[[Callable[..., Any], tuple[Any, ...], dict[str, Any], Any], Any]


def intercept_calls(
    kind: type, act: Callable[..., Any], name: str | None = None, method: str = "__call__"
) -> Interceptor:
    """Returns an interceptor for `flax.linen.intercept_methods`: of the calls of one module class.

    Args:
        kind: The module's class.
        act: Called as `act(module, call, *args)`; its result is the result of the call. `call()`
            runs the module with the given arguments, `call(*others)` with other ones.
        name: Only modules of this name are intercepted; None means all of the class.
        method: The method to intercept.
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

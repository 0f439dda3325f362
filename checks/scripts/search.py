"""Watches a program's calls of `jax.grad`, `jax.value_and_grad` and `jax.jit` for its first loss.

A gradient inside a compiled step has tracers, which have no values. So when a gradient is taken
while a `jax.jit` function or a loop is traced, the trace is given up, and the function is called
again with the same arguments under `jax.disable_jit()`, where the gradient gets arrays. Only the
training step runs without compilation, and only up to its gradient.
"""

import functools
import inspect
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import jax

from checks.scripts.gradient_call import GradientCall, has_tracers, make_gradient_call


class Found(BaseException):
    """Ends the program: its loss was found. Programs that catch `Exception` do not catch it."""


class _Traced(BaseException):
    """Ends a trace, because a gradient is taken in it."""


class Search:
    """A search for the first gradient that a program takes of arrays.

    Args:
        name: name of the function whose gradient is searched for; None takes the first.

    Attributes:
        call: the gradient that was found, or None.
        traced: number of gradients that had no values: they were taken inside `vmap` or a loop.
    """

    def __init__(self, name: str | None = None) -> None:
        self.call: GradientCall | None = None
        self.traced = 0
        self._name = name
        self._is_over = False
        self._is_tracing = False
        self._searched: set[Callable[..., Any]] = set()

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Replaces these functions of JAX while the context lasts, and two loops that trace.

        What the program made of them in the meantime behaves as JAX's own afterwards.
        """
        watchers = {
            (jax, "grad"): self._watch_gradient,
            (jax, "value_and_grad"): self._watch_gradient,
            (jax, "jit"): self._watch_jit,
            (jax.lax, "scan"): self._watch_loop,
            (jax.lax, "fori_loop"): self._watch_loop,
        }
        originals = {place: getattr(*place) for place in watchers}
        for place, watch in watchers.items():
            setattr(*place, watch(originals[place]))
        try:
            yield
        finally:
            self._is_over = True
            for place, original in originals.items():
                setattr(*place, original)

    @property
    def is_over(self) -> bool:
        """Whether the program is no longer watched."""
        return self._is_over

    def _watch_gradient(self, transform: Callable[..., Any]) -> Any:
        @functools.wraps(transform)
        def watched(fun: Callable[..., Any], argnums: Any = 0, **options: Any) -> Any:
            gradient = transform(fun, argnums, **options)
            look = functools.partial(self._look, fun, argnums, gradient)
            return _Watched(self, gradient, look)

        return watched

    def _look(
        self,
        fun: Callable[..., Any],
        argnums: Any,
        gradient: Callable[..., Any],
        *args: Any,
        **keywords: Any,
    ) -> Any:
        """Looks at one call of a gradient, and ends the program if it is the one."""
        if self._name in (None, getattr(inspect.unwrap(fun), "__name__", None)):
            if self._is_tracing:
                raise _Traced
            if has_tracers((args, keywords)):
                self.traced += 1
            else:
                self.call = make_gradient_call(fun, argnums, args, keywords)
        if self.call is not None:
            raise Found
        return gradient(*args, **keywords)

    def _watch_jit(self, transform: Callable[..., Any]) -> Any:
        @functools.wraps(transform)
        def watched(*functions: Callable[..., Any], **options: Any) -> Any:
            if not functions:
                return functools.partial(watched, **options)
            compiled = transform(*functions, **options)
            step = functools.partial(self._step, functions[0], compiled)
            return _Watched(self, compiled, step)

        return watched

    def _watch_loop(self, loop: Callable[..., Any]) -> Any:
        return _Watched(self, loop, functools.partial(self._step, loop, loop))

    def _step(
        self,
        function: Callable[..., Any],
        compiled: Callable[..., Any],
        *args: Any,
        **keywords: Any,
    ) -> Any:
        """Calls a function that traces, or the function itself if a gradient is taken in it."""
        if self._is_tracing or function in self._searched:
            return compiled(*args, **keywords)
        self._is_tracing = True
        try:
            return compiled(*args, **keywords)
        except _Traced:
            self._searched.add(function)
        finally:
            self._is_tracing = False
        with jax.disable_jit():
            return function(*args, **keywords)


class _Watched:
    """A function of JAX's that is watched during a search, and is itself afterwards.

    `__call__` is a property, so that after the search the call leaves no frame of this package in
    JAX's tracebacks, from which places are read.
    """

    def __init__(
        self, search: Search, original: Callable[..., Any], watched: Callable[..., Any]
    ) -> None:
        self._search, self._original, self._watched = search, original, watched

    @property
    def __call__(self) -> Callable[..., Any]:
        return self._original if self._search.is_over else self._watched

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else types.MethodType(cast("Any", self), instance)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)

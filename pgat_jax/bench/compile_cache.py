"""Switches JAX's persistent compile cache off inside a context. It depends on JAX alone."""

from collections.abc import Iterator
from contextlib import contextmanager

import jax
from jax.experimental.compilation_cache import compilation_cache


@contextmanager
def disable_compile_cache() -> Iterator[None]:
    """Compiles without the persistent cache inside the context, so that compile times are cold.

    JAX checks once in a process whether it has a cache and stores the answer; both changes reset
    that answer. Afterwards the cache is as it was before, also after an exception.

    Yields:
        Nothing.
    """
    before = jax.config.jax_enable_compilation_cache  # pyright: ignore[reportAttributeAccessIssue]
    _enable(False)
    try:
        yield
    finally:
        _enable(before)


def _enable(is_enabled: bool) -> None:
    jax.config.update("jax_enable_compilation_cache", is_enabled)
    compilation_cache.reset_cache()

"""Traces functions as if nothing had been traced before. The module depends on JAX only.

JAX keeps the trace of each jitted function, and with it the equations of custom rules, which
remember what they were last asked. A trace that must not depend on earlier ones is made in a
context in which JAX finds none of them.
"""

from contextlib import AbstractContextManager

import jax

# JAX finds only those traces that were made under the same value of this context.
_CONTEXT = jax.make_user_context(default_value=None)


def forget_traces() -> AbstractContextManager[None]:
    """Returns a context in which JAX uses no trace that was made outside of it."""
    return _CONTEXT(object())

"""A probe: the identity, whose derivative tells how large the cotangent is that passes through.

The gradient with respect to a probe's token is the root mean square of that cotangent. So a size
costs one number, however large the array; inside a scan each step has a token of its own.
"""

from typing import Any

import jax
import jax.numpy as jnp


@jax.custom_vjp
def probed(value: Any, token: Any) -> Any:
    """The value as it is; `token` is a scalar that nothing else reads."""
    del token
    return value


def _forward(value: Any, token: Any) -> tuple[Any, None]:
    del token
    return value, None


def _backward(_: None, cotangent: Any) -> tuple[Any, Any]:
    return cotangent, _root_mean_square(cotangent)


probed.defvjp(_forward, _backward)


def _root_mean_square(array: Any) -> Any:
    """Scaled first, so that 1e-200 squared does not vanish; 0 for an empty array."""
    if array.size == 0:
        return jnp.zeros((), array.dtype)
    top = jnp.maximum(jnp.abs(array).max(), 1e-300)
    return top * jnp.sqrt(jnp.mean((array / top) ** 2))

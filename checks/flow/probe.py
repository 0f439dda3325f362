"""A probe is an identity that measures the cotangent that passes through it.

The gradient with respect to the probe's token is the root mean square of the cotangent. So a size
costs one number, however large the array is; inside a scan each step has its own token.
"""

from typing import Any

import jax
import jax.numpy as jnp


@jax.custom_vjp
def probe(value: Any, token: Any) -> Any:
    """Returns the value unchanged.

    Args:
        value: a float array.
        token: a scalar that nothing else reads. Its gradient is the root mean square of the
            cotangent of `value`, 0 for an empty one.
    """
    del token
    return value


def _forward(value: Any, token: Any) -> tuple[Any, None]:
    del token
    return value, None


def _backward(_: None, cotangent: Any) -> tuple[Any, Any]:
    return cotangent, _root_mean_square(cotangent)


probe.defvjp(_forward, _backward)


def _root_mean_square(array: Any) -> Any:
    """Computes a root mean square, scaled so that squares do not underflow; 0 if empty."""
    if array.size == 0:
        return jnp.zeros((), array.dtype)
    top = jnp.maximum(jnp.abs(array).max(), 1e-300)
    return top * jnp.sqrt(jnp.mean((array / top) ** 2))

"""Casts between float32, in which parameters are stored, and the type of the activations."""

from typing import Any

import jax
import jax.numpy as jnp

from pgat_jax.data.batch import Batch


def widen(x: jax.Array) -> jax.Array:
    """Casts narrower floats to float32; float32 and float64 stay as they are.

    Softmaxes, recurrences, heads and losses are computed in this type.

    Args:
        x: floats of any shape.

    Returns:
        The same values, in float32 or float64.
    """
    return x.astype(jnp.float32) if jnp.finfo(x.dtype).bits < 32 else x


def cast_floats(tree: Any, dtype: jnp.dtype) -> Any:
    """Casts every floating leaf of a pytree; other leaves stay as they are.

    Args:
        tree: a pytree of arrays.
        dtype: the type of the floating leaves of the result.

    Returns:
        A pytree of the same structure.
    """

    def cast(leaf: jax.Array) -> jax.Array:
        return leaf.astype(dtype) if jnp.issubdtype(leaf.dtype, jnp.floating) else leaf

    return jax.tree.map(cast, tree)


def cast_batch(batch: Batch, dtype: jnp.dtype) -> Batch:
    """Casts the inputs of the model, but not the phases: 8 bits are too few for an angle.

    Args:
        batch: B windows.
        dtype: the type of the activations.

    Returns:
        The batch, with `phase` and `target` in their own types.
    """
    return cast_floats(batch, dtype)._replace(phase=batch.phase, target=batch.target)

"""Precision as a wrapper: parameters stay float32, activations take the policy's type."""

import jax
import jax.numpy as jnp

from pgat_jax.data.batch import Batch


def widen(x: jax.Array) -> jax.Array:
    """At least float32: for softmaxes, recurrences, heads and losses. float64 stays float64."""
    return x.astype(jnp.float32) if jnp.finfo(x.dtype).bits < 32 else x


def cast_floats(tree, dtype: jnp.dtype):
    """Every floating leaf in ``dtype``; other leaves as they are."""

    def cast(leaf):
        return leaf.astype(dtype) if jnp.issubdtype(leaf.dtype, jnp.floating) else leaf

    return jax.tree.map(cast, tree)


def cast_batch(batch: Batch, dtype: jnp.dtype) -> Batch:
    """The model's inputs in ``dtype``; angles and targets keep theirs, 8 bits are too few."""
    return cast_floats(batch, dtype)._replace(phase=batch.phase, target=batch.target)

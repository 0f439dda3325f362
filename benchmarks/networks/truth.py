"""Says whether a leaf or slice can get a gradient, without the checks.

Plain gradients are computed at many drawn inputs, and the largest of the slice is confirmed by a
central difference in float64.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.networks.drawing import Network
from checks import name_leaves

# Batches that are drawn, and how many of them in one chunk.
_BATCHES, _CHUNK = 4096, 64
_STEP = 1e-5
# How far a central difference may be from the derivative.
_TOLERANCE = 0.02


class Part(NamedTuple):
    """A leaf, or slices of it.

    Attributes:
        name: The name of the leaf, as in a report.
        axis: The axis of the slices; None for the whole leaf.
        indices: The indices of the slices on that axis.
    """

    name: str
    axis: int | None = None
    indices: tuple[int, ...] = ()


def can_learn(network: Network, part: Part) -> bool:
    """Returns whether some element of each slice of a part gets a gradient at some drawn batch.

    Args:
        network: The network.
        part: The leaf or slices.
    """
    pairs, tree = jax.tree_util.tree_flatten_with_path(network.params)
    leaves = [leaf for _, leaf in pairs]
    at = name_leaves([path for path, _ in pairs]).index(part.name)

    def loss(leaf: Any, args: Any) -> Any:
        others = [jnp.asarray(x).astype(leaf.dtype) if _is_float(x) else x for x in leaves]
        return network.loss(tree.unflatten([*others[:at], leaf, *others[at + 1 :]]), *args)

    if part.axis is None:
        return _gets_gradient(network, loss, leaves[at], np.ones(leaves[at].shape, bool))
    masks = [_mask(leaves[at].shape, part.axis, i) for i in part.indices]
    return any(_gets_gradient(network, loss, leaves[at], mask) for mask in masks)


def _mask(shape: tuple[int, ...], axis: int, index: int) -> np.ndarray:
    mask = np.zeros(shape, bool)
    np.moveaxis(mask, axis, 0)[index] = True
    return mask


def _gets_gradient(network: Network, loss: Any, leaf: Any, mask: np.ndarray) -> bool:
    def size(key: jax.Array) -> jax.Array:
        slope = jax.grad(loss)(leaf, network.data(key))
        return jnp.max(jnp.where(mask, jnp.abs(slope), 0.0))

    keys = jax.random.split(jax.random.key(12345), _BATCHES)
    sizes = np.asarray(jax.jit(lambda k: lax.map(size, k, batch_size=_CHUNK))(keys))
    best = int(np.nan_to_num(sizes).argmax())
    return bool(sizes[best] > 0) and _is_confirmed(network, loss, leaf, mask, keys[best])


def _is_confirmed(network: Network, loss: Any, leaf: Any, mask: np.ndarray, key: Any) -> bool:
    """Returns whether a central difference in float64 agrees with the gradient of the slice."""
    args = network.data(key)
    with jax.enable_x64(True):
        wide = jax.tree.map(_widen, args)
        value = _widen(jnp.asarray(leaf))
        slope = np.where(mask, np.asarray(jax.grad(loss)(value, wide)), 0.0)
        length = float(np.sqrt((slope**2).sum()))
        if length == 0:
            return False
        step = _STEP * slope / length
        difference = (loss(value + step, wide) - loss(value - step, wide)) / (2 * _STEP)
    return bool(abs(float(difference) - length) <= _TOLERANCE * length)


def _widen(x: Any) -> Any:
    return x.astype(jnp.float64) if _is_float(x) else x


def _is_float(x: Any) -> bool:
    return hasattr(x, "dtype") and jnp.issubdtype(x.dtype, jnp.floating)

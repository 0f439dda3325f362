"""Computes a digest of a model's parameters, by which runs and saved forecasts are compared."""

import hashlib
from typing import Any

import jax
import numpy as np


def hash_params(params: Any) -> str:
    """Computes the SHA-256 of a parameter pytree.

    Args:
        params: a pytree of arrays.

    Returns:
        The digest, in hexadecimal, of the leaves' names, types, shapes and bytes, in the order of
        the names.
    """
    digest = hashlib.sha256()
    leaves = jax.tree_util.tree_leaves_with_path(params)
    named = {jax.tree_util.keystr(p, simple=True, separator="/"): np.asarray(x) for p, x in leaves}
    for name, leaf in sorted(named.items()):
        digest.update(f"{name} {leaf.dtype} {leaf.shape}\n".encode())
        digest.update(np.ascontiguousarray(leaf).tobytes())
    return digest.hexdigest()

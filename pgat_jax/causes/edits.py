"""Makes edits of nested parameters and of configurations, for interventions.

Leaves are named by their path, such as `fusion/query/kernel`. These paths are a public contract of
the model: `pgat_jax.causes`, `training.packing.GROUPS` and `training.diagnostics.TRAIL` name
leaves by them, and tests check that each path exists.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import jax
import jax.numpy as jnp

from pgat_jax.config import Config
from pgat_jax.model.build import Params

ParamsEdit = Callable[[Params], Params]


def replace_leaf(params: Params, path: str, value: Any) -> Params:
    """Returns a copy of nested parameters in which `value` is at a path.

    Args:
        params: A nested dict of arrays.
        path: Keys joined by `/`. Keys that do not exist are added.
        value: An array, or a nested dict of arrays.
    """
    first, _, rest = path.partition("/")
    return params | {first: replace_leaf(params.get(first, {}), rest, value) if rest else value}


def edit_leaves(paths: Iterable[str], edit: Callable[[str, Any], Any]) -> ParamsEdit:
    """Returns an edit, a function from parameters to parameters, that changes some leaves.

    Args:
        paths: Leaves to change. Those that a model does not have are skipped, because a
            configuration can leave out whole parts of the model.
        edit: Gets the path and the leaf, and returns the new leaf.
    """
    paths = tuple(paths)

    def edit_params(params: Params) -> Params:
        for path in paths:
            leaf = _get_leaf(params, path)
            params = params if leaf is None else replace_leaf(params, path, edit(path, leaf))
        return params

    return edit_params


def scale_leaves(factors: Mapping[str, float]) -> ParamsEdit:
    """Returns an edit of parameters that multiplies each named leaf by its factor.

    A leaf that the model does not have is skipped.

    Args:
        factors: Path of a leaf -> factor.
    """
    return edit_leaves(factors, lambda path, leaf: leaf * factors[path])


def fill_leaf(path: str, value: float) -> ParamsEdit:
    """Returns an edit of parameters that sets every element of one leaf to a value.

    If the model does not have the leaf, the edit changes nothing.

    Args:
        path: The path of the leaf.
        value: The value.
    """
    return edit_leaves([path], lambda _, leaf: jnp.full_like(leaf, value))


def update_model(config: Config, **keys: Any) -> Config:
    """Returns a copy of a configuration with other values, unchecked, of some `model` keys.

    Args:
        config: The configuration.
        **keys: New values by the names of fields of `ModelConfig`.
    """
    return config.model_copy(update={"model": config.model.model_copy(update=keys)})


def update_train(config: Config, **keys: Any) -> Config:
    """Returns a copy of a configuration with other values, unchecked, of some `train` keys.

    Args:
        config: The configuration.
        **keys: New values by the names of fields of `TrainConfig`.
    """
    return config.model_copy(update={"train": config.train.model_copy(update=keys)})


def update_loss(config: Config, **keys: Any) -> Config:
    """Returns a copy of a configuration with other values, unchecked, of some `loss` keys.

    Args:
        config: The configuration.
        **keys: New values by the names of fields of `LossConfig`.
    """
    return config.model_copy(update={"loss": config.loss.model_copy(update=keys)})


def _get_leaf(params: Params, path: str) -> jax.Array | None:
    """Returns the array at a path of nested parameters, or None where there is none."""
    node: Any = params
    for part in path.split("/"):
        node = node.get(part, {})
    return node if isinstance(node, jax.Array) else None

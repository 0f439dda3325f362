"""What is done to the model from outside: the one form of faults, of causes and of remedies."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import jax
import optax

from pgat_jax.causes.interception import Interceptor
from pgat_jax.config import Config
from pgat_jax.data.columns import Columns
from pgat_jax.data.loading import Data
from pgat_jax.data.windows import DeviceTable
from pgat_jax.model.build import Params


def _same(given: Any, *_: Any) -> Any:
    return given


@dataclass(frozen=True)
class Intervention:
    """Each of its hands reaches one thing; those left out leave it as it is.

    Attributes:
        name: as a configuration and the command line give it; a fault's is the name of its file.
        claim: what is done to the model, one sentence without a full stop.
        config: the configuration before anything is built.
        columns: which body the model believes each column to belong to.
        device_table: the scaled table that windows are gathered from.
        params: the initial parameters; new ones may be added.
        intercept: a Linen method interceptor, on while the loss is traced.
        optimizer: the optimiser that updates the parameters.
    """

    name: str
    claim: str
    config: Callable[[Config], Config] = _same
    columns: Callable[[Columns], Columns] = _same
    device_table: Callable[[DeviceTable, Data], DeviceTable] = _same
    params: Callable[[Params], Params] = _same
    intercept: Interceptor | None = None
    optimizer: Callable[[optax.GradientTransformation], optax.GradientTransformation] = _same


@dataclass(frozen=True)
class Fault(Intervention):
    """An intervention that takes gradient from leaves, and the leaves that it is predicted to take.

    Attributes:
        takes: (pattern of leaf names, verdict) that it causes alone, of leaves or of their slices.
        joins: the same for what it causes only where other faults have closed the other ways.
    """

    takes: tuple[tuple[str, str], ...] = ()
    joins: tuple[tuple[str, str], ...] = ()

    def predicts(self, leaf: str) -> set[str]:
        """Verdicts that it may give a leaf of this name."""
        return {v for pattern, v in (*self.takes, *self.joins) if fnmatchcase(leaf, pattern)}


def edited(params: Params, path: str, value: Any) -> Params:
    """A copy of nested parameters with what stands at `a/b/c` replaced, or added."""
    first, _, rest = path.partition("/")
    return params | {first: edited(params.get(first, {}), rest, value) if rest else value}


def changed(paths: Iterable[str], change: Callable[[str, Any], Any]) -> Callable[[Params], Params]:
    """An edit of parameters: `change(path, leaf)` for each leaf named that the model has."""

    def edit(params: Params) -> Params:
        for path in paths:
            leaf = _leaf_at(params, path)
            params = params if leaf is None else edited(params, path, change(path, leaf))
        return params

    return edit


def scaled(factors: Mapping[str, float]) -> Callable[[Params], Params]:
    """An edit of parameters: each leaf named is multiplied by its factor."""
    return changed(factors, lambda path, leaf: leaf * factors[path])


def _leaf_at(params: Params, path: str) -> Any:
    """What stands at `a/b/c` of nested parameters; None where nothing does."""
    for part in path.split("/"):
        params = params.get(part, {})
    return params if isinstance(params, jax.Array) else None


def with_model(config: Config, **keys: Any) -> Config:
    """A copy of a configuration with other values of `model` keys."""
    return config.model_copy(update={"model": config.model.model_copy(update=keys)})


def with_train(config: Config, **keys: Any) -> Config:
    """A copy of a configuration with other values of `train` keys."""
    return config.model_copy(update={"train": config.train.model_copy(update=keys)})


def with_loss(config: Config, **keys: Any) -> Config:
    """A copy of a configuration with other values of `loss` keys."""
    return config.model_copy(update={"loss": config.loss.model_copy(update=keys)})

"""What a fault is: an intervention from outside, and the leaves that it is predicted to take."""

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from checks.interception import Interceptor
from pgat_jax.config import Config
from pgat_jax.data.columns import Columns
from pgat_jax.data.loading import Data
from pgat_jax.data.windows import Device
from pgat_jax.model.build import Params


def _same(given: Any, *_: Any) -> Any:
    return given


@dataclass(frozen=True)
class Fault:
    """One fault. Each of its hands reaches one thing; those left out leave it as it is.

    Attributes:
        name: as a configuration and the command line give it; the name of its file.
        claim: what is done to the model, one sentence without a full stop.
        takes: (pattern of leaf names, verdict) that it causes alone, of leaves or of their slices.
        joins: the same for what it causes only where other faults have closed the other ways.
        config: the configuration before anything is built.
        columns: which body the model believes each column to belong to.
        device: the scaled table that windows are gathered from.
        params: the initial parameters; new ones may be added.
        intercept: a Linen method interceptor, on while the loss is traced.
    """

    name: str
    claim: str
    takes: tuple[tuple[str, str], ...] = ()
    joins: tuple[tuple[str, str], ...] = ()
    config: Callable[[Config], Config] = _same
    columns: Callable[[Columns], Columns] = _same
    device: Callable[[Device, Data], Device] = _same
    params: Callable[[Params], Params] = _same
    intercept: Interceptor | None = None

    def predicts(self, leaf: str) -> set[str]:
        """Verdicts that it may give a leaf of this name."""
        return {v for pattern, v in (*self.takes, *self.joins) if fnmatchcase(leaf, pattern)}


def edited(params: Params, path: str, value: Any) -> Params:
    """A copy of nested parameters with what stands at `a/b/c` replaced, or added."""
    first, _, rest = path.partition("/")
    return params | {first: edited(params.get(first, {}), rest, value) if rest else value}


def with_model(config: Config, **keys: Any) -> Config:
    """A copy of a configuration with other values of `model` keys."""
    return config.model_copy(update={"model": config.model.model_copy(update=keys)})

"""Defines interventions: changes of the model from outside, without a flag in its code.

Faults, causes and fixes all have this one form. The module depends on the types of the
configuration, the data and the model, and within `pgat_jax.causes` on `interception` alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import optax

from pgat_jax.causes.interception import Interceptor
from pgat_jax.config import Config
from pgat_jax.data.columns import Columns
from pgat_jax.data.dataset import Data
from pgat_jax.data.windows import DeviceTable
from pgat_jax.model.build import Params


def _keep(value: Any, *_: Any) -> Any:
    """Returns its first argument: the default of every edit."""
    return value


@dataclass(frozen=True)
class Intervention:
    """A change of the model, its data or its training. Each edit changes one thing.

    An edit that is left out changes nothing. Edits are pure functions: they return a new value.

    Attributes:
        name: The name in a configuration, on the command line and in tables.
        claim: One sentence without a full stop that says what is changed.
        module: `__name__` of the module that defines the edits. Its source is part of the digest
            by which finished trials are found again.
        edit_config: `Config -> Config`, before anything is built.
        edit_columns: `Columns -> Columns`: which body the model takes each column of the table for.
        edit_table: `(DeviceTable, Data) -> DeviceTable`: changes the scaled table on the device;
            the second argument is the unscaled data.
        edit_params: `Params -> Params`: changes the initial parameters. It may add some.
        intercept: A Linen method interceptor, active while the loss is traced; None for none.
        edit_optimizer: From an optax transformation to one.
    """

    name: str
    claim: str
    module: str
    edit_config: Callable[[Config], Config] = _keep
    edit_columns: Callable[[Columns], Columns] = _keep
    edit_table: Callable[[DeviceTable, Data], DeviceTable] = _keep
    edit_params: Callable[[Params], Params] = _keep
    intercept: Interceptor | None = None
    edit_optimizer: Callable[[optax.GradientTransformation], optax.GradientTransformation] = _keep

    @property
    def acts_on_program(self) -> bool:
        """Whether it may change the traced loss, its parameters or its data directly.

        Changes of the configuration do not count.
        """
        edits = (self.edit_columns, self.edit_table, self.edit_params)
        return self.intercept is not None or any(edit is not _keep for edit in edits)


@dataclass(frozen=True)
class WiringFault(Intervention):
    """A fault of the original's wiring, with the leaves that it is predicted to cost.

    Attributes:
        takes: Pairs (pattern of leaf names, verdict) that the fault causes alone, for whole leaves
            or for slices of them.
        joins: The same for what it causes only together with other faults, which close the other
            paths of the gradient.
    """

    takes: tuple[tuple[str, str], ...] = ()
    joins: tuple[tuple[str, str], ...] = ()

    def predict(self, leaf: str) -> set[str]:
        """Returns the verdicts that the fault may give to a leaf, by `takes` and `joins`; or none.

        Args:
            leaf: The name of the leaf.
        """
        return {v for pattern, v in (*self.takes, *self.joins) if fnmatchcase(leaf, pattern)}

"""A program as a tool gets it: gradients and parameters of a short plain training, by leaf name."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from benchmarks.faults.registry import Example
from checks import name_leaves

# Training steps that a tool sees. Tools that watch a training have no number of their own, but for
# GradientFlow, whose default it is; `checks` trains as long.
STEPS = 20


class Step(NamedTuple):
    """One step of training.

    Attributes:
        gradients: Leaf name -> gradient of the loss, in front of the optimiser.
        before: Leaf name -> value before the update.
        after: Leaf name -> value after the update.
    """

    gradients: dict[str, np.ndarray]
    before: dict[str, np.ndarray]
    after: dict[str, np.ndarray]


@dataclass(frozen=True)
class Case:
    """A program of the benchmark, with what most tools need of it.

    Attributes:
        example: The program: its loss, parameters, arguments and settings.
    """

    example: Example

    @cached_property
    def params(self) -> Any:
        """The parameters, with arrays as leaves."""
        return jax.tree.map(jnp.asarray, self.example.params)

    @cached_property
    def names(self) -> list[str]:
        """The names of the leaves, in the order of `jax.tree.leaves`."""
        paths = jax.tree_util.tree_leaves_with_path(self.example.params)
        return name_leaves([path for path, _ in paths])

    @property
    def optimizer(self) -> Any:
        """The program's optimiser; Adam with a rate of 1e-3 if it brings none."""
        return self.example.settings.get("optimizer") or optax.adam(1e-3)

    def loss(self, params: Any) -> jax.Array:
        """Computes the loss at the program's data, with the casts that its settings ask for.

        Args:
            params: The parameters.

        Returns:
            The loss, a scalar.
        """
        dtype = self.example.settings.get("compute_dtype")
        params, args = (_cast(tree, dtype) for tree in (params, self.example.args))
        result = self.example.loss(params, *args)
        return result[0] if isinstance(result, tuple) else result

    def widen(self) -> "Case":
        """Returns the same program with parameters and data in float64; JAX must be set to it."""
        params, args = (_cast(x, jnp.float64) for x in (self.example.params, self.example.args))
        return Case(self.example._replace(params=params, args=args))

    def make_step(self) -> Callable[[Any, Any], tuple[Any, Any, Any]]:
        """Returns the compiled training step `(params, state) -> (gradients, params, state)`."""

        @jax.jit
        def step(params: Any, state: Any) -> tuple[Any, Any, Any]:
            gradients = jax.grad(self.loss)(params)
            updates, state = self.optimizer.update(gradients, state, params)
            return gradients, optax.apply_updates(params, updates), state

        return step

    @cached_property
    def steps(self) -> list[Step]:
        """The first `STEPS` steps of training.

        Raises:
            Exception: what JAX raises for a loss that has no gradient in reverse mode.
        """
        step, params, steps = self.make_step(), self.params, []
        state = self.optimizer.init(params)
        for _ in range(STEPS):
            gradients, after, state = step(params, state)
            steps.append(Step(*(self._name(tree) for tree in (gradients, params, after))))
            params = after
        return steps

    def _name(self, tree: Any) -> dict[str, np.ndarray]:
        return dict(zip(self.names, map(np.asarray, jax.tree.leaves(tree))))


def _cast(tree: Any, dtype: Any) -> Any:
    """Casts the floats of a tree; None leaves it as it is."""
    if dtype is None:
        return tree

    def cast(x: Any) -> Any:
        x = jnp.asarray(x)
        return x.astype(dtype) if jnp.issubdtype(x.dtype, jnp.floating) else x

    return jax.tree.map(cast, tree)

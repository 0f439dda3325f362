"""Measures the value and the gradient of each term, in float64 and in one compiled program.

A scale multiplies each term where the sum reads it. The loss is linear in the scales, so a run with
one scale at 1 and the others at 0 gives one term. Gradients are reduced to a norm for each leaf
before they leave the program. The module depends on `checks/program` and `checks/flow`.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from checks.flow.probe import probe
from checks.program.leaves import Partition
from checks.program.runner import QUICK, Runner, widen_args, widen_array
from checks.program.shadow import Widener
from checks.program.sites import Feeds, Run, Site, Views
from checks.terms.parts import Part

# The key of the feed that shifts the results of an equation; operands have their positions as keys.
_SHIFT = "shift"


class Measured(NamedTuple):
    """The sum of some of the terms at one point.

    Attributes:
        value: the sum, and the part of the loss that does not depend on any input.
        norms: Euclidean norm of its gradient for each watched leaf, an array.
        weights: for each term, the root mean square of the factor with which the loss reads it.
    """

    value: float
    norms: np.ndarray
    weights: np.ndarray

    @property
    def norm(self) -> float:
        """Euclidean norm of the gradient with respect to all leaves."""
        return float(np.linalg.norm(self.norms))


class TermMeter:
    """Measures sums of terms of one loss; compiles at the first use.

    Args:
        runner: runs the program.
        parts: the terms.
    """

    def __init__(self, runner: Runner, parts: Sequence[Part]) -> None:
        self._runner, self._parts = runner, parts
        self._scaler = _Scaler()
        self._run = jax.jit(self._differentiate, compiler_options=QUICK)

    def measure(
        self, chosen: Iterable[int], leaves: Sequence[np.ndarray], args: Partition
    ) -> Measured:
        """Measures the sum of some terms.

        Args:
            chosen: positions of the terms; none measures what is left of the loss without terms.
            leaves: values of all leaves that can learn.
            args: the loss's further arguments, split by `partition`.
        """
        scales = np.zeros(len(self._parts))
        scales[list(chosen)] = 1.0
        with jax.enable_x64(True):
            inputs = self._list_inputs(leaves, args)
            value, norms, weights = self._run(scales, inputs)
            return Measured(float(value), np.asarray(norms), np.asarray(weights))

    def measure_shifts(
        self, term: int, leaves: Sequence[np.ndarray], args: Partition
    ) -> list[float]:
        """Measures how the loss changes with each summand of a term, wherever it is read.

        Args:
            term: the position of the term.
            leaves: values of all leaves that can learn.
            args: the loss's further arguments, split by `partition`.

        Returns:
            For each summand that an equation computes, the root mean square of the derivative.
        """
        found = [(s.path, s) for s in self._parts[term].summands if s.path is not None]

        def loss(shifts: list[Any], inputs: list[Any]) -> Any:
            feeds: Feeds = {}
            for (path, summand), shift in zip(found, shifts):
                feeds.setdefault(path, {})[_SHIFT, summand.result] = shift
            return self._scaler.run(self._runner.program.jaxpr, inputs, feeds)[0][0]

        with jax.enable_x64(True):
            zeros = [jnp.zeros((*s.repeats, *s.shape)) for _, s in found]
            slopes = jax.jit(jax.grad(loss), compiler_options=QUICK)(
                zeros, self._list_inputs(leaves, args)
            )
            return [float(jnp.sqrt(jnp.mean(slope**2))) for slope in slopes]

    def _list_inputs(self, leaves: Sequence[np.ndarray], args: Partition) -> list[Any]:
        wide = [*map(widen_array, leaves)]
        return self._runner.program.list_inputs(wide, widen_args(args))

    def _differentiate(self, scales: Any, inputs: list[Any]) -> tuple[Any, Any, Any]:
        watched = self._runner.watched

        def loss(moved: list[Any], tokens: list[list[Any]]) -> Any:
            known = list(inputs)
            for i, value in zip(watched, moved):
                known[i] = value
            feeds = self._make_feeds(scales, tokens)
            return self._scaler.run(self._runner.program.jaxpr, known, feeds)[0][0]

        tokens = [
            [jnp.zeros(edge.repeats, jnp.float64) for s in part.summands for edge in s.edges]
            for part in self._parts
        ]
        moved = [inputs[i] for i in watched]
        value, (slopes, sizes) = jax.value_and_grad(loss, (0, 1))(moved, tokens)
        weights = [jnp.max(jnp.stack([jnp.max(x) for x in own])) for own in sizes]
        return value, jnp.stack([_compute_norm(x) for x in slopes]), jnp.stack(weights)

    def _make_feeds(self, scales: Any, tokens: list[list[Any]]) -> Feeds:
        feeds: Feeds = {}
        for i, part in enumerate(self._parts):
            edges = [edge for summand in part.summands for edge in summand.edges]
            for edge, token in zip(edges, tokens[i]):
                scale = jnp.broadcast_to(scales[i], edge.repeats)
                feeds.setdefault(edge.path, {})[edge.operand] = (scale, token)
        return feeds


class _Scaler(Widener):
    """Runs the float64 shadow, and scales and probes the operands that have a feed."""

    def operands(self, site: Site, values: list[Any], feeds: Feeds, views: Views) -> list[Any]:
        """Scales operands; a scale of zero also removes what is not finite."""
        del views
        own = feeds.get(site.path, {})
        return [_scale(x, *own[i]) if i in own else x for i, x in enumerate(values)]

    def after(self, site: Site, operands: list[Any], results: list[Any], feed: Any) -> Run:
        """Adds the shifts to results."""
        del site, operands
        shifts = {i: feed.get((_SHIFT, i)) for i in range(len(results))} if feed else {}
        return [x if shifts.get(i) is None else x + shifts[i] for i, x in enumerate(results)], {}


def _scale(value: Any, scale: Any, token: Any) -> Any:
    return probe(jnp.where(scale != 0, value * scale, 0.0), token)


def _compute_norm(slope: Any) -> Any:
    """Computes a Euclidean norm, scaled so that squares do not underflow."""
    top = jnp.max(jnp.abs(slope), initial=0.0)
    divisor = jnp.where(top > 0, top, 1.0)
    return top * jnp.sqrt(jnp.sum(jnp.abs(slope / divisor) ** 2))

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
from checks.terms.summands import Edge

# The key of the feed that shifts the results of an equation; operands have their positions as keys.
_SHIFT = "shift"


class Measured(NamedTuple):
    """The sum of some of the terms at one point.

    Attributes:
        value: the sum, and the part of the loss that does not depend on any input.
        norms: Euclidean norm of its gradient for each watched leaf, an array.
    """

    value: float
    norms: np.ndarray

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
            value, norms = self._run(scales, inputs)
            return Measured(float(value), np.asarray(norms))

    def measure_weights(self, leaves: Sequence[np.ndarray], args: Partition) -> np.ndarray:
        """Measures the factors with which the loss reads the terms; compiles another program.

        Args:
            leaves: values of all leaves that can learn.
            args: the loss's further arguments, split by `partition`.

        Returns:
            For each term the root mean square of its factors, the largest of its summands.
        """
        with jax.enable_x64(True):
            run = jax.jit(self._differentiate_tokens, compiler_options=QUICK)
            return np.asarray(run(self._list_inputs(leaves, args)))

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

    def _differentiate(self, scales: Any, inputs: list[Any]) -> tuple[Any, Any]:
        watched = self._runner.watched

        def loss(moved: list[Any]) -> Any:
            known = list(inputs)
            for i, value in zip(watched, moved):
                known[i] = value
            feeds = self._make_feeds([(scale, None) for scale in scales])
            return self._scaler.run(self._runner.program.jaxpr, known, feeds)[0][0]

        value, slopes = jax.value_and_grad(loss)([inputs[i] for i in watched])
        return value, jnp.stack([jnp.sqrt(jnp.sum(jnp.abs(x) ** 2)) for x in slopes])

    def _differentiate_tokens(self, inputs: list[Any]) -> Any:
        def loss(tokens: list[Any]) -> Any:
            feeds = self._make_feeds([(None, token) for token in tokens])
            return self._scaler.run(self._runner.program.jaxpr, inputs, feeds)[0][0]

        tokens = [
            [jnp.zeros(edge.repeats, jnp.float64) for edge in _list_edges(part)]
            for part in self._parts
        ]
        sizes = jax.grad(loss)(tokens)
        return jnp.stack([jnp.max(jnp.stack([jnp.max(x) for x in own])) for own in sizes])

    def _make_feeds(self, known: Sequence[tuple[Any, Any]]) -> Feeds:
        """Returns the feeds of all edges: a scale or None, and a token or None."""
        feeds: Feeds = {}
        for part, (scale, tokens) in zip(self._parts, known):
            for i, edge in enumerate(_list_edges(part)):
                wide = None if scale is None else jnp.broadcast_to(scale, edge.repeats)
                token = None if tokens is None else tokens[i]
                feeds.setdefault(edge.path, {})[edge.operand] = (wide, token)
        return feeds


def _list_edges(part: Part) -> list[Edge]:
    return [edge for summand in part.summands for edge in summand.edges]


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
    value = value if scale is None else jnp.where(scale != 0, value * scale, 0.0)
    return value if token is None else probe(value, token)

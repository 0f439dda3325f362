"""The rule of one `custom_jvp` or `custom_vjp` call, traced to jaxprs.

The rule is traced in the types of the program itself, so that the shadow can run the jaxprs in
wider types. The module depends on `jaxprs` only.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax

from checks.program import jaxprs


class CustomRule:
    """The rule of one custom call.

    Args:
        equation: an equation of `custom_jvp_call` or `custom_vjp_call`.
        moved: positions of the operands that get a tangent. The rule is called for no others,
            because it may raise for them.
        seen: positions of the results that have a tangent.
        wide: True if the program was traced under `jax.enable_x64(True)`, False if not; the rule
            is traced likewise.
    """

    def __init__(
        self, equation: Any, moved: Sequence[int], seen: Sequence[int], wide: bool
    ) -> None:
        self._equation, self._moved, self._seen, self._wide = equation, moved, seen, wide
        self._operands = [jaxprs.get_struct(x) for x in equation.invars]

    def trace_forward(self) -> Any:
        """Traces the forward mode.

        Returns:
            A closed jaxpr from all operands and the tangents of `moved` to all results and the
            tangents of `seen`.
        """

        def jvp(*given: Any) -> list[Any]:
            operands, tangents = given[: len(self._operands)], given[len(self._operands) :]
            primals = [operands[i] for i in self._moved]
            values, slopes, results = jax.jvp(
                self._make_call(operands), primals, list(tangents), has_aux=True
            )
            del values
            return [*results, *slopes]

        moved = [self._operands[i] for i in self._moved]
        with jax.enable_x64(self._wide):
            return jax.make_jaxpr(jvp)(*self._operands, *moved)

    def trace_reverse(self) -> tuple[Any, Any]:
        """Traces the reverse mode.

        Returns:
            Two closed jaxprs: from all operands to all results and the residuals, which are the
            leaves of JAX's own pullback; and from the residuals and the cotangents of `seen` to
            the cotangents of `moved`.
        """
        trees: list[Any] = []

        def forward(*operands: Any) -> list[Any]:
            primals = [operands[i] for i in self._moved]
            _, pullback, results = jax.vjp(self._make_call(operands), *primals, has_aux=True)
            residuals, tree = jax.tree.flatten(pullback)
            trees[:] = [tree]
            return [*results, *residuals]

        with jax.enable_x64(self._wide):
            first = jax.make_jaxpr(forward)(*self._operands)
            results = [jaxprs.get_struct(x) for x in jaxprs.open_jaxpr(first).outvars]
            residuals = results[len(self._equation.outvars) :]
            cotangents = [jaxprs.get_struct(self._equation.outvars[j]) for j in self._seen]

            def backward(residuals: list[Any], cotangents: list[Any]) -> list[Any]:
                return list(jax.tree.unflatten(trees[0], residuals)(cotangents))

            return first, jax.make_jaxpr(backward)(residuals, cotangents)

    def _make_call(self, operands: Sequence[Any]) -> Callable[..., tuple[list[Any], list[Any]]]:
        """Returns the call as a function of the moved operands, with all results as auxiliary."""

        def call(*values: Any) -> tuple[list[Any], list[Any]]:
            given = list(operands)
            for i, x in zip(self._moved, values):
                given[i] = x
            results = jaxprs.bind(self._equation, given)
            return [results[j] for j in self._seen], results

        return call

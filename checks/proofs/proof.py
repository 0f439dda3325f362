"""Proves which leaves the loss depends on, by value and by tangent."""

from dataclasses import dataclass, replace
from functools import cached_property

from checks.program.trace import Program
from checks.proofs.cuts import Cut, find_cuts
from checks.proofs.dependence import Dependence
from checks.proofs.derivatives import stop_tangents, trace_derivatives


@dataclass(frozen=True)
class Proof:
    """What follows from the program alone, without any measurement.

    Attributes:
        program: the traced loss.
        dependence: what depends on what in the program, by value and by tangent.
        value: bit set (an integer; bit i stands for leaf i) of the leaves that the loss depends on.
        tangent: bit set of the leaves from which a differentiable path leads to the loss.
        cuts: the equations that cut off the leaves in `value` that are not in `tangent`.
        underivable: equations without a reverse derivative in JAX, as id -> JAX's reason.
        failure: JAX's reason why the gradient of `differentiable_program` cannot be traced; empty
            if it can, or if the program has nothing that might not have a derivative.
    """

    program: Program
    dependence: Dependence
    value: int
    tangent: int
    cuts: tuple[Cut, ...]
    underivable: dict[int, str]
    failure: str = ""

    @property
    def reachable(self) -> tuple[int, ...]:
        """Indices of the leaves from which a differentiable path leads to the loss."""
        return self._indices(self.value & self.tangent)

    @property
    def blocked(self) -> tuple[int, ...]:
        """Indices of the leaves that the loss depends on, but without any derivative."""
        return self._indices(self.value & ~self.tangent)

    @property
    def disconnected(self) -> tuple[int, ...]:
        """Indices of the leaves that the loss does not depend on."""
        return self._indices(~self.value)

    @cached_property
    def differentiable_program(self) -> Program:
        """The program with no tangent into the equations that have no reverse derivative.

        It is `program` itself if there are none.
        """
        if not self.underivable:
            return self.program
        return replace(self.program, jaxpr=stop_tangents(self.program.jaxpr, self.underivable))

    def _indices(self, leaves: int) -> tuple[int, ...]:
        return tuple(i for i in range(self.program.leaf_count) if leaves >> i & 1)


def prove(program: Program) -> Proof:
    """Proves which leaves of a traced loss are disconnected, blocked or reachable.

    Args:
        program: the traced loss; its inputs may be shapes without values, since nothing is
            computed.
    """
    derivatives = trace_derivatives(program.jaxpr, program.leaf_count)
    dependence = Dependence(rules=derivatives.rules, underivable=derivatives.underivable)
    rows = dependence.get_jaxpr_rows(program.jaxpr)
    leaves = (1 << program.leaf_count) - 1
    value, tangent = rows.value[0] & leaves, rows.tangent[0] & leaves
    cuts = find_cuts(dependence, program.jaxpr, value & ~tangent)
    underivable, failure = derivatives.underivable, derivatives.failure
    return Proof(program, dependence, value, tangent, tuple(cuts), underivable, failure)

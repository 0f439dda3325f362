"""Proves which leaves the loss depends on, by value and by tangent."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from checks.program.bits import to_bits
from checks.program.trace import Program
from checks.proofs.contradictions import find_dependent, find_nonzero, trace_gradient
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
        gradient: JAX's gradient with respect to the leaves that are proved to have none, a closed
            jaxpr from `trace_gradient`; None if there is no such leaf or JAX has no gradient.
        faults: leaf -> the verdict that was proved and that JAX's own gradient contradicts. Such
            a leaf counts as reachable.
    """

    program: Program
    dependence: Dependence
    value: int
    tangent: int
    cuts: tuple[Cut, ...]
    underivable: dict[int, str]
    failure: str = ""
    gradient: Any = None
    faults: dict[int, str] = field(default_factory=dict)

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

    @property
    def without_gradient(self) -> tuple[int, ...]:
        """Indices of the leaves that are proved to have no gradient, in order."""
        return self._indices(~(self.value & self.tangent))

    @property
    def problems(self) -> list[str]:
        """A sentence for each proof that JAX's own gradient contradicts."""
        names = self.program.params.names
        return [
            f"fault of the checks: {names[leaf]} was proved to be {verdict}, but JAX has a "
            "gradient for it; the proof is dropped; please report it with the program"
            for leaf, verdict in sorted(self.faults.items())
        ]

    def drop(self, leaves: Sequence[int]) -> "Proof":
        """Returns the proof without what it says of some leaves, which become reachable.

        Args:
            leaves: indices of leaves that JAX's own gradient contradicts.
        """
        if not leaves:
            return self
        verdicts = {i: "blocked" if i in self.blocked else "disconnected" for i in leaves}
        bits = to_bits(leaves)
        cuts = (Cut(cut.site, cut.leaves & ~bits) for cut in self.cuts)
        return replace(
            self,
            value=self.value | bits,
            tangent=self.tangent | bits,
            cuts=tuple(cut for cut in cuts if cut.leaves),
            faults=self.faults | verdicts,
        )

    def _indices(self, leaves: int) -> tuple[int, ...]:
        return tuple(i for i in range(self.program.leaf_count) if leaves >> i & 1)


def prove(program: Program) -> Proof:
    """Proves which leaves of a traced loss are disconnected, blocked or reachable.

    A proof that JAX's own gradient contradicts is dropped and becomes a fault.

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
    proof = Proof(program, dependence, value, tangent, tuple(cuts), underivable, failure)
    suspects = proof.without_gradient
    moved = range(program.leaf_count) if derivatives.rules else suspects
    gradient = trace_gradient(proof.differentiable_program, suspects, moved)
    if gradient is None:
        return proof
    return replace(proof, gradient=gradient).drop(find_dependent(gradient, suspects))


def check_at_data(proof: Proof) -> Proof:
    """Computes JAX's gradient at the program's own inputs, and drops proofs that it contradicts.

    Args:
        proof: a proof of a program whose inputs have values.
    """
    if proof.gradient is None:
        return proof
    program, suspects = proof.program, sorted({*proof.without_gradient, *proof.faults})
    inputs = program.list_inputs(program.params.learning, program.args)
    nonzero = find_nonzero(proof.gradient, suspects, inputs)
    return proof.drop([leaf for leaf in nonzero if leaf not in proof.faults])

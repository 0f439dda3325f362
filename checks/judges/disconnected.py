"""The judge of `disconnected`: the loss does not depend on the leaf."""

from collections.abc import Sequence

import numpy as np

from checks.evidence import Evidence, View
from checks.findings import Finding, Findings
from checks.judges.judge import Judge
from checks.judges.views import count_points, find_in_views
from checks.measure.response import NOTICED
from checks.measure.survey import NOWHERE
from checks.program import jaxprs
from checks.program.bits import has_leaf
from checks.program.places import find_place
from checks.proofs.proof import Proof

_SETTLED = "what JAX settles before a program exists (a shape, a type, a tangent of type float0)"
_DROPPED = f"never read by any equation: unused, or used only for {_SETTLED}"
_THROWN_AWAY = f"what is computed from it is thrown away, or leads only to {_SETTLED}"


def find_disconnected(evidence: Evidence) -> Findings:
    """Finds disconnected leaves by proof, and disconnected slices by measurement.

    The loss does not depend on them.

    Args:
        evidence: what was proved and measured.

    Returns:
        Leaf index -> its findings, for the leaves of which the verdict `disconnected` is true, or
        of some of whose slices it is true. The other leaves are left out.
    """
    measured = find_in_views(evidence, "disconnected", select_disconnected, _describe)
    proved = {leaf: [finding] for leaf, finding in prove_disconnected(evidence.proof).items()}
    lost = evidence.lost_gradients
    return {**proved, **{i: findings for i, findings in measured.items() if i not in lost}}


def prove_disconnected(proof: Proof) -> dict[int, Finding]:
    """Returns by proof a finding for each leaf that the loss does not depend on.

    Args:
        proof: what was proved of the program.

    Returns:
        Index of each disconnected leaf -> its finding, whose places are the equations that read it.
    """
    return {leaf: _make_finding(proof, leaf) for leaf in proof.disconnected}


def _make_finding(proof: Proof, leaf: int) -> Finding:
    """Makes the finding for one leaf, and says what the leaf is used for instead."""
    program = proof.program
    rows = proof.dependence.get_jaxpr_rows(program.jaxpr).value
    outputs = [name for name, row in zip(program.outputs, rows) if has_leaf(row, leaf)]
    jaxpr = jaxprs.open_jaxpr(program.jaxpr)
    variable = jaxpr.invars[leaf]
    readers = [e for e in jaxpr.eqns if any(x is variable for x in e.invars)]
    if outputs:
        instead = f"it reaches only the auxiliary output {', '.join(outputs)}"
    else:
        instead = _THROWN_AWAY if readers else _DROPPED
    return Finding(
        "disconnected",
        f"proved: the loss does not depend on it; {instead}",
        tuple(dict.fromkeys(find_place(e) for e in readers)),
    )


def select_disconnected(views: Sequence[View]) -> list[np.ndarray]:
    """Selects slices without any influence on the loss, of a leaf that has some.

    A leaf as a whole is never selected, because only a proof can show that it is disconnected.

    Args:
        views: the views of one leaf: the leaf as a whole, then the slices of each axis.

    Returns:
        For each view, one boolean for each slice.
    """
    whole, *axes = views
    is_invariant = whole.seen[0] == NOWHERE and whole.changes[0] <= NOTICED
    return [
        np.zeros(1, bool),
        *(
            (view.seen == NOWHERE) & view.is_zero & (view.changes == 0) & (not is_invariant)
            for view in axes
        ),
    ]


def _describe(evidence: Evidence, leaf: int, view: int, chosen: np.ndarray) -> str:
    del view, chosen
    return (
        f"measured: exactly zero at {count_points(evidence, leaf)} points, and no change of it "
        "changes one bit of the loss"
    )


DISCONNECTED = Judge("disconnected", find_disconnected, "#b3261e")

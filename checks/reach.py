"""Static reach: which leaves the loss depends on, and which of them have a derivative. Proofs."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from checks.flow.modules import static_flow
from checks.program import jaxprs
from checks.program.places import find_place
from checks.program.trace import Program, trace
from checks.proofs.cuts import Cut, find_cuts
from checks.proofs.dependence import Dependence
from checks.proofs.derivatives import missing_derivatives
from checks.report import Report
from checks.verdicts import Finding, Leaf

_SETTLED = "what JAX settles before a program exists (a shape, a type, a tangent of type float0)"
_DROPPED = f"never read by any equation: unused, or used only for {_SETTLED}"
_THROWN_AWAY = f"its data are computed with and thrown away, or lead only to {_SETTLED}"


class Static(NamedTuple):
    """The static part's result: one finding a leaf, and what they rest on.

    Attributes:
        findings: one for each leaf.
        cuts: equations behind the blocked ones.
        dependence: what depends on what.
        underivable: equations that JAX has no reverse derivative of, as id -> its reason.
    """

    findings: tuple[Finding, ...]
    cuts: tuple[Cut, ...]
    dependence: Dependence
    underivable: dict[int, str]


def reach(loss: Callable[..., Any], params: Any, *args: Any) -> Report:
    """Proves for each leaf that it is `disconnected`, `blocked` or else `reachable`.

    Args:
        loss: `loss(params, *args)` -> real scalar, or a tuple of it and auxiliary output.
        params: any pytree of arrays or of `jax.ShapeDtypeStruct`s; nothing is computed.
        *args: the loss's further arguments, likewise.

    Returns:
        A report with `static=True`. For a blocked leaf, `where` names each cutting equation.

    Raises:
        NotALoss: the loss cannot be traced, has no parameters, or gives no real scalar.
    """
    program = trace(loss, params, args)
    static = analyse(program)
    pairs = zip(program.params.names, program.params.learning, static.findings)
    return Report(
        leaves=tuple(make_leaf(name, x, finding) for name, x, finding in pairs),
        skipped=program.params.skipped,
        notes=tuple(static.dependence.notes),
        static=True,
        find_flow=partial(static_flow, program, static.dependence, static.cuts),
    )


def analyse(program: Program) -> Static:
    """The static findings of a traced loss."""
    missing = missing_derivatives(program.jaxpr, program.leaf_count)
    dependence = Dependence(refused=missing.alone, underivable=missing.underivable)
    flow = dependence.jaxpr(program.jaxpr)
    everyone = (1 << program.leaf_count) - 1
    value, tangent = flow.value[0] & everyone, flow.tangent[0] & everyone
    cuts = find_cuts(dependence, program.jaxpr, value & ~tangent)
    findings = []
    for i in range(program.leaf_count):
        if not value >> i & 1:
            findings.append(_disconnected(program, flow.value, i))
        elif not tangent >> i & 1:
            findings.append(_blocked([cut for cut in cuts if cut.leaves >> i & 1]))
        else:
            findings.append(Finding("reachable", "a differentiable path leads to the loss"))
    return Static(tuple(findings), tuple(cuts), dependence, missing.underivable)


def make_leaf(name: str, array: Any, finding: Finding) -> Leaf:
    """A leaf of a report with one finding."""
    return Leaf(
        name=name,
        shape=tuple(array.shape),
        dtype=str(array.dtype),
        verdict=finding.verdict,
        evidence=finding.evidence,
        where=list(finding.where),
    )


def _blocked(cuts: list[Cut]) -> Finding:
    where = tuple(dict.fromkeys(cut.place for cut in cuts))
    names = ", ".join(dict.fromkeys(cut.primitive for cut in cuts))
    text = f"proved: the loss depends on it, but every path crosses {names}, without a derivative"
    return Finding("blocked", text, where)


def _disconnected(program: Program, rows: tuple[int, ...], leaf: int) -> Finding:
    """Says where the leaf's data go instead."""
    outputs = [name for name, row in zip(program.outputs, rows) if row >> leaf & 1]
    jaxpr = jaxprs.open_jaxpr(program.jaxpr)
    variable = jaxpr.invars[leaf]
    readers = [e for e in jaxpr.eqns if any(x is variable for x in e.invars)]
    if outputs:
        fate = f"it reaches only the auxiliary output {', '.join(outputs)}"
    elif readers:
        fate = _THROWN_AWAY
    else:
        fate = _DROPPED
    return Finding(
        "disconnected",
        f"proved: the loss does not depend on it; {fate}",
        tuple(dict.fromkeys(find_place(e) for e in readers)),
    )

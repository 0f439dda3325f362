"""The call `reach`, the static check: which leaves the loss depends on, and with a derivative."""

from collections.abc import Callable
from functools import partial
from typing import Any

from checks.findings import Finding
from checks.flow.module_flow import find_static_flow
from checks.judges.blocked import prove_blocked
from checks.judges.disconnected import prove_disconnected
from checks.program.trace import trace
from checks.proofs.proof import Proof, prove
from checks.render.printable import PrintableReport
from checks.verdicts import REACHABLE, make_leaf


def reach(loss: Callable[..., Any], params: Any, *args: Any) -> PrintableReport:
    """Proves for each leaf that it is `disconnected`, `blocked` or else `reachable`.

    Args:
        loss: `loss(params, *args)` -> real scalar, or a tuple of it and auxiliary output.
        params: any pytree of arrays or of `jax.ShapeDtypeStruct`s, with at least one floating leaf;
            nothing is computed.
        *args: the loss's further arguments, pytrees likewise.

    Returns:
        A report with `static=True`. For a blocked leaf, `where` names each cutting equation.

    Raises:
        NotALoss: the loss cannot be traced, has no parameters, or gives no real scalar.
    """
    program = trace(loss, params, args)
    proof = prove(program)
    return PrintableReport(
        leaves=tuple(
            make_leaf(name, x, [finding])
            for name, x, finding in zip(
                program.params.names, program.params.learning, find_proved(proof)
            )
        ),
        skipped=program.params.skipped,
        problems=tuple(proof.problems),
        notes=(*proof.dependence.notes, *find_failure_notes(proof)),
        static=True,
        find_flow=partial(find_static_flow, program, proof.dependence, proof.cuts),
    )


def find_failure_notes(proof: Proof) -> list[str]:
    """Returns a sentence if JAX cannot trace the gradient of the loss, for an unknown reason.

    Args:
        proof: what was proved of the program.
    """
    text = f"JAX cannot trace the gradient of the loss ({proof.failure}); no verdict rests on it"
    return [text] if proof.failure else []


def find_proved(proof: Proof) -> list[Finding]:
    """Returns for each leaf, in order, the finding that follows from the proof alone.

    Its verdict is `disconnected`, `blocked` or else `reachable`.

    Args:
        proof: what was proved of the program.
    """
    reachable = Finding(REACHABLE, "a differentiable path leads to the loss")
    proved = {**prove_disconnected(proof), **prove_blocked(proof)}
    return [proved.get(leaf, reachable) for leaf in range(proof.program.leaf_count)]

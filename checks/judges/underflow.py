"""The judge of `underflow`: rounding in the program's types removes the gradient or update."""

import jax.numpy as jnp
import numpy as np

from checks.evidence import Evidence
from checks.findings import Finding, Findings
from checks.judges.judge import Judge
from checks.judges.starved import is_starved
from checks.measure.movement import Standstill
from checks.measure.points import root_mean_square
from checks.measure.rounding import LOST, measure_rounding
from checks.measure.vanished import LostGradient
from checks.program.runner import widen_array


def find_underflow(evidence: Evidence) -> Findings:
    """Finds leaves whose gradient is mostly rounding, or that move only in float64.

    Leaves whose gradient is zero because a constant is zero in the program's types count too.

    Args:
        evidence: what was proved and measured.

    Returns:
        Leaf index -> its findings, for the leaves of which the verdict `underflow` is true. The
        other leaves are left out.
    """
    found = {leaf: [_describe_lost(lost)] for leaf, lost in evidence.lost_gradients.items()}
    errors = measure_rounding(evidence.runner, evidence.survey, evidence.alive)
    for leaf, error in errors.items():
        if error > LOST:
            found.setdefault(leaf, []).append(_describe_rounding(error))
    for leaf, standstill in evidence.standstills.items():
        if not is_starved(standstill):
            found.setdefault(leaf, []).append(_describe_standstill(evidence, leaf, standstill))
    return found


def _describe_lost(lost: LostGradient) -> Finding:
    names = ", ".join(dict.fromkeys(f"{c.value:.3g} is 0 in {c.dtype}" for c in lost.constants))
    return Finding(
        "underflow",
        f"measured: the constant {names}: the gradient is zero at all points, and "
        f"{lost.size:.1e} when the loss is traced in float64",
        tuple(dict.fromkeys(constant.place for constant in lost.constants)),
    )


def _describe_rounding(error: float) -> Finding:
    text = f"the gradient as written is off by {error:.1e} of its float64 size"
    return Finding("underflow", f"measured: {text}: lost in rounding")


def _describe_standstill(evidence: Evidence, leaf: int, standstill: Standstill) -> Finding:
    half = _compute_half_ulp(evidence.training.leaves[0][leaf])
    return Finding(
        "underflow",
        f"measured: in float64 the optimiser moves it by {standstill.together:.1e} (root mean "
        f"square), as written not in {standstill.asked} steps; half an ulp of the weight is "
        f"{half:.1e}",
    )


def _compute_half_ulp(leaf: np.ndarray) -> float:
    """Computes half an ulp of an element of the leaf's typical size, in the leaf's own type."""
    typical = root_mean_square(widen_array(leaf))
    return 0.5 * float(jnp.finfo(leaf.dtype).eps) * typical


UNDERFLOW = Judge("underflow", find_underflow, "#7a5f12", is_harmless_in_slices=True)

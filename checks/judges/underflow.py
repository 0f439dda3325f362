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
from checks.program.runner import widen_array


def find_underflow(evidence: Evidence) -> Findings:
    """Finds leaves whose gradient is mostly rounding, and those that move only in float64.

    Args:
        evidence: what was proved and measured.

    Returns:
        Leaf index -> its findings, for the leaves of which the verdict `underflow` is true. The
        other leaves are left out.
    """
    found: dict[int, list[Finding]] = {}
    errors = measure_rounding(evidence.runner, evidence.survey, evidence.alive)
    for leaf, error in errors.items():
        if error > LOST:
            found.setdefault(leaf, []).append(_describe_rounding(error))
    for leaf, standstill in evidence.standstills.items():
        if not is_starved(standstill):
            found.setdefault(leaf, []).append(_describe_standstill(evidence, leaf, standstill))
    return found


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

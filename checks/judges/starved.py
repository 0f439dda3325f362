"""The judge of `starved`: the leaf has a gradient, but the optimiser gives it no update."""

import numpy as np

from checks.evidence import Evidence
from checks.findings import Finding, Findings
from checks.judges.judge import Judge
from checks.measure.movement import Standstill, find_starving_stage
from checks.measure.points import root_mean_square

# An update that the other leaves make this many times smaller counts as no update.
_SCALED_DOWN = 1e3


def find_starved(evidence: Evidence) -> Findings:
    """Finds the leaves that the optimiser hardly moves, or not at all, in float64 too.

    Args:
        evidence: what was proved and measured.

    Returns:
        Leaf index -> its findings, for the leaves of which the verdict `starved` is true. The other
        leaves are left out.
    """
    return {
        leaf: [_make_finding(evidence, leaf, standstill)]
        for leaf, standstill in evidence.standstills.items()
        if is_starved(standstill)
    }


def is_starved(standstill: Standstill) -> bool:
    """Returns whether the optimiser itself, and not rounding, keeps a leaf from moving.

    Args:
        standstill: what the optimiser does with a leaf that hardly moves.

    Returns:
        True if the leaf gets no update in float64 either, or one that the gradients of the other
        leaves make over 1,000 times smaller; False if float64 moves it.
    """
    return standstill.together == 0 or standstill.alone > _SCALED_DOWN * standstill.together


def _make_finding(evidence: Evidence, leaf: int, standstill: Standstill) -> Finding:
    slopes = evidence.survey.data[0].wide.leaves
    sizes = [0.0 if g is None else root_mean_square(np.nan_to_num(g)) for g in slopes]
    text = (
        f"measured: root mean square gradient {sizes[leaf]:.1e}, but no update in "
        f"{standstill.asked} steps"
    )
    if standstill.together:
        name = evidence.program.params.names[int(np.argmax(sizes))]
        text = (
            f"measured: its update is {standstill.together:.1e}, and {standstill.alone:.1e} "
            f"if the other leaves have no gradient: the gradient of {name} scales it down"
        )
    stage = find_starving_stage(evidence.survey, evidence.chain, leaf)
    return Finding("starved", text, (f"optimiser stage {stage.name}",))


STARVED = Judge("starved", find_starved, "#655617", is_harmless_in_slices=True)

"""The judge of `starved`: the leaf has a gradient, but the optimiser gives it no update."""

import numpy as np

from checks.evidence import Evidence
from checks.findings import Finding, Findings
from checks.judges.judge import Judge
from checks.measure.movement import Standstill, find_starving_stages
from checks.measure.points import root_mean_square
from checks.measure.stages import Stage

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
    starved = {i: found for i, found in evidence.standstills.items() if is_starved(found)}
    if not starved:
        return {}
    stages = find_starving_stages(evidence.survey, evidence.chain, list(starved))
    slopes = evidence.survey.data[0].wide.leaves
    sizes = [0.0 if g is None else root_mean_square(np.nan_to_num(g)) for g in slopes]
    strongest = evidence.program.params.names[int(np.argmax(sizes))]
    return {
        leaf: [_make_finding(sizes[leaf], strongest, standstill, stages[leaf])]
        for leaf, standstill in starved.items()
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


def _make_finding(size: float, strongest: str, standstill: Standstill, stage: Stage) -> Finding:
    """Describes one starved leaf.

    Args:
        size: the root mean square of its gradient.
        strongest: the name of the leaf with the largest gradient.
        standstill: what the optimiser does with it.
        stage: the stage that makes its update smallest.
    """
    text = f"measured: root mean square gradient {size:.1e}, but no update in "
    if standstill.is_proved:
        text += "any step: the optimiser's own program makes it zero (proved)"
    elif standstill.together == 0:
        text += f"{standstill.asked} steps"
    else:
        text = (
            f"measured: its update is {standstill.together:.1e}, and {standstill.alone:.1e} "
            f"if the other leaves have no gradient: the gradient of {strongest} scales it down"
        )
    return Finding("starved", text, (f"optimiser stage {stage.name}",))


STARVED = Judge("starved", find_starved, "#655617", is_harmless_in_slices=True)

"""The judge of `vanishing`: the leaf has a gradient, but one too weak to matter."""

from checks.evidence import Evidence
from checks.findings import Finding, Findings
from checks.judges.judge import Judge
from checks.measure.strength import measure_strengths


def find_vanishing(evidence: Evidence) -> Findings:
    """Finds the leaves whose gradient is too weak beside those of the other leaves.

    Args:
        evidence: what was proved and measured.

    Returns:
        Leaf index -> its findings, for the leaves of which the verdict `vanishing` is true. The
        other leaves are left out.
    """
    found = {}
    for leaf, strength in measure_strengths(evidence.survey, evidence.alive).items():
        if strength.is_weak:
            text = (
                f"measured: root mean square gradient {strength.size:.1e}, {strength.share:.1e} of "
                f"the upper tenth of the other leaves' ({strength.effect:.1e} when multiplied by "
                "the weight)"
            )
            found[leaf] = [Finding("vanishing", text)]
    return found


VANISHING = Judge("vanishing", find_vanishing, "#8a6c10", is_harmless_in_slices=True)

"""Defines a judge.

A judge decides about one verdict. Its function takes the evidence, which it must not change, and
returns the findings of its verdict: by leaf, a `Finding` for the leaf as a whole or a
`SliceFinding` for some of its slices, each complete with its sentence and places. It leaves out the
leaves of which the verdict is not true, and does not check which other verdicts are true: if
several are, the order of `checks.judges.JUDGES` decides.

The smallest full judge is in `checks.judges.vanishing`.
"""

from collections.abc import Callable
from typing import NamedTuple

from checks.evidence import Evidence
from checks.findings import Findings


class Judge(NamedTuple):
    """A verdict and the function that finds it.

    Attributes:
        verdict: its name, as in reports and allow-lists.
        find: called as `find(evidence)`; returns leaf index -> findings of this verdict.
        colour: the colour of this verdict in pictures and on pages, as `#rrggbb`. Each family of
            verdicts has one hue: proofs are red, numbers violet, measured zeros orange, weak
            gradients yellow, and passing verdicts green.
        passes: True if a leaf with this verdict passes, False if it fails.
        is_harmless_in_slices: True if a passing leaf still passes when some of its slices have
            this verdict; False if it fails then.
    """

    verdict: str
    find: Callable[[Evidence], Findings]
    colour: str
    passes: bool = False
    is_harmless_in_slices: bool = False

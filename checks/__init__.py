"""Gradient checks for JAX programs: whether each parameter can learn and, if not, why.

    from checks import assert_alive, diagnose, profile, reach

    report = diagnose(loss, params, *args)      # a verdict with its evidence for every leaf
    report = reach(loss, params, *args)         # the static proof alone, from shapes
    assert_alive(loss, params, *args)           # in a test
    profile(loss, params, *args, leaf=name)     # where on its way back a leaf's gradient is lost

`checks.sentinels` holds what a compiled training step can report of itself.
"""

from checks.allow import Allow
from checks.assertion import assert_alive
from checks.diagnose import diagnose
from checks.flow.profile import profile
from checks.program.trace import NotALoss
from checks.reach import reach
from checks.report import Report
from checks.verdicts import Cure, Leaf, Slice

__all__ = [
    "Allow",
    "Cure",
    "Leaf",
    "NotALoss",
    "Report",
    "Slice",
    "assert_alive",
    "diagnose",
    "profile",
    "reach",
]

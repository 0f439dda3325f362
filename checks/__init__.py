"""Gradient checks for JAX programs: whether each parameter can learn and, if not, why.

    from checks import assert_alive, diagnose, profile, reach

    report = diagnose(loss, params, *args)      # a verdict with its evidence for every leaf
    report = reach(loss, params, *args)         # the static proof alone, from shapes
    assert_alive(loss, params, *args)           # in a test
    profile(loss, params, *args, leaf=name)     # where the gradient of a leaf is lost

`checks.sentinels` has statistics that a compiled training step can report.

The names are imported when they are first used (PEP 562), so that a program that needs only
`checks.sentinels` or `name_leaves` loads neither the engine nor the renderers.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from checks.allow import Allow
    from checks.assertion import assert_alive
    from checks.diagnosis import diagnose
    from checks.gradient_flow import FlowEdge, FlowNode, GradientFlow
    from checks.gradient_profile import Passage, Profile
    from checks.profiling import profile
    from checks.program.leaves import name_leaves
    from checks.program.trace import NotALoss
    from checks.reachability import reach
    from checks.render.flow_picture import flow_picture
    from checks.render.printable import PrintableProfile, PrintableReport
    from checks.render.svg import VERDICT_COLOURS, Drawing
    from checks.render.treemap import Box
    from checks.report import Report, Subtree
    from checks.shell import NOT_RUN, run_check
    from checks.terms.term import Term
    from checks.verdicts import PASSING, Cure, Finding, Leaf, Slice

# Public name -> the module that defines it.
_HOMES = {
    "NOT_RUN": "checks.shell",
    "PASSING": "checks.verdicts",
    "VERDICT_COLOURS": "checks.render.svg",
    "Allow": "checks.allow",
    "Box": "checks.render.treemap",
    "Cure": "checks.verdicts",
    "Drawing": "checks.render.svg",
    "Finding": "checks.verdicts",
    "FlowEdge": "checks.gradient_flow",
    "FlowNode": "checks.gradient_flow",
    "GradientFlow": "checks.gradient_flow",
    "Leaf": "checks.verdicts",
    "NotALoss": "checks.program.trace",
    "Passage": "checks.gradient_profile",
    "PrintableProfile": "checks.render.printable",
    "PrintableReport": "checks.render.printable",
    "Profile": "checks.gradient_profile",
    "Report": "checks.report",
    "Slice": "checks.verdicts",
    "Subtree": "checks.report",
    "Term": "checks.terms.term",
    "assert_alive": "checks.assertion",
    "diagnose": "checks.diagnosis",
    "flow_picture": "checks.render.flow_picture",
    "name_leaves": "checks.program.leaves",
    "profile": "checks.profiling",
    "reach": "checks.reachability",
    "run_check": "checks.shell",
}

__all__ = [
    "NOT_RUN",
    "PASSING",
    "VERDICT_COLOURS",
    "Allow",
    "Box",
    "Cure",
    "Drawing",
    "Finding",
    "FlowEdge",
    "FlowNode",
    "GradientFlow",
    "Leaf",
    "NotALoss",
    "Passage",
    "PrintableProfile",
    "PrintableReport",
    "Profile",
    "Report",
    "Slice",
    "Subtree",
    "Term",
    "assert_alive",
    "diagnose",
    "flow_picture",
    "name_leaves",
    "profile",
    "reach",
    "run_check",
]


def __getattr__(name: str) -> Any:
    """Imports a public name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'checks' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

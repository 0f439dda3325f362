"""Self-contained HTML pages: light, dark and on paper, without script or network."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checks.pages.flow_picture import flow_picture
from checks.pages.gradient_picture import MOST_BARS, gradient_picture
from checks.pages.map_picture import map_picture
from checks.pages.profile_picture import profile_picture
from checks.pages.rendering import rendered
from checks.pages.svg import COLOURS
from checks.table import cure_lines, is_plain, sibling_title, siblings
from checks.verdicts import worst_first

if TYPE_CHECKING:
    from checks.flow.profile import Profile
    from checks.report import Report, Subtree

# Verdicts of leaves that a gradient leads to and does not reach.
_LOST = frozenset({"stuck", "unvisited", "vanishing", "underflow", "invariant"})
_MOST_PROFILES = 6
_DEEPEST = 4


def write_html(report: "Report", path: str | Path) -> None:
    """Writes the page of a report."""
    Path(path).write_text(report_page(report), encoding="utf-8", errors="replace")


def report_page(report: "Report") -> str:
    """The page of a report as text."""
    kind = "Static proof" if report.static else "Diagnosis"
    told = [leaf for leaf in worst_first(report.leaves) if not is_plain(leaf)]
    groups = siblings(told)
    lost = [group[0].name for group in groups if group[0].verdict in _LOST]
    profiles = report.profiles(lost[:_MOST_PROFILES])
    measured = sum(leaf.gradient is not None for leaf in report.leaves)
    return _rendered(
        "report.html",
        title=f"{kind} {'passes' if report.passes else 'fails'}",
        report=report,
        map=map_picture(report.leaves),
        subtrees=_subtrees(report),
        flow=flow_picture(report.flow, report),
        steepest=_steepest(report),
        gradients=gradient_picture(report.leaves),
        gradients_shown=f", the {MOST_BARS} weakest" if measured > MOST_BARS else "",
        told=groups,
        pictures={name: profile_picture(one) for name, one in profiles.items()},
        plain=[leaf for leaf in report.leaves if is_plain(leaf)],
    )


def profile_page(profile: "Profile") -> str:
    """The page of a profile as text."""
    title = f"The gradient on its way to {profile.leaf}"
    picture = profile_picture(profile)
    return _rendered("profile.html", title=title, profile=profile, picture=picture)


def _rendered(template: str, **content: Any) -> str:
    filters = {
        "colour": COLOURS.__getitem__,
        "power": _power,
        "shape": _shape,
        "title_of": sibling_title,
        "cures": cure_lines,
    }
    return rendered(template, "checks.pages", filters=filters, content=content)


def _subtrees(report: "Report") -> "dict[str, Subtree]":
    """At the first depth at which there is more than one."""
    found = (report.by_subtree(depth) for depth in range(1, _DEEPEST + 1))
    return next((one for one in found if len(one) > 1), report.by_subtree())


def _steepest(report: "Report") -> str:
    """`attention (0.09x), gate (0.24x)`."""
    flow = report.flow
    return ", ".join(f"{node.name} ({flow.factor(node):.2g}x)" for node in flow.steepest())


def _power(value: float | None) -> str:
    return "" if value is None else f"{value:.1e}"


def _shape(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape)) or "scalar"

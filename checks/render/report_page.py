"""Makes the page of a report: one HTML file, for screen and paper, without script or network."""

from checks.render.flow_picture import flow_picture
from checks.render.gradient_picture import MOST_BARS, gradient_picture
from checks.render.leaf_filters import LEAF_FILTERS
from checks.render.leaf_groups import group_siblings, is_plain
from checks.render.map_picture import map_picture
from checks.render.profile_picture import profile_picture
from checks.render.template import fill_template
from checks.render.term_picture import colour_of_term, term_picture
from checks.render.term_text import term_lines
from checks.report import Report, Subtree
from checks.verdicts import worst_first

# Verdicts of leaves that are connected to the loss, but get too little gradient or none.
_LOST = frozenset({"stuck", "unvisited", "vanishing", "underflow", "invariant"})
# Each profile compiles a gradient, so only the worst leaves get one.
_MOST_PROFILES = 6
# Depth at which the search for more than one subtree ends.
_DEEPEST = 4


def report_page(report: Report) -> str:
    """Returns the page of a report as HTML text.

    Args:
        report: the report; its flow is computed for the page, and so are the profiles of at most
            six leaves whose gradient is lost on its path.
    """
    kind = "Static proof" if report.static else "Diagnosis"
    groups = group_siblings([leaf for leaf in worst_first(report.leaves) if not is_plain(leaf)])
    lost = [group[0].name for group in groups if group[0].verdict in _LOST]
    profiles = report.profiles(lost[:_MOST_PROFILES])
    measured = sum(leaf.gradient is not None for leaf in report.leaves)
    content = {
        "title": f"{kind} {'passes' if report.passes else 'fails'}",
        "report": report,
        "map": map_picture(report.leaves),
        "subtrees": _find_subtrees(report),
        "terms": term_picture(report.terms),
        "term_rows": [
            (colour_of_term(i), term, line)
            for i, (term, line) in enumerate(zip(report.terms, term_lines(report.terms)))
        ],
        "flow": flow_picture(report.flow, report),
        "steepest": _list_steepest(report),
        "gradients": gradient_picture(report.leaves),
        "gradients_shown": f", the {MOST_BARS} weakest" if measured > MOST_BARS else "",
        "groups": groups,
        "pictures": {name: profile_picture(one) for name, one in profiles.items()},
        "plain": [leaf for leaf in report.leaves if is_plain(leaf)],
    }
    return fill_template("report.html", LEAF_FILTERS, content)


def _find_subtrees(report: Report) -> dict[str, Subtree]:
    """Returns the subtrees at the first depth at which there is more than one."""
    found = (report.by_subtree(depth) for depth in range(1, _DEEPEST + 1))
    return next((subtrees for subtrees in found if len(subtrees) > 1), report.by_subtree())


def _list_steepest(report: Report) -> str:
    """Returns text like `attention (0.09x), gate (0.24x)`."""
    flow = report.flow
    return ", ".join(f"{node.name} ({flow.factor(node):.2g}x)" for node in flow.steepest())

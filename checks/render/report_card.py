"""Makes the card by which a report shows itself in a notebook: a piece of HTML, without script."""

from checks.render.leaf_filters import LEAF_FILTERS
from checks.render.leaf_groups import group_siblings, is_plain
from checks.render.map_picture import map_picture
from checks.render.template import fill_template
from checks.report import Report
from checks.verdicts import worst_first


def report_card(report: Report) -> str:
    """Returns the card of a report as a piece of HTML.

    The card has the verdict counts, the problems, the map of the parameters and the leaves that
    need attention. Nothing is measured for it, so that a cell shows it at once; the gradient flow
    and the profiles are on the page of `to_html`. Its style acts on the card alone, and follows
    the theme of the notebook.

    Args:
        report: the report.
    """
    attention = [leaf for leaf in worst_first(report.leaves) if not is_plain(leaf)]
    kind = "Static proof" if report.static else "Diagnosis"
    content = {
        "title": f"{kind} {'passes' if report.passes else 'fails'}",
        "report": report,
        "map": map_picture(report.leaves),
        "groups": group_siblings(attention),
    }
    return fill_template("report_card.html", LEAF_FILTERS, content)

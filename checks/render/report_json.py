"""A report as a JSON document, schema `checks.report/2`.

schema     "checks.report/2"
passes     whether nothing fails
static     whether only the static proof ran
counts     {verdict: number of leaves}
problems   sentences that fail the report as a whole
notes      what the method assumed or could not see
skipped    {name: reason}
leaves     a list of
    name, shape, dtype, verdict, passes, evidence, where
    slices     [{axis, index, verdict, evidence}]
    also       [{verdict, evidence, where}], further verdicts that hold
    gradient   root mean square in float64, null where not measured or not finite
    movement   root mean square of the first update over that of the weight; null where not
               measured or not finite, and for a weight that starts at zero
    allowed    the allow-list's reason, or null
    tried      number of edits tried on the leaf, null where no cures were requested
    cures      [{kind, edit, measure, before, after, leaves, steps}], edits that made the leaf pass;
               kind is leaf, equation or optimizer; measure is gradient, update or error; before is
               null where it was not finite; leaves are the names of all leaves that it made pass;
               steps is the number of optimiser steps after which `after` was measured
terms      the terms of the loss, empty if the loss is one term: a list of
    name       the key of the auxiliary output that holds it, or else `path:line`
    where, code, summands   its lines, the text of the first one, the number of summands in it
    state      "alive", "dead", "cancels", "outweighs", "idle", "switched off", "offset",
               "frozen", "constant" or "non-finite"
    passes, evidence, partners, allowed
    value      its value in the loss at the data, null where not finite
    gradient   Euclidean norm of its gradient in float64, likewise
    share      that norm over the sum of the norms of all terms, likewise
    subtrees   {subtree: Euclidean norm of its gradient there}
flow       the gradient flow from the loss to the inputs, module by module
    nodes      a list, the loss first, of
        name, kind ("loss", "module", "input"; "unread" for leaves that no equation reads)
        leaves     names of the parameters that the module reads
        cuts       places of the equations in it that block a leaf
        steps      in a scan, norms of the cotangent of its carry, the last step first
        arriving   norm of the cotangents that arrive at it, null where not measured
        factor     the share of them that it passes on to other modules and inputs, likewise
    edges      a list of
        reader, source   names of nodes; the gradient goes from the first to the second
        state      "flows", "cut" (only values pass) or "unused" (thrown away)
        size       Euclidean norm of the cotangent in float64, null where not measured
"""

from dataclasses import asdict
from typing import Any

from checks.gradient_flow import GradientFlow
from checks.render.strict_json import nullify_non_finite
from checks.report import Report

SCHEMA = "checks.report/2"


def report_document(report: Report) -> dict[str, Any]:
    """Returns the report as plain dicts, lists, strings, finite numbers and None.

    Args:
        report: the report; its flow is computed for the document.

    Returns:
        A dict with `schema` (`checks.report/2`), `passes`, `static`, `counts`, `problems`, `notes`,
        `skipped`, `leaves` and `terms` (lists of dicts) and `flow`, as `flow_document` returns it.
        The docstring of this module describes them. Numbers that are not finite are None.
    """
    return {
        "schema": SCHEMA,
        "passes": report.passes,
        "static": report.static,
        "counts": report.verdict_counts(),
        "problems": list(report.problems),
        "notes": list(report.notes),
        "skipped": dict(report.skipped),
        "leaves": [
            nullify_non_finite(asdict(leaf)) | {"passes": leaf.passes} for leaf in report.leaves
        ],
        "terms": [
            nullify_non_finite(asdict(term)) | {"passes": term.passes} for term in report.terms
        ],
        "flow": nullify_non_finite(flow_document(report.flow)),
    }


def flow_document(flow: GradientFlow) -> dict[str, Any]:
    """Returns a gradient flow as plain dicts, lists and numbers: the part `flow` of a report.

    Args:
        flow: the flow, measured or static.

    Returns:
        A dict with `nodes`, dicts with the fields of `FlowNode` and `arriving` and `factor`; and
        `edges`, dicts with the fields of `FlowEdge`. Sizes may be NaN or Inf.
    """
    sizes = {
        node.name: {"arriving": flow.arriving(node), "factor": flow.factor(node)}
        for node in flow.nodes
    }
    return {
        "nodes": [asdict(node) | sizes[node.name] for node in flow.nodes],
        "edges": [asdict(edge) for edge in flow.edges],
    }

"""Makes the SARIF 2.1.0 document of a report, from which CI services annotate source lines.

The rules are the verdicts. Each failing leaf is one result, at the first place that names a line;
its other places are related locations. Each problem of the report is a result of the rule
`problem`.
The standard is OASIS SARIF 2.1.0, https://docs.oasis-open.org/sarif/sarif/v2.1.0/.
"""

import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import quote

from checks.render.failing_parts import explain_failure, find_failing_verdict, format_title
from checks.render.source_lines import SourceLine, find_repository_root, read_source_line
from checks.report import Report
from checks.verdicts import Leaf

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
# Name that the standard suggests for the root of the source tree.
_ROOT = "%SRCROOT%"
_PROBLEM = "problem"
_RULES = {_PROBLEM: "The whole report fails: the loss is not finite, or an allowance is not used."}


def sarif_document(
    report: Report, loss_line: str | None = None, root: Path | None = None
) -> dict[str, Any]:
    """Returns the SARIF document of a report, as plain dicts and lists.

    Args:
        report: the report; nothing is measured.
        loss_line: `path:line` of the loss. Results without a line of their own are put there,
            because services show no result without a line; None leaves them without.
        root: folder that paths in the document are relative to; None takes the root of the
            repository around the working directory.
    """
    root = root or find_repository_root()
    failing = report.failing
    results = [
        *(_make_problem(text, loss_line, root) for text in report.problems),
        *(_make_result(leaf, loss_line, root) for leaf in failing),
    ]
    rules = dict.fromkeys(result["ruleId"] for result in results)
    driver = {"name": "checks", "rules": [_make_rule(rule) for rule in rules]}
    run = {
        "tool": {"driver": driver},
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _make_rule(rule: str) -> dict[str, Any]:
    text = _RULES.get(rule, f"A parameter, or a part of it, does not learn: {rule}.")
    return {
        "id": rule,
        "shortDescription": {"text": text},
        "defaultConfiguration": {"level": "error"},
    }


def _make_result(leaf: Leaf, loss_line: str | None, root: Path) -> dict[str, Any]:
    verdict = find_failing_verdict(leaf)
    found = [(place, read_source_line(place, root)) for place in leaf.where]
    lines = [_make_location(line, place) for place, line in found if line is not None]
    text = "\n".join([format_title(leaf), *explain_failure(leaf)])
    result = _make_bare_result(verdict, text, leaf.name)
    result["locations"] = lines[:1] or _locate(loss_line, root)
    for location in result["locations"]:
        location["logicalLocations"] = [{"fullyQualifiedName": leaf.name, "kind": "member"}]
    others = [{"id": i, **line} for i, line in enumerate(lines[1:], 1)]
    return result | ({"relatedLocations": others} if others else {})


def _make_problem(text: str, loss_line: str | None, root: Path) -> dict[str, Any]:
    return _make_bare_result(_PROBLEM, text, text) | {"locations": _locate(loss_line, root)}


def _make_bare_result(rule: str, text: str, identity: str) -> dict[str, Any]:
    """Makes a result without locations; its fingerprint does not change when lines move."""
    print_ = hashlib.sha256(f"{rule}\n{identity}".encode(errors="replace")).hexdigest()
    return {
        "ruleId": rule,
        "level": "error",
        "message": {"text": text},
        "partialFingerprints": {"leafAndVerdict/v1": print_},
    }


def _locate(loss_line: str | None, root: Path) -> list[dict[str, Any]]:
    line = None if loss_line is None else read_source_line(loss_line, root)
    return [] if line is None else [_make_location(line, "the loss")]


def _make_location(line: SourceLine, words: str) -> dict[str, Any]:
    path = quote(line.path)
    artifact = {"uri": path, "uriBaseId": _ROOT}
    if not line.is_relative:
        artifact = {"uri": f"file://{path if path.startswith('/') else '/' + path}"}
    return {
        "physicalLocation": {"artifactLocation": artifact, "region": {"startLine": line.line}},
        "message": {"text": words},
    }

"""Makes the JUnit XML of a report, which CI services show as test results: a case a leaf."""

import re
from pathlib import Path
from xml.etree import ElementTree

from checks.render.failing_parts import explain_failure, find_failing_verdict, format_title
from checks.render.source_lines import find_repository_root, read_source_line
from checks.report import Report
from checks.verdicts import Leaf

_NAME = "checks"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
# Characters that XML 1.0 cannot contain.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_document(report: Report, root: Path | None = None) -> str:
    """Returns the JUnit XML of a report.

    A leaf that fails is a failure whose type is its verdict. A leaf that the allow-list lets pass
    is skipped, with its reason. Each problem of the report is a failing case.

    Args:
        report: the report; nothing is measured.
        root: folder that paths in the document are relative to; None takes the root of the
            repository around the working directory.
    """
    root = root or find_repository_root()
    cases = [
        *(_make_problem(number, text) for number, text in enumerate(report.problems, 1)),
        *(_make_case(leaf, root) for leaf in report.leaves),
    ]
    counts = {
        "tests": str(len(cases)),
        "failures": str(sum(case.find("failure") is not None for case in cases)),
        "errors": "0",
        "skipped": str(sum(case.find("skipped") is not None for case in cases)),
    }
    suites = ElementTree.Element("testsuites", {"name": _NAME, **counts})
    ElementTree.SubElement(suites, "testsuite", {"name": _NAME, **counts}).extend(cases)
    ElementTree.indent(suites)
    return _HEAD + ElementTree.tostring(suites, encoding="unicode") + "\n"


def _make_case(leaf: Leaf, root: Path) -> ElementTree.Element:
    above, _, _ = leaf.name.rpartition("/")
    words = {"classname": ".".join([_NAME, *filter(None, above.split("/"))]), "name": leaf.name}
    lines = [read_source_line(place, root) for place in leaf.where]
    line = next(filter(None, lines), None)
    if line is not None:
        words |= {"file": line.path, "line": str(line.line)}
    case = _make_element("testcase", words)
    if leaf.allowed is not None:
        message = f"{find_failing_verdict(leaf)}: allowed: {leaf.allowed}"
        case.append(_make_element("skipped", {"message": message}))
    elif not leaf.passes:
        failure = {"type": find_failing_verdict(leaf), "message": format_title(leaf)}
        case.append(_make_element("failure", failure, "\n".join(explain_failure(leaf))))
    return case


def _make_problem(number: int, text: str) -> ElementTree.Element:
    case = _make_element("testcase", {"classname": _NAME, "name": f"problem {number}"})
    case.append(_make_element("failure", {"type": "problem", "message": text}, text))
    return case


def _make_element(tag: str, words: dict[str, str], text: str | None = None) -> ElementTree.Element:
    clean = {key: _ILLEGAL.sub("?", value) for key, value in words.items()}
    element = ElementTree.Element(tag, clean)
    element.text = None if text is None else _ILLEGAL.sub("?", text)
    return element

"""A pytest plugin: the fixture `gradient_check` and the option `--checks-html`.

pytest loads it as an entry point. The engine is loaded when a test first calls the fixture, so a
test run without such a test pays nothing.
"""

import hashlib
import itertools
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

import checks

# Title of the section of a failing test: pytest shows it as "Captured gradient check call".
_SECTION = "gradient check"
_OPTION = "checks_html"
# Longest file name without suffix: file systems allow 255 bytes.
_LONGEST = 120
# Names of tests that stay different when all other characters become "-".
_PLAIN_NAME = re.compile(r"[\w./-]+(::\w+)*(\[[\w.=-]*\])?")
# Failing leaves that the message names; the section has all of them.
_LEAVES_NAMED = 8


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the option `--checks-html DIR`."""
    parser.getgroup("gradient checks").addoption(
        "--checks-html",
        dest=_OPTION,
        metavar="DIR",
        help="write the report of each gradient_check as DIR/TEST.html and DIR/TEST.json",
    )


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Says where the pages are."""
    folder = _find_folder(config)
    pages = len(list(folder.glob("*.html"))) if folder is not None else 0
    if pages:
        terminalreporter.write_line(f"gradient checks: {pages} pages in {folder}")


@pytest.fixture
def gradient_check(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Diagnoses a loss and fails the test unless every leaf can learn.

    It is called like `checks.assert_alive`: `gradient_check(loss, params, *args, allow=[...],
    optimizer=...)`, and returns the report. The report's text is a section of the test's output,
    which pytest shows when the test fails. With `--checks-html DIR` the report is also written as
    a page and as JSON; a further call in one test adds `-2` to the name.

    Raises:
        AssertionError: a leaf fails, or the report has a problem.
        checks.NotALoss: the checks could not be run.
    """
    numbers = itertools.count(1)

    def check(loss: Callable[..., Any], params: Any, *args: Any, **settings: Any) -> Any:
        __tracebackhide__ = True
        report = checks.diagnose(loss, params, *args, **settings)
        _attach(request, report, next(numbers))
        if not report.passes:
            raise AssertionError(_summarise(report))
        return report

    return check


def _attach(request: pytest.FixtureRequest, report: "checks.PrintableReport", number: int) -> None:
    """Adds the report to the test's sections and properties, and writes its files."""
    node, text = request.node, report.table()
    node.add_report_section("call", _SECTION, text)
    node.user_properties.append(("gradient_check", text.splitlines()[0]))
    folder = _find_folder(request.config)
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    name = _make_file_name(node.nodeid) + (f"-{number}" if number > 1 else "")
    report.to_html(folder / f"{name}.html")
    report.to_json(folder / f"{name}.json")
    node.user_properties.append(("gradient_check_html", str(folder / f"{name}.html")))


def _find_folder(config: pytest.Config) -> Path | None:
    """Returns the folder of `--checks-html`, relative to where pytest was started."""
    name = config.getoption(_OPTION)
    return config.invocation_params.dir / name if name else None


def _make_file_name(test: str) -> str:
    """Returns a file name for a test, without suffix; different tests have different names."""
    name = re.sub(r"[^\w.=-]+", "-", test).strip("-")
    if _PLAIN_NAME.fullmatch(test) and len(name) <= _LONGEST:
        return name
    return f"{name[:_LONGEST]}-{hashlib.sha256(test.encode()).hexdigest()[:8]}"


def _summarise(report: "checks.PrintableReport") -> str:
    """Returns the number of failing leaves, the problems and the names of the worst leaves."""
    failing: Sequence[checks.Leaf] = report.failing
    names = [f"{leaf.name}: {leaf.verdict}" for leaf in failing[:_LEAVES_NAMED]]
    more = len(failing) - len(names)
    return "\n".join(
        [
            f"{len(failing)} of {len(report)} parameters do not learn",
            *report.problems,
            *names,
            *([f"and {more} more"] if more > 0 else []),
        ]
    )

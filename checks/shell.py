"""The shell commands, which run the checks, print the result, write files and return a status."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from checks.allow import apply_allow_list, read_allow_list
from checks.diagnosis import diagnose
from checks.profiling import profile
from checks.program.loss_line import find_loss_line
from checks.program.trace import NotALoss
from checks.reachability import reach
from checks.render.printable import PrintableProfile, PrintableReport
from checks.render.report_text import subtree_table
from checks.render.term_text import needs_attention

# Exit statuses: everything passes, a leaf fails, the checks could not be run.
PASSED, FAILED, NOT_RUN = 0, 1, 2
# The verdicts that the static proof can give; it ignores allow-list entries for others.
_PROVABLE = frozenset({"disconnected", "blocked"})


def run_check(
    loss: Callable[..., Any],
    params: Any,
    args: tuple[Any, ...],
    *,
    static: bool = False,
    allow: str | Path | None = None,
    json: str | Path | None = None,
    html: str | Path | None = None,
    sarif: str | Path | None = None,
    junit: str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
) -> int:
    """Checks a loss and prints the report; errors are printed to standard error.

    Args:
        loss: called as `loss(params, *args)`; returns a real scalar, or a tuple of it and anything
            else.
        params: any pytree of arrays.
        args: the tuple of the loss's further arguments.
        static: True runs only the static proof (`reach`), for which shapes suffice, and ignores
            `settings` and the entries for verdicts that need a measurement; False measures.
        allow: file of allow-list entries, a line each: `pattern verdict reason in words`; None for
            none.
        json: file to which the report is written as JSON; None writes none.
        html: file to which the report is written as a page; None writes none.
        sarif: file to which the failing leaves are written as SARIF 2.1.0; None writes none.
        junit: file to which the leaves are written as JUnit XML; None writes none.
        settings: further keyword arguments of `checks.diagnose`, such as `optimizer`; None for
            none.

    Returns:
        The exit status: 0 when everything passes; 1 when a leaf fails or the report has a problem;
        2 (`NOT_RUN`) when the checks could not be run or a file cannot be read or written.
    """
    try:
        _require_writable(json, html, sarif, junit)
        report = _make_report(loss, params, args, static, allow, settings or {})
        _write(report, json, html)
        if sarif is not None:
            report.to_sarif(sarif, find_loss_line(loss))
        if junit is not None:
            report.to_junit(junit)
    except (NotALoss, ValueError, OSError) as error:
        return _print_error(error)
    print(subtree_table(report))
    if report.terms and not needs_attention(report.terms):  # else they are in the table below
        print(report.term_table())
    print(report.table())
    return PASSED if report.passes else FAILED


def run_profile(
    loss: Callable[..., Any],
    params: Any,
    args: tuple[Any, ...],
    leaf: str,
    *,
    json: str | Path | None = None,
    html: str | Path | None = None,
) -> int:
    """Prints where the gradient of one leaf is lost; errors are printed to standard error.

    Args:
        loss: called as `loss(params, *args)`; returns a real scalar, or a tuple of it and anything
            else.
        params: any pytree of arrays.
        args: the tuple of the loss's further arguments.
        leaf: name of the leaf, as in a report.
        json: file to which the profile is written as JSON; None writes none.
        html: file to which the profile is written as a page; None writes none.

    Returns:
        The exit status: 0, or 2 when the profile could not be measured.
    """
    try:
        _require_writable(json, html)
        print(f"checks: gradient profile of {leaf}", file=sys.stderr, flush=True)
        found = profile(loss, params, *args, leaf=leaf)
        _write(found, json, html)
    except (NotALoss, ValueError, KeyError, OSError) as error:
        return _print_error(error)
    print(found.text())
    return PASSED


def _print_error(error: Exception) -> int:
    """Prints an error as one sentence; `str` of a KeyError would put it in quotes."""
    print(f"checks: {error.args[0] if isinstance(error, KeyError) else error}", file=sys.stderr)
    return NOT_RUN


def _require_writable(*paths: str | Path | None) -> None:
    """Raises ValueError for a file that cannot be written, before anything is measured."""
    for path in map(Path, filter(None, paths)):
        if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
            reason = "it is a folder" if path.is_dir() else f"no folder {path.parent} to write to"
            raise ValueError(
                f"{path}: cannot be written: {reason}; name a file in a folder that you can "
                "write to"
            )


def _write(
    result: PrintableReport | PrintableProfile, json: str | Path | None, html: str | Path | None
) -> None:
    if json is not None:
        result.to_json(json)
    if html is not None:
        result.to_html(html)


def _make_report(
    loss: Callable[..., Any],
    params: Any,
    args: tuple[Any, ...],
    static: bool,
    allow: str | Path | None,
    settings: Mapping[str, Any],
) -> PrintableReport:
    entries = [] if allow is None else read_allow_list(allow)
    if not static:
        allowed = [*settings.get("allow", ()), *entries]
        return diagnose(loss, params, *args, **{**settings, "allow": allowed})
    report = reach(loss, params, *args)
    provable = [entry for entry in entries if entry.verdict in _PROVABLE]
    leaves, unused = apply_allow_list(report.leaves, provable)
    return replace(report, leaves=tuple(leaves), problems=(*report.problems, *unused))

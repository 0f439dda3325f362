"""What the shell commands do: run the checks, print the table, write files, give a status."""

import importlib
import inspect
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from checks.allow import apply_allow_list, read_allow_list
from checks.diagnose import diagnose
from checks.flow.profile import profile
from checks.program.trace import NotALoss
from checks.reach import reach
from checks.report import Report
from checks.table import report_table, subtree_table

PASSED, FAILED, NOT_RUN = 0, 1, 2


def run_check(
    loss: Callable[..., Any],
    params: Any,
    args: tuple[Any, ...],
    *,
    static: bool = False,
    allow: str | Path | None = None,
    json: str | Path | None = None,
    html: str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
) -> int:
    """Checks a loss, prints the report and gives the exit status.

    Args:
        loss: as for `diagnose`.
        params: as for `diagnose`.
        args: the loss's further arguments.
        static: run only the static proof; shapes suffice.
        allow: file of allow-list entries, as `read_allow_list` reads it.
        json: where to write the report as JSON.
        html: where to write it as a page.
        settings: further keyword arguments of `diagnose`.

    Returns:
        0 when everything passes, 1 when a leaf fails, 2 when the checks could not be run.
    """
    try:
        _check_writable(json, html)
        report = _report(loss, params, args, static, allow, settings or {})
        if json is not None:
            report.to_json(json)
        if html is not None:
            report.to_html(html)
    except (NotALoss, ValueError, OSError) as error:
        print(f"checks: {error}", file=sys.stderr)
        return NOT_RUN
    print(subtree_table(report))
    print(report_table(report))
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
    """Prints where the gradient of one leaf is lost; 0, or 2 when it could not be run.

    Args:
        loss: as for `diagnose`.
        params: as for `diagnose`.
        args: the loss's further arguments.
        leaf: its name, as in a report.
        json: where to write the profile as JSON.
        html: where to write it as a page.
    """
    try:
        _check_writable(json, html)
        print(f"checks: the way of the gradient to {leaf}", file=sys.stderr, flush=True)
        found = profile(loss, params, *args, leaf=leaf)
        if json is not None:
            found.to_json(json)
        if html is not None:
            found.to_html(html)
    except (NotALoss, ValueError, KeyError, OSError) as error:
        print(f"checks: {error.args[0] if isinstance(error, KeyError) else error}", file=sys.stderr)
        return NOT_RUN
    print(found.text())
    return PASSED


def load_factory(name: str) -> Callable[[], Any]:
    """The factory called `MODULE:FACTORY`; the working directory is searched too.

    Raises:
        ValueError: the name has no colon, there is no such module or function, or the module
            raises when it is imported.
    """
    module, colon, factory = name.partition(":")
    if not (module and colon and factory):
        raise ValueError(f"a factory is named MODULE:FACTORY: got {name!r}")
    sys.path.insert(0, str(Path.cwd()))
    try:
        found = getattr(importlib.import_module(module), factory)
    except Exception as error:
        raise ValueError(f"no factory {name!r}: {type(error).__name__}: {error}") from error
    if not callable(found):
        raise ValueError(f"a factory is a function: got {type(found).__name__} for {name!r}")
    return found


def made(factory: Callable[[], Any]) -> tuple[Any, Any, tuple[Any, ...], Mapping[str, Any]]:
    """Loss, parameters, arguments and settings out of a factory.

    Raises:
        ValueError: the factory raises, or returns something else than
            `loss, params, args` or `loss, params, args, settings`.
    """
    try:
        result = factory()
    except Exception as error:
        raise ValueError(f"the factory raised {type(error).__name__}: {error}") from error
    what = "a factory returns `loss, params, args` (and settings of diagnose, if any)"
    if not (isinstance(result, tuple) and len(result) in (3, 4) and callable(result[0])):
        raise ValueError(f"{what}: got {type(result).__name__}")
    loss, params, args, *rest = result
    settings = rest[0] if rest else {}
    if not isinstance(args, tuple | list):
        raise ValueError(f"{what}, args a tuple: got {type(args).__name__}")
    known = set(inspect.signature(diagnose).parameters) - {"loss", "params", "args"}
    if not (isinstance(settings, Mapping) and set(settings) <= known):
        raise ValueError(f"{what}, settings a dict of {', '.join(sorted(known))}: got {settings!r}")
    return loss, params, tuple(args), settings


def _check_writable(*paths: str | Path | None) -> None:
    """Before anything is measured; what fails only later raises OSError then."""
    for path in map(Path, filter(None, paths)):
        if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
            why = "it is a folder" if path.is_dir() else f"no folder {path.parent} to write to"
            raise ValueError(f"{path}: cannot be written: {why}; name a file in a folder of yours")


def _report(
    loss: Callable[..., Any],
    params: Any,
    args: tuple[Any, ...],
    static: bool,
    allow: str | Path | None,
    settings: Mapping[str, Any],
) -> Report:
    entries = [] if allow is None else read_allow_list(allow)
    if not static:
        given = [*settings.get("allow", ()), *entries]
        return diagnose(loss, params, *args, **{**settings, "allow": given})
    report = reach(loss, params, *args)
    provable = [e for e in entries if e.verdict in ("disconnected", "blocked")]
    leaves, unused = apply_allow_list(report.leaves, provable)
    return replace(report, leaves=tuple(leaves), problems=tuple(unused))

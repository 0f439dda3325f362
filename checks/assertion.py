"""The call `assert_alive`, which runs the checks as a test, and its message."""

from collections.abc import Callable, Sequence
from typing import Any

from checks.allow import Allow
from checks.diagnosis import diagnose
from checks.render.report_text import leaf_table
from checks.report import Report


def assert_alive(
    loss: Callable[..., Any],
    params: Any,
    *args: Any,
    allow: Sequence[Allow | tuple[str, str, str]] = (),
    **settings: Any,
) -> None:
    """Fails unless every leaf, and every slice of it, can learn.

    Args:
        loss: called as `loss(params, *args)`; returns a real scalar, or a tuple of it and anything
            else.
        params: any pytree of arrays with at least one floating leaf.
        *args: the loss's further arguments, pytrees likewise.
        allow: entries (name pattern, verdict, reason) for leaves that may fail.
        **settings: further keyword arguments of `checks.diagnose`: `optimizer`, `compute_dtype`,
            `batches`, `seed` and `cures`.

    Raises:
        AssertionError: a leaf fails, or the report has a problem (such as an allow-list entry that
            matches no failing leaf); the message has the problems and the table of failing leaves.
        NotALoss: the checks could not be run.
        ValueError: an allow-list entry names no failing verdict or gives no reason, or a batch has
            other shapes than `args`.
    """
    report = diagnose(loss, params, *args, allow=allow, **settings)
    if not report.passes:
        raise AssertionError(describe_failure(report))


def describe_failure(report: Report) -> str:
    """Returns the number of failing leaves, the problems and the table of the failing leaves.

    Args:
        report: a report that does not pass.
    """
    failing = report.failing
    lines = [f"{len(failing)} of {len(report)} parameters do not learn", *report.problems]
    return "\n".join([*lines, leaf_table(failing) if failing else ""])

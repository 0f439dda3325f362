"""The checks as a test."""

from collections.abc import Callable, Sequence
from typing import Any

from checks.allow import Allow
from checks.diagnose import diagnose
from checks.table import leaf_table


def assert_alive(
    loss: Callable[..., Any],
    params: Any,
    *args: Any,
    allow: Sequence[Allow | tuple[str, str, str]] = (),
    **settings: Any,
) -> None:
    """Fails unless every leaf, and every slice of it, can learn; for use under pytest.

    Args:
        loss: as for `diagnose`.
        params: as for `diagnose`.
        *args: as for `diagnose`.
        allow: entries (name pattern, verdict, reason) that may fail.
        **settings: further keyword arguments of `diagnose`.

    Raises:
        AssertionError: the message is the table of what failed.
        NotALoss: it could not be run.
    """
    report = diagnose(loss, params, *args, allow=allow, **settings)
    if not report.passes:
        failing = report.failing
        lines = [f"{len(failing)} of {len(report)} parameters do not learn", *report.problems]
        raise AssertionError("\n".join([*lines, leaf_table(failing) if failing else ""]))

"""Checks what a user asks `forecast` for, before any work is done."""

import math
from pathlib import Path

from pgat_jax.errors import UserError


def check_levels(quantiles: tuple[float, ...]) -> tuple[float, ...]:
    """Checks the levels of quantiles.

    Args:
        quantiles: the levels, in any order.

    Returns:
        The levels in increasing order, each once.

    Raises:
        UserError: there is no level, or one is not a number between 0 and 1.
    """
    wrong = [q for q in quantiles if not (math.isfinite(q) and 0 < q < 1)]
    if wrong or not quantiles:
        got = f"got {wrong[0]:g}" if wrong else "got none"
        raise UserError(
            f"--quantiles: {got}, expected levels between 0 and 1, both left out, such as "
            ".05,.5,.95."
        )
    return tuple(sorted(set(quantiles)))


def check_csv_path(path: Path) -> None:
    """Checks that a CSV file can be written at a path.

    Args:
        path: the path.

    Raises:
        UserError: the path does not end in .csv, is a folder, or its folder does not exist.
    """
    if path.suffix.lower() != ".csv" or path.is_dir():
        raise UserError(f"--output {path}: expected the name of a file that ends in .csv.")
    if not path.parent.is_dir():
        raise UserError(f"--output {path}: the folder {path.parent} does not exist.")

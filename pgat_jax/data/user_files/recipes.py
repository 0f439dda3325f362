"""Writes the lines of pandas that mend a file, for the errors that refuse it."""

from pathlib import Path


def write_recipe(source: str, read: str, *steps: str) -> str:
    """Returns one line of Python that reads a file, changes it and writes the mended file.

    Args:
        source: the path of the file.
        read: the expression that reads it as a DataFrame.
        *steps: statements that change `df`.
    """
    path = Path(source)
    mended = str(path.with_name(f"{path.stem}_mended.csv"))
    code = "; ".join(["import pandas as pd", f"df = {read}", *steps])
    return f"in Python: {code}; df.to_csv({mended!r}, index=False)"


def select_rows(condition: str) -> str:
    """Returns the statement that keeps the rows for which a condition is true.

    Args:
        condition: an expression of `df`.
    """
    return f"df = df[{condition}]"


def convert_dates(column: str, expression: str) -> str:
    """Returns the statement that replaces a column by the dates of an expression.

    Args:
        column: the name of the column.
        expression: an expression of `df` with a Series of datetimes.
    """
    return f"df[{column!r}] = {expression}.dt.date"

"""Reads the numbers of a user's file: decimal points or commas, where one reading alone fits."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from pgat_jax.data.user_files.cells import Cells, shorten
from pgat_jax.errors import UserError

# The largest number: no price, distance or speed is larger, and its square is far from overflow.
LARGEST = 1e15
# What vendors and programs write where there is no number.
EMPTY = frozenset(
    ("", "null", "none", "nan", "na", "n/a", "#n/a", "n.a.", "-", "--", "—", "nd", ".", "<na>")
)
_CURRENCY = "$€£¥₹₩₽"
_SPACES = "\u00a0\u202f\u2009"
# A plain number. Python's `float` alone would also read `1_5` and `٣`.
_PLAIN = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)
_INFINITE = re.compile(r"[-+]?inf(?:inity)?", re.IGNORECASE)
_MARKS = re.compile(r"[.,]")


class NumberForm(NamedTuple):
    """How a file writes numbers.

    Attributes:
        decimal: the decimal sign, `.` or `,`.
        groups: the sign between thousands, or empty.
        note: for the user; empty for decimal points without thousands.
    """

    decimal: str
    groups: str
    note: str


POINTS = NumberForm(".", "", "")
_FORMS = (
    POINTS,
    NumberForm(".", ",", "thousands by commas"),
    NumberForm(",", "", "decimal commas"),
    NumberForm(",", ".", "decimal commas, thousands by points"),
    NumberForm(",", " ", "decimal commas, thousands by spaces"),
    NumberForm(".", "'", "thousands by apostrophes"),
    NumberForm(".", " ", "thousands by spaces"),
)


def find_form(cells: Cells, columns: Iterable[int]) -> NumberForm:
    """Finds the decimal sign of the numbers of a file.

    Args:
        cells: the columns of the file.
        columns: the indices of the columns with numbers.

    Raises:
        UserError: a comma or point can be a decimal sign as well as one between thousands.
    """
    texts: dict[str, tuple[int, int]] = {}
    for i in columns:
        column = cells.columns[i]
        if not isinstance(column, np.ndarray | str):
            for row, cell in enumerate(column):
                if not is_empty(cell):
                    texts.setdefault(_strip(cell), (i, row))
    marked = [text for text in texts if not text.isdecimal()]
    forms = [form for form in _FORMS if all(_matches(form, text) for text in marked)]
    if POINTS in forms and (cells.has_points or not _is_doubtful(texts)):
        return POINTS
    readings = {tuple(_convert(form, text) for text in marked): form for form in reversed(forms)}
    if len(readings) < 2:
        return next(iter(readings.values()), POINTS)
    text = next(text for text in marked if _MARKS.search(text))
    raise _refuse_doubtful(cells, text, *texts[text], [cells.names[i] for i in columns])


def read_numbers(cells: Cells, column: int, form: NumberForm) -> np.ndarray:
    """Converts a column to numbers.

    Args:
        cells: the columns of the file.
        column: the index of the column.
        form: how the file writes numbers.

    Returns:
        [rows] float64, rounded correctly; NaN where the file has no number.

    Raises:
        UserError: a cell is not a number, infinite or too large.
    """
    found, name = cells.columns[column], cells.names[column]
    if isinstance(found, str):
        raise cells.refuse_file(f"column {name!r}: got type {found}, expected numbers")
    if not isinstance(found, np.ndarray):
        found = _read_texts(cells, column, found, form)
    elif found.dtype.kind == "M":
        raise cells.refuse(column, 0, f"got {found[0]}, expected a number")
    for i in np.flatnonzero(np.isinf(found))[:1]:
        raise cells.refuse(column, int(i), f"got {found[i]}, expected a finite number")
    for i in np.flatnonzero(np.abs(found) > LARGEST)[:1]:
        what = f"got {found[i]:g}, expected a number up to {LARGEST:g} in size"
        raise cells.refuse(column, int(i), what)
    return found


def is_empty(cell: Any) -> bool:
    """Returns whether a cell of text says that there is no number.

    Args:
        cell: a text, or None.
    """
    return cell is None or cell.strip().lower() in EMPTY


def _read_texts(cells: Cells, column: int, texts: Sequence[Any], form: NumberForm) -> np.ndarray:
    values = np.full(len(texts), np.nan)
    for row, text in enumerate(texts):
        if is_empty(text):
            continue
        plain = _convert(form, _strip(text))
        if _PLAIN.fullmatch(plain) or _INFINITE.fullmatch(plain):
            values[row] = float(plain)
        else:
            raise cells.refuse(column, row, f"got {shorten(text)}, expected a number")
    return values


def _strip(text: str) -> str:
    """Returns a number without signs of currency, and with plain spaces alone."""
    for space in _SPACES:
        text = text.replace(space, " ")
    return text.strip().strip(_CURRENCY).strip()


def _matches(form: NumberForm, text: str) -> bool:
    """Returns whether a text is a number in a form; a text that is none in any form passes."""
    if is_empty(text) or not re.fullmatch(r"[-+]?[\d.,' ]+", text, re.ASCII):
        return True
    decimal = re.escape(form.decimal)
    whole = rf"[1-9]\d{{0,2}}(?:{re.escape(form.groups)}\d{{3}})+|\d+" if form.groups else r"\d+"
    return bool(re.fullmatch(rf"[-+]?(?:(?:{whole})(?:{decimal}\d*)?|{decimal}\d+)", text))


def _convert(form: NumberForm, text: str) -> str:
    """Returns the number with a decimal point and without thousands, if it is one in the form."""
    if form == POINTS or not _matches(form, text):
        return text
    plain = text.replace(form.groups, "") if form.groups else text
    return plain.replace(form.decimal, ".")


def _is_doubtful(texts: Iterable[str]) -> bool:
    """Returns whether every point may stand between thousands: before three digits, after one."""
    pointed = [text for text in texts if re.fullmatch(r"[-+]?[\d.]*\.[\d.]*", text, re.ASCII)]
    grouped = [text for text in pointed if re.fullmatch(r"[-+]?[1-9]\d{0,2}(\.\d{3})+", text)]
    return bool(pointed) and len(grouped) == len(pointed)


def _refuse_doubtful(
    cells: Cells, text: str, column: int, row: int, prices: list[str]
) -> UserError:
    """Returns the error about a sign of two meanings; its recipe takes the likelier."""
    is_comma = "," in text
    decimal = "c.str.replace(',', '.').astype(float)" if is_comma else "c.astype(float)"
    thousands = f"c.str.replace({',' if is_comma else '.'!r}, '')"
    chosen, other = (thousands, decimal) if is_comma else (decimal, thousands)
    meaning = "between thousands" if is_comma else "the decimal sign"
    return cells.refuse(
        column, row, f"got {shorten(text)}, whose {'comma' if is_comma else 'point'} can be the "
        "decimal sign or between thousands, as in every other row: expected numbers of one "
        f"meaning; if it is {meaning} (else with {other})",
        f"df[{prices}] = df[{prices}].apply(lambda c: {chosen})",
    )  # fmt: skip

"""Reads the dates of a user's file by the only form that fits every row, or refuses them."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np

from pgat_jax.data.user_files.cells import Cells, Column, shorten
from pgat_jax.data.user_files.clocks import DAY, SECOND, check_clock, check_epoch, read_epoch
from pgat_jax.data.user_files.recipes import convert_dates
from pgat_jax.data.user_files.synonyms import CLOCKS, compact
from pgat_jax.errors import UserError

_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
# A two-digit year below this belongs to this century, as in POSIX.
_PIVOT = 69
_WORD = r"(?P<month>[A-Za-z]{3,9})\.?"
_CLOCK = (
    r"(?:[T ] *(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d{1,9})?)?"
    r" ?(?P<half>[AaPp]\.?[Mm]\.?)?"
    r" ?(?P<zone>Z|UTC|GMT|(?:GMT)?[+-]\d{2}(?::?\d{2})?)?)?"
)


class Form(NamedTuple):
    """A way to write dates.

    Attributes:
        name: its name in messages, such as `YYYY-MM-DD`.
        pattern: the cells it matches, with groups `year`, `month` and `day`.
        code: the format of `pandas.to_datetime`.
    """

    name: str
    pattern: re.Pattern[str]
    code: str


def _form(name: str, pattern: str, code: str) -> Form:
    pattern = pattern.replace("Y4", r"(?P<year>\d{4})").replace("Y2", r"(?P<year>\d{2})")
    pattern = pattern.replace("MM", _WORD)
    pattern = pattern.replace("D1", r"(?P<day>\d{1,2})").replace("M1", r"(?P<month>\d{1,2})")
    return Form(name, re.compile(f"(?:[A-Za-z]{{3,9}},? )?{pattern}{_CLOCK}", re.ASCII), code)


_YEAR_FIRST = (
    _form("YYYY-MM-DD", r"Y4-M1-D1", "%Y-%m-%d"),
    _form("YYYY/MM/DD", r"Y4/M1/D1", "%Y/%m/%d"),
    _form("YYYY.MM.DD", r"Y4\.M1\.D1\.?", "%Y.%m.%d"),
    _form("YYYYMMDD", r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?:\.0)?", "%Y%m%d"),
    _form("YYYY年MM月DD日", r"Y4年 ?M1月 ?D1日", "%Y年%m月%d日"),
)
_OTHERS = (
    *(
        form
        for sign, escaped in (("/", "/"), (".", r"\."), ("-", "-"))
        for form in (
            _form(f"MM{sign}DD{sign}YYYY", rf"M1{escaped}D1{escaped}Y4", f"%m{sign}%d{sign}%Y"),
            _form(f"DD{sign}MM{sign}YYYY", rf"D1{escaped}M1{escaped}Y4", f"%d{sign}%m{sign}%Y"),
            _form(f"MM{sign}DD{sign}YY", rf"M1{escaped}D1{escaped}Y2", f"%m{sign}%d{sign}%y"),
            _form(f"DD{sign}MM{sign}YY", rf"D1{escaped}M1{escaped}Y2", f"%d{sign}%m{sign}%y"),
            _form(f"YY{sign}MM{sign}DD", rf"Y2{escaped}M1{escaped}D1", f"%y{sign}%m{sign}%d"),
        )
    ),
    _form("DD Mon YYYY", r"D1[- ./]?MM[- ./]?,? ?Y4", "%d %b %Y"),
    _form("Mon DD YYYY", r"MM[- ]D1(?:st|nd|rd|th)?,? ?[- ]?Y4", "%b %d %Y"),
    _form("YYYY-Mon-DD", r"Y4[- ]MM[- ]D1", "%Y-%b-%d"),
    _form("DD-Mon-YY", r"D1[- ./]MM[- ./]Y2", "%d-%b-%y"),
    _form("YY-Mon-DD", r"Y2[- ./]MM[- ./]D1", "%y-%b-%d"),
    _form("Mon DD YY", r"MM[- ]D1,? ?[- ]?'?Y2", "%b %d %y"),
)
FORMS = (*_YEAR_FIRST, *_OTHERS)
_WHOLE = re.compile(r"-?\d+(?:\.0+)?", re.ASCII)
# Excel's numbers of the days 1927 to 2119.
_SERIALS = (10_000, 80_000)
# The years that a date may have; a form that leads to others does not fit.
_YEARS = range(1700, 2200)


class Reading(NamedTuple):
    """Dates, and how they were read.

    Attributes:
        days: [rows] `datetime64[D]`.
        seconds: [rows] the time of day, in seconds; zero where none is stated.
        note: the form, for the user; empty for ISO dates.
        parse: the expression of pandas that reads them, without its end `, utc=True)`.
    """

    days: np.ndarray
    seconds: np.ndarray
    note: str
    parse: str


def read_dates(cells: Cells, column: int) -> Reading:
    """Reads the dates of a file.

    Args:
        cells: the columns of the file.
        column: the index of the dates.

    Returns:
        The local dates as they are written, or those of UTC where a number is stated.

    Raises:
        UserError: a cell is no date, no form fits every row, or several do.
    """
    found = cells.columns[column]
    if isinstance(found, str):
        raise cells.refuse_file(f"column {cells.names[column]!r}: got type {found}, expected dates")
    if isinstance(found, np.ndarray) and found.dtype.kind == "M":
        reading = _read_times(cells, column, found)
    elif isinstance(found, np.ndarray):
        reading = _read_numbers(cells, column, [_write_number(v) for v in found])
    else:
        reading = _read_text(cells, column, found)
    check_clock(cells, column, reading.days, reading.seconds, reading.parse)
    return reading


def looks_like_dates(column: Column) -> bool:
    """Returns whether the first cell of a column is a date.

    Args:
        column: a column of `Cells`.
    """
    if isinstance(column, str) or not len(column):
        return False
    if isinstance(column, np.ndarray):
        return column.dtype.kind == "M"
    cell = (column[0] or "").strip()
    return any(_parse(form, cell) for form in FORMS) or bool(re.fullmatch(r"\d{10,}", cell))


def _read_times(cells: Cells, column: int, times: np.ndarray) -> Reading:
    for i in np.flatnonzero(np.isnat(times))[:1]:
        raise cells.refuse(column, int(i), "is empty, expected a date")
    days = times.astype("datetime64[D]")
    return Reading(days, (times - days) / SECOND, "", _write_parse(cells, column))


def _write_parse(cells: Cells, column: int, form: str = "") -> str:
    """Returns the expression of pandas that reads dates of a form, without its end."""
    order = ", dayfirst=True" * form.startswith("DD") + ", yearfirst=True" * form.startswith("YY")
    mixed = f", format='mixed'{order}" if form not in ("", "YYYY-MM-DD") else ""
    return f"pd.to_datetime(df[{cells.names[column]!r}]{mixed}"


def _write_number(value: float) -> str:
    return f"{value:.0f}" if value == np.round(value) else str(value)


def _read_text(cells: Cells, column: int, texts: Sequence[Any]) -> Reading:
    texts = [(cell or "").strip() for cell in texts]
    for i, cell in enumerate(texts):
        if not cell:
            raise cells.refuse(
                column, i, "is empty, expected a date; to leave such rows out",
                f"df = df.dropna(subset=[{cells.names[column]!r}])",
            )  # fmt: skip
    if all(map(_WHOLE.fullmatch, texts)):
        return _read_numbers(cells, column, texts)
    return _read_forms(cells, column, texts)


def _read_numbers(cells: Cells, column: int, texts: list[str]) -> Reading:
    """Reads dates that are whole numbers: YYYYMMDD, or times since 1970."""
    compact_dates = _parse_all(FORMS[3], texts)
    if compact_dates is not None:
        return Reading(*compact_dates, "dates YYYYMMDD", _write_parse(cells, column))
    name, values = cells.names[column], np.array(texts, float)
    if np.all((values > _SERIALS[0]) & (values < _SERIALS[1])):
        serial = f"pd.to_datetime(df[{name!r}].astype(float), unit='D', origin='1899-12-30')"
        raise cells.refuse(
            column, 0, f"got {texts[0]}, the number of a day of Excel, which counts from 1900 or "
            "from 1904; expected a date; if from 1900", convert_dates(name, serial),
        )  # fmt: skip
    epoch = read_epoch(values)
    if epoch is None:
        worst = next(i for i, t in enumerate(texts) if not _parse(FORMS[3], t))
        raise _refuse_cell(cells, column, worst, texts[worst], "YYYY-MM-DD")
    check_epoch(cells, column, epoch, is_named=compact(name) in CLOCKS)
    days = epoch.times.astype("datetime64[D]")
    note = f"dates in {epoch.unit} since 1970, UTC"
    return Reading(days, (epoch.times - days) / SECOND, note, epoch.write_parse(name))


def _read_forms(cells: Cells, column: int, texts: list[str]) -> Reading:
    """Reads dates by the only form that fits every row."""
    fits = {form: found for form in FORMS if (found := _parse_all(form, texts))}
    if len(fits) > 1:
        ordered = {form: found for form, found in fits.items() if _is_ordered(found[0])}
        fits = ordered or fits
    if len({found[0].tobytes() for found in fits.values()}) == 1:
        form, found = next(iter(fits.items()))
        note = "" if form.name == "YYYY-MM-DD" else f"dates {form.name}"
        return Reading(*found, note, _write_parse(cells, column, form.name))
    if fits:
        raise _refuse_ambiguous(cells, column, texts, list(fits))
    raise _refuse_forms(cells, column, texts)


def _is_ordered(days: np.ndarray) -> bool:
    """Returns whether dates rise or fall, as daily rows do."""
    steps = np.diff(days) / DAY
    return bool((steps >= 0).all() or (steps <= 0).all())


def _parse_all(form: Form, texts: list[str]) -> tuple[np.ndarray, np.ndarray] | None:
    found = []
    for text in texts:
        parsed = _parse(form, text)
        if parsed is None:
            return None
        found.append(parsed)
    days, seconds = zip(*found)
    return np.array(days, "datetime64[D]"), np.array(seconds, float)


def _parse(form: Form, text: str) -> tuple[date, float] | None:
    """Returns the date and the seconds of its day that a text states in a form."""
    found = form.pattern.fullmatch(text)
    if not found:
        return None
    year, month, day = found["year"], found["month"], found["day"]
    number = int(month) if month.isdecimal() else _find_month(month)
    full = int(year) + (0 if len(year) == 4 else 2000 if int(year) < _PIVOT else 1900)
    seconds = _read_clock(found)
    try:
        return (date(full, number, int(day)), seconds) if full in _YEARS and seconds >= 0 else None
    except ValueError:
        return None


def _find_month(name: str) -> int:
    """Returns the number of a month from its English name or its first letters; 0 for none."""
    found = [i for i, month in enumerate(_MONTHS, 1) if month.startswith(name.lower())]
    return found[0] if len(found) == 1 else 0


def _read_clock(found: re.Match[str]) -> float:
    """Returns the seconds since midnight; -1 if there is no such time."""
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    if half := found["half"]:
        if not 1 <= hour <= 12:
            return -1.0
        hour = hour % 12 + 12 * (half[0] in "Pp")
    return 3600.0 * hour + 60.0 * minute + second if hour < 24 and minute < 60 > second else -1.0


def _refuse_ambiguous(cells: Cells, column: int, texts: list[str], forms: list[Form]) -> UserError:
    names, name = " or ".join(form.name for form in forms), cells.names[column]
    likely = max(forms, key=lambda form: form.name.startswith("DD"))
    expression = f"pd.to_datetime(df[{name!r}], format={likely.code!r})"
    return cells.refuse(
        column, 0, f"got {shorten(texts[0])}, which can be {names}, as every other row can: "
        f"expected dates of one meaning, such as YYYY-MM-DD; if it is {likely.name}",
        convert_dates(name, expression),
    )  # fmt: skip


def _refuse_forms(cells: Cells, column: int, texts: list[str]) -> UserError:
    """Returns the error about the first cell that the form of most cells does not fit."""
    counts = {form: sum(_parse(form, text) is not None for text in texts) for form in FORMS}
    best = max(counts, key=lambda form: counts[form])
    if not counts[best]:
        return _refuse_cell(cells, column, 0, texts[0], "YYYY-MM-DD")
    row = next(i for i, text in enumerate(texts) if _parse(best, text) is None)
    expected = best.name if best in _YEAR_FIRST else f"{best.name}, as in most rows"
    return _refuse_cell(cells, column, row, texts[row], expected)


def _refuse_cell(cells: Cells, column: int, row: int, cell: str, expected: str) -> UserError:
    return cells.refuse(column, row, f"got {shorten(cell)}, expected a date {expected}")

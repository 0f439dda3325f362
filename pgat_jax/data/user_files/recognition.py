"""Finds what each column of a user's file is, by its name."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NoReturn

from pgat_jax.data.columns import KNOWN, PRICES, TARGETS, TIME_DELTA
from pgat_jax.data.user_files.cells import Cells
from pgat_jax.data.user_files.dates import looks_like_dates
from pgat_jax.data.user_files.synonyms import (
    ADJUSTED,
    DATES,
    INDEX,
    PRICE_OF,
    TICKER,
    VOLUME,
    compact,
    split_instrument,
)
from pgat_jax.errors import UserError, nearest

# Lower-case name -> name, of the columns that the model reads besides date and prices.
_OWN = {name.lower(): name for name in (*TARGETS, TIME_DELTA)} | {
    lower: column.name for lower, column in KNOWN.items()
}
# The beginnings of names that no vendor uses: an unknown one is a misspelt column of the model.
_OWN_PREFIXES = ("dyn_", "log_")
# The most names that a message lists.
_SHOWN = 8


@dataclass(frozen=True)
class Roles:
    """What the columns of a file are.

    Attributes:
        date: the index of the dates.
        own: standard name, such as `Open` or `dyn_Mars_sin` -> index.
        volume: the index of the volume; None without one.
        ticker: the index of the instrument's name; None without one.
        notes: how the names were read, for the user.
    """

    date: int
    own: dict[str, int] = field(default_factory=dict)
    volume: int | None = None
    ticker: int | None = None
    notes: tuple[str, ...] = ()


def recognise(cells: Cells) -> Roles:
    """Finds the dates, prices and the model's own columns of a file.

    Args:
        cells: the columns of the file.

    Raises:
        UserError: a column is missing, occurs twice or is misspelt.
    """
    own = _find_own(cells) | _find_prices(cells)
    date = _find_date(cells)
    _check_present(cells, date, own)
    if date is None:
        raise AssertionError("a file without dates is refused")
    volume, ticker = (_find_first(cells, keys) for keys in (VOLUME, TICKER))
    used = {date, *own.values()}
    spare = [
        name for i, name in enumerate(cells.names) if i not in used and not _is_blank(cells, i)
    ]
    taken = [(name, cells.names[i]) for name, i in {"Date": date, **own}.items()]
    renamed = [f"{raw} as {name}" for name, raw in taken if raw.lower() != name.lower()]
    notes = [", ".join(renamed)] if renamed else []
    notes += [f"without {_list(spare)}"] if spare else []
    return Roles(date, own, volume, ticker, tuple(notes))


def _find_own(cells: Cells) -> dict[str, int]:
    """Returns the columns of the model besides date and prices."""
    found: dict[str, int] = {}
    for i, raw in enumerate(cells.names):
        name = _OWN.get(raw.lower())
        if name is None and raw.lower().startswith(_OWN_PREFIXES):
            near = nearest(raw, _OWN.values())
            hint = f" (did you mean {near!r}?)" if near else ""
            raise cells.refuse_file(
                f"column {raw!r}: unknown{hint}, expected log_Open to log_Close, or a celestial "
                "column such as dyn_Mars_speed",
                *([f"df = df.rename(columns={{{raw!r}: {near!r}}})"] if near else []),
            )
        if name in found:
            raise _refuse_twice(cells, name, [found[name], i])
        if name is not None:
            found[name] = i
    return found


def _find_prices(cells: Cells) -> dict[str, int]:
    """Returns Open, High, Low, Close -> index; a plain name comes before every synonym."""
    candidates: dict[str, list[int]] = {price: [] for price in PRICES}
    for i, raw in enumerate(cells.names):
        if price := PRICE_OF.get(compact(raw)):
            candidates[price].append(i)
    if sum(map(bool, candidates.values())) < len(PRICES):
        candidates = _find_affixed(cells) or _find_adjusted(cells) or candidates
    found = {}
    for price, places in candidates.items():
        plain = [i for i in places if compact(cells.names[i]) == price.lower()]
        if len(plain or places) > 1:
            raise _refuse_twice(cells, price, plain or places)
        if places:
            found[price] = (plain or places)[0]
    return found


def _find_affixed(cells: Cells) -> dict[str, list[int]] | None:
    """Returns the prices of a file whose names carry that of the instrument, as `AAPL.Open`."""
    groups: dict[str, dict[str, list[int]]] = {}
    for i, raw in enumerate(cells.names):
        if parts := split_instrument(raw):
            group = groups.setdefault(parts[1], {price: [] for price in PRICES})
            group[parts[0]].append(i)
    whole = {ticker: group for ticker, group in groups.items() if all(group.values())}
    if len(whole) > 1:
        places = [i for price in next(iter(whole.values())).values() for i in price]
        names = {cells.names[i]: price for i, price in zip(places, PRICES)}
        raise cells.refuse_file(
            f"prices of {len(whole)} instruments ({_list(whole)}), expected one: choose it",
            f"df = df.rename(columns={names})[[df.columns[0], *{list(PRICES)}]]",
        )
    return next(iter(whole.values()), None)


def _find_adjusted(cells: Cells) -> dict[str, list[int]] | None:
    """Returns the prices of a file that has all four adjusted."""
    keys = [compact(name) for name in cells.names]
    found = {p: [i for i, key in enumerate(keys) if ADJUSTED.get(key) == p] for p in PRICES}
    return found if all(found.values()) else None


def _find_date(cells: Cells) -> int | None:
    """Returns the column of the dates: by its name, or the index that pandas wrote."""
    keys = [compact(name) for name in cells.names]
    for key in DATES:
        places = [i for i, k in enumerate(keys) if k == key and not _is_blank(cells, i)]
        if len(places) > 1:
            raise _refuse_twice(cells, "Date", places)
        if places:
            return places[0]
    for i, key in enumerate(keys):
        if key in INDEX and looks_like_dates(cells.columns[i]):
            return i
    return None


def _find_first(cells: Cells, keys: Iterable[str]) -> int | None:
    return next((i for i, name in enumerate(cells.names) if compact(name) in keys), None)


def _is_blank(cells: Cells, i: int) -> bool:
    """Returns whether a column has no name and no cells, as after a comma at the end of lines."""
    column = cells.columns[i]
    return (
        compact(cells.names[i]).startswith("unnamed")
        and isinstance(column, list)
        and not any(cell and cell.strip() for cell in column)
    )


def _check_present(cells: Cells, date: int | None, own: dict[str, int]) -> None:
    groups = [wanted for wanted in (PRICES, TARGETS) if any(name in own for name in wanted)]
    missing = [name for wanted in groups or [PRICES] for name in wanted if name not in own]
    celestial = [KNOWN[name.lower()] for name in own if name.lower() in KNOWN]
    for column in celestial:
        if column.feature.endswith(("sin", "cos")) and column.feature != "elong_cos":
            twin = column.feature[:-3] + {"sin": "cos", "cos": "sin"}[column.feature[-3:]]
            if (name := column._replace(feature=twin).name) not in own:
                missing.append(name)
    if date is None:
        missing.insert(0, "Date")
    if missing:
        _refuse_missing(cells, missing, own)
    if {"Chiron", "Ascendant"} <= {column.point for column in celestial}:
        raise cells.refuse_file(
            "columns of both Chiron and the Ascendant, which stands in Chiron's slot: leave one of "
            "them out"
        )


def _refuse_missing(cells: Cells, missing: list[str], own: dict[str, int]) -> NoReturn:
    name, steps, hint = missing[0], [], ""
    spare = [raw for i, raw in enumerate(cells.names) if i not in own.values()]
    near = nearest(name, [raw for raw in spare if compact(raw) not in DATES])
    if {"Open", "High", "Low"} <= set(missing) and "Close" in own:
        close = cells.names[own["Close"]]
        hint = " A file of closes alone has no range; this makes one from each close and the last"
        steps = [
            f"c = df[{close!r}].astype(float); o = c.shift().fillna(c)",
            "df = df.assign(Open=o, High=c.where(c > o, o), Low=c.where(c < o, o))",
        ]
    elif name == "Close" and (adjusted := _find_first(cells, {"adjclose", "adjustedclose"})):
        raw = cells.names[adjusted]
        hint = f" {raw!r} is no Close: it is adjusted for dividends, and the other prices are not"
    elif near and len(missing) == 1:
        hint = f" Did you mean {near!r}? Rename it"
        steps = [f"df = df.rename(columns={{{near!r}: {name!r}}})"]
    elif name == "Date" and len(missing) == 1 and spare:
        hint = " If the first column has the dates, name it"
        steps = ["df = df.rename(columns={df.columns[0]: 'Date'})"]
    more = f" (and {len(missing) - 1} more: {_list(missing[1:])})" if len(missing) > 1 else ""
    raise cells.refuse_file(
        f"missing column {name!r}{more}: expected Date and Open, High, Low, Close, and each sine "
        f"with its cosine; got {_list(cells.names)}{'.' * bool(hint)}{hint}",
        *steps,
    )


def _refuse_twice(cells: Cells, role: str, places: list[int]) -> UserError:
    names = [cells.names[i] for i in places]
    if len({name.lower() for name in names}) == 1:
        numbers = " and ".join(str(i + 1) for i in places)
        what = f"column {names[-1]!r} occurs twice (columns {numbers}): keep one"
    else:
        what = f"columns {' and '.join(map(repr, names))} can both be {role}: keep one"
    numbers = list(map(int, places[1:]))
    return cells.refuse_file(what, f"df = df.drop(columns=df.columns[{numbers}])")


def _list(names: Iterable[str]) -> str:
    shown = list(names)
    return ", ".join(shown[:_SHOWN]) + (", ..." if len(shown) > _SHOWN else "")


def check_one_ticker(cells: Cells, roles: Roles) -> None:
    """Checks that a file has the prices of one instrument.

    Args:
        cells: the columns of the file.
        roles: what the columns are.

    Raises:
        UserError: the column of the instrument's name has several names.
    """
    if roles.ticker is None or not isinstance(cells.columns[roles.ticker], list):
        return
    column = cells.columns[roles.ticker]
    tickers = list(dict.fromkeys(str(cell).strip() for cell in column if cell))
    if len(tickers) > 1:
        name = cells.names[roles.ticker]
        first = next(cell for cell in column if cell)
        raise cells.refuse_file(
            f"prices of {len(tickers)} instruments ({_list(tickers)}), expected one: choose it",
            f"df = df[df[{name!r}] == {first!r}]",
        )

"""2,000 files of all forms together: each is read to its dates and prices, or refused."""

import io
import itertools
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from pgat_jax.errors import UserError
from tests.data.user_files import layouts
from tests.data.user_files.conftest import read

CASES = 2000
ROWS = 24
NAMES = {
    "English": "Date,Open,High,Low,Close,Volume",
    "German": "Datum,Eröffnung,Hoch,Tief,Schluss,Volumen",
    "Spanish": "Fecha,Apertura,Máximo,Mínimo,Cierre,Volumen",
    "MetaTrader": "<DATE>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>",
    "Alpha Vantage": "timestamp,1. open,2. high,3. low,4. close,5. volume",
    "TradingView": "time,open,high,low,close,Volume",
    "index": ",Open,High,Low,Close,Volume",
    "Bloomberg": "Dates,PX_OPEN,PX_HIGH,PX_LOW,PX_LAST,PX_VOLUME",
}
SEPARATORS = [",", ";", "\t", "|"]
DATES = {
    "iso": "%Y-%m-%d",
    "compact": "%Y%m%d",
    "us": "%m/%d/%Y",
    "uk": "%d/%m/%Y",
    "us short": "%m/%d/%y",
    "uk short": "%d/%m/%y",
    "slash": "%Y/%m/%d",
    "year short": "%y/%m/%d",
    "german": "%d.%m.%Y",
    "german short": "%d.%m.%y",
    "dotted": "%Y.%m.%d",
    "dash": "%d-%m-%Y",
    "words": "%b %d, %Y",
    "words short": "%d-%b-%y",
    "clock": "%m/%d/%Y 16:00:00",
    "seconds": "s",
    "milliseconds": "ms",
    "zoned": "%Y-%m-%d %H:%M:%S%z",
    "naive": "%Y-%m-%d %H:%M:%S",
}
ZONES = [
    "UTC",
    "America/New_York",
    "America/Los_Angeles",
    "Europe/London",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Pacific/Auckland",
]
ORDERS = ["oldest first", "newest first", "shuffled", "a day missing", "last row twice", "daily"]
NUMBERS = {
    "points": lambda p: f"{p:.2f}",
    "one decimal": lambda p: f"{p:.1f}",
    "three decimals": lambda p: f"{p:.3f}",
    "whole": lambda p: f"{p:.0f}",
    "grouped": lambda p: f"{p:,.2f}",
    "grouped whole": lambda p: f"{p:,.0f}",
    "commas": lambda p: f"{p:.2f}".replace(".", ","),
    "three after comma": lambda p: f"{p:.3f}".replace(".", ","),
    "german": layouts.german,
    "german whole": lambda p: f"{p:,.0f}".replace(",", "."),
    "dollars": lambda p: f"${p:,.2f}",
}
ROUNDING = {"one decimal": 1, "three decimals": 3, "whole": 0, "grouped whole": 0,
            "three after comma": 3, "german whole": 0}  # fmt: skip


def draw(rng, options):
    return list(options)[rng.integers(len(options))]


def make_table(rng) -> pd.DataFrame:
    """Draws daily prices of any size, in days with or without weekends."""
    start = pd.Timestamp("1992-01-01") + pd.Timedelta(days=int(rng.integers(0, 10_000)))
    days = pd.date_range(start, periods=ROWS, freq=draw(rng, ["B", "B", "D"]))
    close = 10 ** rng.uniform(0.5, 5) * np.exp(np.cumsum(rng.normal(0, 0.01, ROWS)))
    opened = close * np.exp(rng.normal(0, 0.004, ROWS))
    high, low = np.maximum(opened, close) * 1.005, np.minimum(opened, close) * 0.995
    frame = pd.DataFrame({"Date": days, "Open": opened, "High": high, "Low": low, "Close": close})
    return frame.assign(Volume=1000 + np.arange(ROWS))


def arrange(rng, frame, order):
    if order == "newest first":
        return frame.iloc[::-1]
    if order == "shuffled":
        return frame.sample(frac=1.0, random_state=int(rng.integers(1 << 30)))
    if order == "a day missing":
        return frame.drop(index=frame.index[[7, 11]])
    if order == "last row twice":
        return pd.concat([frame, frame.tail(1)])
    return frame


def write_dates(frame, kind, zone):
    """Writes dates as text: local midnights, in UTC where `naive` or a number is wanted."""
    form = DATES[kind]
    local = frame["Date"].dt.tz_localize(zone, nonexistent="shift_forward", ambiguous=True)
    utc = local.dt.tz_convert("UTC")
    if form in ("s", "ms"):
        return layouts.count_since_1970(utc.dt.tz_localize(None), f"1{form}").astype(str)
    if kind == "zoned":
        return local.dt.strftime(form)
    return (utc if kind == "naive" else frame["Date"]).dt.strftime(form)


def write_text(rng, frame, choice):
    """Writes a text file; cells with the separator in them stand in quotes."""
    wide = frame.assign(Date=write_dates(frame, choice["dates"], choice["zone"]))
    wide = layouts.format_numbers(wide, NUMBERS[choice["numbers"]])
    wide.columns = NAMES[choice["names"]].split(",")
    head = draw(rng, ["", "", "sep=;\n" if choice["separator"] == ";" else "# prices\n"])
    encoding = draw(rng, ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
    text = wide.to_csv(sep=choice["separator"], index=False)
    return (head + text).encode(encoding)


def write_parquet(frame, choice):
    """Writes Parquet with dates in a zone, in UTC, or without a zone."""
    local = frame["Date"].dt.tz_localize(
        choice["zone"], nonexistent="shift_forward", ambiguous=True
    )
    kinds = {"zoned": local, "naive": local.dt.tz_convert("UTC"), "seconds": frame["Date"].dt.date}
    found = frame.assign(Date=kinds.get(choice["dates"], frame["Date"]))
    sink = io.BytesIO()
    (found.set_index("Date") if choice["names"] == "index" else found).to_parquet(sink)
    return sink.getvalue()


def generate(number):
    """Returns the content and suffix of a case, the true table, and how it was written."""
    rng = np.random.default_rng(number)
    groups = {"names": NAMES, "separator": SEPARATORS, "dates": DATES, "zone": ZONES,
              "order": ORDERS, "numbers": NUMBERS}  # fmt: skip
    choice = {name: draw(rng, options) for name, options in groups.items()}
    if choice["names"] == "MetaTrader":  # which writes decimal points alone
        choice["numbers"] = draw(rng, ["points", "one decimal", "three decimals", "whole"])
    truth = make_table(rng)
    is_parquet = number % 8 == 0
    decimals = 2 if is_parquet else ROUNDING.get(choice["numbers"], 2)
    truth[layouts.PRICES] = truth[layouts.PRICES].round(decimals)
    rows = arrange(rng, truth, choice["order"])
    content = write_parquet(rows, choice) if is_parquet else write_text(rng, rows, choice)
    truth = rows.drop_duplicates("Date").sort_values("Date")
    return content, (".parquet" if is_parquet else ".csv"), truth, choice


def judge(number):
    """Reads a case; returns `read`, or the rule by which it is refused.

    Raises:
        AssertionError: a date or price is another.
    """
    content, suffix, truth, choice = generate(number)
    try:
        found = read(content, f"t{suffix}")
    except UserError as error:
        message = str(error)
        assert "\n" not in message and message.startswith("t."), message
        return message.split("expected")[0][:60], choice
    days = truth["Date"].to_numpy("datetime64[D]")
    assert np.array_equal(found.dates, days), (number, choice, found.dates[:3], days[:3])
    stated = truth[layouts.PRICES].to_numpy()
    assert np.array_equal(found.prices, stated), (number, choice, found.prices[:2], stated[:2])
    return "read", choice


@pytest.mark.parametrize("part", [0, *(pytest.param(i, marks=pytest.mark.slow) for i in (1, 2, 3))])
def test_no_generated_file_is_read_wrongly(part):
    counts = Counter()
    for number in itertools.islice(range(part, CASES, 4), CASES):
        outcome, _ = judge(number)
        counts[outcome == "read"] += 1
    assert counts.total() == CASES // 4
    assert counts[True] > 0.5 * counts.total(), "most files are unambiguous"

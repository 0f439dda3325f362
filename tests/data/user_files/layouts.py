"""Writes one table of daily prices in the layouts of vendors, platforms, countries and pandas.

The prices are those of the built-in table, rounded to cents. `READ` names the layouts that are
read, `REFUSED` those that are refused with a line of pandas that mends them.
"""

import io
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from pgat_jax.config_file import load_config
from pgat_jax.data.source import load_table

ROWS = 320
PRICES = ["Open", "High", "Low", "Close"]
Write = Callable[[pd.DataFrame], bytes]


class Case(NamedTuple):
    """A layout.

    Attributes:
        name: its name.
        suffix: the suffix of its file.
        write: the content of the file, from the table.
    """

    name: str
    suffix: str
    write: Write


def make_prices(rows: int = ROWS) -> pd.DataFrame:
    """Returns Date, Open, High, Low, Close, Volume of the last days of the built-in table."""
    table = load_table(load_config("tiny").data)
    frame = pd.DataFrame(np.round(table.prices[-rows:], 2), columns=PRICES)
    frame.insert(0, "Date", pd.to_datetime(table.dates[-rows:]))
    frame["Volume"] = 1_000_000 + 37 * np.arange(rows)
    return frame


def write_plain(frame: pd.DataFrame) -> bytes:
    """Writes the plain file with which the others are compared."""
    return to_csv(frame[["Date", *PRICES]])


def to_csv(frame: pd.DataFrame, **options) -> bytes:
    """Writes a DataFrame as text, with two decimals, ISO dates and no index by default."""
    encoding = options.pop("encoding", "utf-8")
    defaults = {"index": False, "float_format": "%.2f", "date_format": "%Y-%m-%d"}
    return frame.to_csv(**(defaults | options)).encode(encoding)


def rename(frame: pd.DataFrame, names: str, separator: str = ",") -> pd.DataFrame:
    """Returns the first columns under other names."""
    words = names.split(separator)
    return frame.iloc[:, : len(words)].set_axis(words, axis=1)


def format_dates(frame: pd.DataFrame, form: str | Callable) -> pd.DataFrame:
    """Returns the table with dates as text."""
    days = frame["Date"]
    text = days.dt.strftime(form) if isinstance(form, str) else days.map(form)
    return frame.assign(Date=text)


def format_numbers(frame: pd.DataFrame, form: Callable[[float], str]) -> pd.DataFrame:
    """Returns the table with prices as text."""
    return frame.assign(**{name: frame[name].map(form) for name in PRICES})


def group(price: float) -> str:
    """Writes a price with commas between thousands."""
    return f"{price:,.2f}"


def german(price: float) -> str:
    """Writes a price with a decimal comma and points between thousands."""
    return group(price).translate(str.maketrans(",.", ".,"))


def comma(price: float) -> str:
    """Writes a price with a decimal comma."""
    return f"{price:.2f}".replace(".", ",")


def newest_first(frame: pd.DataFrame) -> pd.DataFrame:
    """Returns the rows in the reverse order."""
    return frame.iloc[::-1]


def no_pad(form: str) -> Callable[[pd.Timestamp], str]:
    """Returns a writer of dates without leading zeros: `{d}`, `{m}`, `{y}`, `{yy}`, `{b}`."""
    return lambda t: form.format(
        d=t.day, m=t.month, y=t.year, yy=f"{t.year % 100:02}", b=t.strftime("%b")
    )


def yahoo_adjusted(frame: pd.DataFrame) -> pd.DataFrame:
    """Returns the table with Yahoo's adjusted close."""
    adjusted = frame["Close"] * 0.9
    return frame.assign(**{"Adj Close": adjusted})[["Date", *PRICES, "Adj Close", "Volume"]]


def quoted_all(frame: pd.DataFrame, **options) -> bytes:
    """Writes a CSV with quotes around every cell."""
    return to_csv(frame, quoting=1, **options)


def yfinance(frame: pd.DataFrame, rows: list[list[str]], order: list[str]) -> bytes:
    """Writes a CSV with the header lines of yfinance."""
    head = "".join(",".join(row) + "\n" for row in rows)
    return head.encode() + to_csv(frame[["Date", *order]], header=False)


def yahoo_null(frame: pd.DataFrame) -> bytes:
    lines = to_csv(yahoo_adjusted(frame)).decode().splitlines()
    day = frame["Date"].diff().gt(pd.Timedelta(days=2)).idxmax()
    free = (frame["Date"].iloc[day] - pd.Timedelta(days=1)).strftime("%Y-%m-%d")
    lines.insert(day + 1, f"{free},null,null,null,null,null,null")
    return "\n".join(lines).encode()


def partial_last(frame: pd.DataFrame) -> bytes:
    after = frame["Date"].iloc[-1] + pd.Timedelta(days=1)
    return to_csv(yahoo_adjusted(frame)) + f"{after:%Y-%m-%d},6700.00,,,6710.00,,\n".encode()


def count_since_1970(times: pd.Series, unit: str) -> pd.Series:
    """Returns times without a zone as numbers since 1970."""
    return (times - pd.Timestamp(0)) // pd.Timedelta(unit)


def klines(frame: pd.DataFrame, header: bool) -> bytes:
    ms = count_since_1970(frame["Date"], "1ms")
    wide = pd.DataFrame({"Open time": ms}).join(frame[[*PRICES, "Volume"]]).assign(
        **{
            "Close time": ms + 86_399_999,
            "Quote asset volume": 1.5,
            "Number of trades": 7,
            "Taker buy base asset volume": 2.5,
            "Taker buy quote asset volume": 3.5,
            "Ignore": 0,
        }
    )  # fmt: skip
    return to_csv(wide, header=header)


def metatrader(frame: pd.DataFrame, header: str | None, clock: bool, sep: str) -> pd.DataFrame:
    wide = format_dates(frame, "%Y.%m.%d")
    if clock:
        wide.insert(1, "Time", "00:00")
    wide = wide.assign(Vol=0, Spread=50)
    return wide if header is None else wide.set_axis(header.split(","), axis=1)


def alphavantage_adjusted(frame: pd.DataFrame) -> bytes:
    wide = rename(frame, "timestamp,open,high,low,close,volume")
    wide.insert(5, "adjusted_close", wide["close"] * 0.9)
    wide = wide.assign(dividend_amount=0.0, split_coefficient=1.0)
    return to_csv(newest_first(wide))


def tiingo(frame: pd.DataFrame, form: str) -> bytes:
    wide = frame[["Date", "Close", "High", "Low", "Open", "Volume"]]
    wide = rename(format_dates(wide, form), "date,close,high,low,open,volume")
    for name in ("close", "high", "low", "open"):
        wide[f"adj{name.capitalize()}"] = wide[name] * 0.9
    return to_csv(wide.assign(adjVolume=1, divCash=0.0, splitFactor=1.0))


def kaggle_nifty(frame: pd.DataFrame) -> bytes:
    wide = frame.assign(
        Symbol="ADANIPORTS", Series="EQ", Last=frame["Close"] + 0.05, VWAP=frame["Close"]
    )
    wide["Prev Close"] = frame["Close"].shift().fillna(1)
    wide["Turnover"], wide["Trades"] = 1.5e14, np.nan
    order = ["Date", "Symbol", "Series", "Prev Close", *PRICES[:3], "Last", "Close", "VWAP"]
    return to_csv(wide[[*order, "Volume", "Turnover", "Trades"]])


def quandl(frame: pd.DataFrame) -> bytes:
    wide = frame.assign(**{"Ex-Dividend": 0.0, "Split Ratio": 1.0})
    for name in [*PRICES, "Volume"]:
        wide[f"Adj. {name}"] = wide[name] * 0.9
    return to_csv(newest_first(wide))


def investing(frame: pd.DataFrame, names: str, dates: str | Callable, number: Callable) -> bytes:
    wide = frame[["Date", "Close", "Open", "High", "Low"]]
    wide = format_numbers(format_dates(wide, dates), number)
    wide = rename(wide, names, "|").assign(**{"Vol.": "1.02B", "Change %": "0.77%"})
    return b"\xef\xbb\xbf" + quoted_all(newest_first(wide))


def cryptodatadownload(frame: pd.DataFrame) -> bytes:
    seconds = count_since_1970(frame["Date"], "1s")
    wide = frame.rename(columns=str.lower).rename(columns={"volume": "Volume BTC"})
    wide.insert(0, "unix", seconds)
    wide.insert(2, "symbol", "BTC/USD")
    wide["date"] = wide["date"].dt.strftime("%Y-%m-%d 00:00:00")
    return b"https://www.CryptoDataDownload.com\n" + to_csv(newest_first(wide))


def tradingview(frame: pd.DataFrame, hours: float = 14.5) -> bytes:
    stamps = count_since_1970(frame["Date"], "1s") + int(3600 * hours)
    wide = frame.assign(Date=stamps).rename(columns=str.lower).rename(columns={"date": "time"})
    return to_csv(wide)


def parquet(frame: pd.DataFrame) -> bytes:
    sink = io.BytesIO()
    frame.to_parquet(sink)
    return sink.getvalue()


def polars_parquet(frame: pd.DataFrame) -> bytes:
    """Writes Parquet as polars does: large strings, dates, no index."""
    import pyarrow as arrow
    import pyarrow.parquet

    columns = {
        "Date": arrow.array(frame["Date"].dt.date),
        **{name: arrow.array(frame[name]) for name in PRICES},
        "ticker": arrow.array(["SPY"] * len(frame), arrow.large_string()),
    }
    sink = io.BytesIO()
    pyarrow.parquet.write_table(arrow.table(columns), sink)
    return sink.getvalue()


def zoned(frame: pd.DataFrame, zone: str) -> pd.DataFrame:
    """Returns the table with local midnights of a zone."""
    return frame.assign(Date=frame["Date"].dt.tz_localize(zone))


def in_utc(frame: pd.DataFrame, zone: str) -> pd.DataFrame:
    """Returns the table with local midnights of a zone, in UTC."""
    return frame.assign(Date=frame["Date"].dt.tz_localize(zone).dt.tz_convert("UTC"))


def prefix(lines: str, content: bytes) -> bytes:
    return lines.encode() + content


INVESTING = {
    "en": "Date|Price|Open|High|Low",
    "de": "Datum|Zuletzt|Eröffn.|Hoch|Tief",
    "es": "Fecha|Último|Apertura|Máximo|Mínimo",
    "pt": "Data|Último|Abertura|Máxima|Mínima",
    "fr": "Date|Dernier|Ouv.| Plus Haut|Plus Bas",
    "it": "Data|Ultimo|Apertura|Massimo|Minimo",
    "cn": "日期|收盘|开盘|高|低",
}
SEMI = {"sep": ";"}
D = "Date,Open,High,Low,Close,Volume"


def _c(name: str, write: Write, suffix: str = ".csv") -> Case:
    return Case(name, suffix, write)


# The layouts that are read to the table of the plain file.
READ = (
    _c("a date and four prices", write_plain),
    _c("Yahoo, old page", lambda f: to_csv(yahoo_adjusted(f))),
    _c("Yahoo, a row of `null`", yahoo_null),
    _c("yfinance `download().to_csv()`", lambda f: yfinance(f, [
        ["Price", "Close", "High", "Low", "Open", "Volume"], ["Ticker", *["AAPL"] * 5],
        ["Date", *[""] * 5]], ["Close", "High", "Low", "Open", "Volume"])),
    _c("yfinance, `group_by='ticker'`", lambda f: yfinance(f, [
        ["Ticker", *["AAPL"] * 5], ["Price", *PRICES, "Volume"], ["Date", *[""] * 5]],
        [*PRICES, "Volume"])),
    _c("pandas-datareader", lambda f: yfinance(f, [
        ["Attributes", "Close", "High", "Low", "Open", "Volume"], ["Symbols", *["AAPL"] * 5],
        ["Date", *[""] * 5]], ["Close", "High", "Low", "Open", "Volume"])),
    _c("yfinance, index reset", lambda f: yfinance(f, [
        ["Date", "Close", "High", "Low", "Open", "Volume"], ["", *["AAPL"] * 5]],
        ["Close", "High", "Low", "Open", "Volume"])),
    _c("yfinance, names joined", lambda f: to_csv(f.set_axis(
        ["Date", *(f"{n}_AAPL" for n in [*PRICES, "Volume"])], axis=1))),
    _c("yfinance `Ticker.history`", lambda f: to_csv(format_dates(
        f.assign(Dividends=0.0, **{"Stock Splits": 0.0}), "%Y-%m-%d 00:00:00-05:00"))),
    _c("yfinance, Bombay", lambda f: to_csv(format_dates(f, "%Y-%m-%d 00:00:00+05:30"))),
    _c("yfinance, a fund", lambda f: to_csv(format_dates(
        f.assign(Dividends=0.0, **{"Stock Splits": 0.0, "Capital Gains": 0.0}),
        "%Y-%m-%d 00:00:00-05:00"))),
    _c("Yahoo, table copied", lambda f: to_csv(newest_first(format_numbers(format_dates(
        yahoo_adjusted(f), "%b %d, %Y"), group)).rename(
        columns={"Close": "Close*", "Adj Close": "Adj Close**"}), sep="\t")),
    _c("Yahoo, last day twice", lambda f: to_csv(yahoo_adjusted(pd.concat([f, f.tail(1)])))),
    _c("Stooq", lambda f: to_csv(f)),
    _c("Stooq, bulk; Finam", lambda f: to_csv(format_dates(f, "%Y%m%d").set_axis(
        ["<DATE>", "<OPEN>", "<HIGH>", "<LOW>", "<CLOSE>", "<VOL>"], axis=1).assign(
        **{"<TICKER>": "AAPL.US", "<PER>": "D", "<TIME>": "000000", "<OPENINT>": 0})[
        ["<TICKER>", "<PER>", "<DATE>", "<TIME>", "<OPEN>", "<HIGH>", "<LOW>", "<CLOSE>", "<VOL>",
         "<OPENINT>"]]), ".txt"),
    _c("Stooq, Polish", lambda f: to_csv(rename(
        f, "Data,Otwarcie,Najwyzszy,Najnizszy,Zamkniecie,Wolumen"))),
    _c("Alpha Vantage", lambda f: to_csv(newest_first(rename(
        f, "timestamp,open,high,low,close,volume")))),
    _c("Alpha Vantage, adjusted", alphavantage_adjusted),
    _c("Alpha Vantage by pandas", lambda f: to_csv(newest_first(rename(
        f, "date,1. open,2. high,3. low,4. close,5. volume")))),
    _c("nasdaq.com", lambda f: to_csv(newest_first(format_numbers(format_dates(
        f[["Date", "Close", "Volume", "Open", "High", "Low"]], "%m/%d/%Y"),
        lambda p: f"${p:.2f}")).rename(columns={"Close": "Close/Last"}))),
    _c("Kaggle, NIFTY-50", kaggle_nifty),
    _c("Investing.com", lambda f: investing(f, INVESTING["en"], "%m/%d/%Y", group)),
    _c("Investing.com, dates in words",
        lambda f: investing(f, INVESTING["en"], "%b %d, %Y", group)),
    _c("Investing.com, UK", lambda f: investing(f, INVESTING["en"], "%d/%m/%Y", group)),
    _c("Investing.com, German", lambda f: investing(f, INVESTING["de"], "%d.%m.%Y", german)),
    _c("Investing.com, Spanish", lambda f: investing(f, INVESTING["es"], "%d.%m.%Y", german)),
    _c("Investing.com, Portuguese", lambda f: investing(f, INVESTING["pt"], "%d.%m.%Y", german)),
    _c("Investing.com, French", lambda f: investing(f, INVESTING["fr"], "%d/%m/%Y", german)),
    _c("Investing.com, Italian", lambda f: investing(f, INVESTING["it"], "%d.%m.%Y", german)),
    _c("Investing.com, Chinese",
        lambda f: investing(f, INVESTING["cn"], no_pad("{y}年{m}月{d}日"), group)),
    _c("onvista", lambda f: to_csv(newest_first(rename(format_numbers(format_dates(
        f, "%d.%m.%Y"), german), "Datum,Eröffnung,Hoch,Tief,Schluss,Volumen")), **SEMI)),
    _c("ariva, Windows-1252",
        lambda f: to_csv(rename(format_numbers(format_dates(f, "%d.%m.%Y"), comma),
        "Datum,Erster,Hoch,Tief,Schlusskurs,Stücke"), encoding="cp1252", **SEMI)),
    _c("Chinese, GBK", lambda f: to_csv(rename(f, "日期,开盘价,最高价,最低价,收盘价,成交量"),
        encoding="gb18030")),
    _c("Polish, Windows-1250", lambda f: to_csv(rename(format_numbers(f, comma),
        "Data,Otwarcie,Najwyższy,Najniższy,Zamknięcie,Wolumen"), encoding="cp1250", **SEMI)),
    _c("Swedish, thousands by spaces", lambda f: to_csv(rename(format_numbers(
        f, lambda p: group(p).replace(",", "\u00a0").replace(".", ",")),
        "Datum,Öppning,Högst,Lägst,Stängning,Volym"), **SEMI)),
    _c("Swiss, apostrophes", lambda f: to_csv(format_numbers(
        format_dates(f, "%d.%m.%Y"), lambda p: group(p).replace(",", "'")), **SEMI)),
    _c("Excel, decimal commas", lambda f: to_csv(format_numbers(f, comma), **SEMI)),
    _c("Excel, decimal points", lambda f: to_csv(f, **SEMI)),
    _c("Excel, line `sep=;`",
        lambda f: prefix("sep=;\n", to_csv(format_numbers(f, comma), **SEMI))),
    _c("Wall Street Journal", lambda f: to_csv(newest_first(format_dates(
        f[["Date", *PRICES]], "%m/%d/%y"))).replace(b",", b", ")),
    _c("Barchart", lambda f: to_csv(newest_first(format_dates(f, "%m/%d/%Y")).rename(
        columns={"Date": "Time", "Close": "Last"}).assign(Change=1.5, **{"%Chg": "0.5%"}))
        + b'"Downloaded from Barchart.com as of 01-02-2019 05:00am CST"\n'),
    _c("Tiingo", lambda f: tiingo(f, "%Y-%m-%d")),
    _c("Tiingo, times of JSON", lambda f: tiingo(f, "%Y-%m-%dT00:00:00.000Z")),
    _c("ISO times in UTC", lambda f: to_csv(format_dates(f, "%Y-%m-%dT00:00:00Z"))),
    _c("Quandl WIKI", quandl),
    _c("Tushare", lambda f: to_csv(newest_first(rename(format_dates(f, "%Y%m%d"),
        "trade_date,open,high,low,close,vol").assign(ts_code="000001.SZ", pre_close=1.0,
        change=0.1, pct_chg=0.1, amount=5.0)))),
    _c("Börsdata", lambda f: to_csv(newest_first(rename(
        f, "Datum,Öppningskurs,Högst,Lägst,Stängningskurs,Volym")), **SEMI)),
    _c("Alpaca", lambda f: to_csv(rename(format_dates(f, "%Y-%m-%d 05:00:00+00:00"),
        "timestamp,open,high,low,close,volume").assign(symbol="SPY", trade_count=9, vwap=1.0))),
    _c("Polygon, Massive", lambda f: to_csv(rename(f, "t,o,h,l,c,v").assign(n=5, vw=1.0))),
    _c("TradingView", tradingview),
    _c("MetaTrader 5", lambda f: to_csv(metatrader(
        f, "<DATE>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<TICKVOL>,<VOL>,<SPREAD>", False, "\t"), sep="\t")),
    _c("MetaTrader 5, UTF-16", lambda f: to_csv(metatrader(
        f, "<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<TICKVOL>,<VOL>,<SPREAD>", True, "\t"),
        sep="\t", encoding="utf-16")),
    _c("MetaTrader 5, no header", lambda f: to_csv(metatrader(f, None, False, "\t"), sep="\t",
        header=False)),
    _c("MetaTrader 4, no header", lambda f: to_csv(metatrader(f, None, True, ",").drop(
        columns=["Vol", "Spread"]), header=False)),
    _c("Sierra Chart", lambda f: to_csv(rename(format_dates(f, no_pad("{y}/{m}/{d}")),
        "Date,Open,High,Low,Last,Volume").assign(Time="00:00:00", NumberOfTrades=5)).replace(
        b",", b", "), ".txt"),
    _c("backtesting.py", lambda f: to_csv(rename(f, f" ,{D[5:]}").rename(columns={" ": ""}))),
    _c("pandas, numbered rows", lambda f: to_csv(f, index=True)),
    _c("pandas, index without name", lambda f: to_csv(f.rename(columns={"Date": "Unnamed: 0"}))),
    _c("Binance", lambda f: klines(f, True)),
    _c("Binance, no header", lambda f: klines(f, False)),
    _c("Binance, ISO days", lambda f: to_csv(rename(f, "Open time,Open,High,Low,Close,Volume"))),
    _c("CryptoDataDownload", cryptodatadownload),
    _c("midnights in milliseconds",
        lambda f: to_csv(f.assign(Date=count_since_1970(f["Date"], "1ms")))),
    _c("Bloomberg", lambda f: to_csv(rename(
        f, "Dates,PX_OPEN,PX_HIGH,PX_LOW,PX_LAST,PX_VOLUME"))),
    _c("quantmod (R)", lambda f: to_csv(f.set_axis(
        ["Date", *(f"AAPL.{n}" for n in [*PRICES, "Volume"])], axis=1).assign(
        **{"AAPL.Adjusted": 1.0}))),
    _c("GOOGLEFINANCE", lambda f: to_csv(format_dates(f, no_pad("{m}/{d}/{y} 16:00:00")))),
    _c("Dukascopy", lambda f: to_csv(format_dates(
        f, "%d.%m.%Y 00:00:00.000 GMT+0100").rename(columns={"Date": "Gmt time"}))),
    _c("four adjusted prices", lambda f: to_csv(
        f.rename(columns={name: f"Adj {name}" for name in PRICES}))),
    _c("days in words", lambda f: to_csv(format_dates(f, "%A, %B %d, %Y"))),
    _c("two files, one after the other", lambda f: to_csv(f.iloc[:200]) + to_csv(f.iloc[200:])),
    _c("lower case", lambda f: to_csv(f.rename(columns=str.lower))),
    _c("upper case", lambda f: to_csv(f.rename(columns=str.upper))),
    _c("commas at the ends", lambda f: to_csv(f).replace(b"\n", b",,\n") + b",,,,,,,\n" * 5),
    _c("empty lines at the end", lambda f: to_csv(f) + b"\n\n\n"),
    _c("quoted thousands", lambda f: to_csv(format_numbers(f, group))),
    _c("a note in Latin-1", lambda f: to_csv(f.assign(Note="höher"), encoding="cp1252")),
    _c("UTF-16", lambda f: to_csv(f, encoding="utf-16")),
    _c("comments above", lambda f: prefix("# SPY, daily\n# from my broker\n\n", to_csv(f))),
    _c("lines of a broker above", lambda f: prefix("Account,12345\nReport,Prices\n\n", to_csv(f))),
    _c("American dates", lambda f: to_csv(format_dates(f, "%m/%d/%Y"))),
    _c("European dates", lambda f: to_csv(format_dates(f, "%d/%m/%Y"))),
    _c("year first, slashes", lambda f: to_csv(format_dates(f, "%Y/%m/%d"))),
    _c("dates without signs", lambda f: to_csv(format_dates(f, "%Y%m%d"))),
    _c("3-Jan-22", lambda f: to_csv(format_dates(f, no_pad("{d}-{b}-{yy}")))),
    _c("a column of the ticker", lambda f: to_csv(f.assign(Ticker="SPY"))),
    _c("AdjClose", lambda f: to_csv(f.assign(AdjClose=f["Close"] * 0.9))),
    _c("Datetime", lambda f: to_csv(f.rename(columns={"Date": "Datetime"}))),
    _c("Timestamp", lambda f: to_csv(f.rename(columns={"Date": "Timestamp"}))),
    _c("columns of indicators", lambda f: to_csv(f.assign(RSI=50.0, SMA_20=1.0, signal="buy"))),
    _c("Parquet, DatetimeIndex", lambda f: parquet(f.set_index("Date")), ".parquet"),
    _c("Parquet, index without name", lambda f: parquet(
        f.set_index("Date").rename_axis(None)), ".parquet"),
    _c("Parquet, Berlin", lambda f: parquet(zoned(f, "Europe/Berlin").set_index("Date")),
        ".parquet"),
    _c("Parquet, New York", lambda f: parquet(zoned(f, "America/New_York").set_index("Date")),
        ".parquet"),
    _c("Parquet of yfinance", lambda f: parquet(pd.concat(
        {"AAPL": f.set_index("Date")[PRICES]}, axis=1).swaplevel(axis=1)), ".parquet"),
    _c("Parquet of polars", polars_parquet, ".parquet"),
    _c("Parquet, categories", lambda f: parquet(
        f.assign(Ticker=pd.Categorical(["SPY"] * len(f)), ok=True)), ".parquet"),
)  # fmt: skip


class Refusal(NamedTuple):
    """A layout that is refused with a line of pandas that mends it.

    Attributes:
        name: its name.
        suffix: the suffix of its file.
        write: the content of the file, from the table.
        what: a part of the message.
        keep: the rows of the table that the mended file has.
    """

    name: str
    suffix: str
    write: Write
    what: str
    keep: Callable[[pd.DataFrame], pd.DataFrame] = lambda frame: frame


def few_days(frame: pd.DataFrame) -> pd.DataFrame:
    """Returns the rows of the first days of one month: each is also the first day of a month."""
    return frame[(frame["Date"] >= "2018-02-01") & (frame["Date"] <= "2018-02-12")]


def ambiguous_dates(frame: pd.DataFrame) -> bytes:
    return to_csv(format_dates(few_days(frame), "%d/%m/%Y"))


def change_price(frame: pd.DataFrame, row: int, name: str, price: float) -> pd.DataFrame:
    changed = frame.copy()
    changed.loc[changed.index[row], name] = price
    return changed


def two_tickers(frame: pd.DataFrame) -> bytes:
    other = frame.assign(**{name: frame[name] * 2 for name in PRICES}, Ticker="MSFT")
    return to_csv(pd.concat([frame.assign(Ticker="AAPL"), other]))


def two_tickers_wide(frame: pd.DataFrame) -> bytes:
    head = [
        ["Price", "Close", "Close", "High", "High", "Low", "Low", "Open", "Open"],
        ["Ticker", *["AAPL", "MSFT"] * 4],
        ["Date", *[""] * 8],
    ]
    names = [name for name in ("Close", "High", "Low", "Open") for _ in range(2)]
    return yfinance(frame, head, names)


def two_tickers_flat(frame: pd.DataFrame) -> bytes:
    other = frame[PRICES].mul(2).set_axis([f"{name}_MSFT" for name in PRICES], axis=1)
    first = frame.set_axis(["Date", *(f"{name}_AAPL" for name in [*PRICES, "Volume"])], axis=1)
    return to_csv(first.join(other))


def two_tickers_parquet(frame: pd.DataFrame) -> bytes:
    prices = frame.set_index("Date")[PRICES]
    return parquet(pd.concat({"AAPL": prices, "MSFT": prices * 2}, axis=1))


def bars(frame: pd.DataFrame) -> bytes:
    """Writes two bars a day that join to the day."""
    morning = frame.assign(
        Date=frame["Date"] + pd.Timedelta(hours=9), Close=frame["Low"], High=frame["Open"]
    )
    evening = frame.assign(Date=frame["Date"] + pd.Timedelta(hours=15), Open=frame["Low"])
    both = pd.concat([morning, evening]).sort_values("Date")
    return to_csv(both, date_format="%Y-%m-%d %H:%M")


def excel_serial(frame: pd.DataFrame) -> bytes:
    return to_csv(frame.assign(Date=(frame["Date"] - pd.Timestamp("1899-12-30")).dt.days))


def milliseconds_of_new_york(frame: pd.DataFrame) -> bytes:
    stamps = in_utc(frame, "America/New_York")["Date"].dt.tz_localize(None)
    return to_csv(frame.assign(Date=count_since_1970(stamps, "1ms")))


# The layouts that are refused, and mended by the line of pandas of the refusal.
REFUSED = (
    Refusal("01/02/2018 throughout", ".csv", ambiguous_dates, "can be", few_days),
    Refusal("numbers of Excel's days", ".csv", excel_serial, "the number of a day of Excel"),
    Refusal("milliseconds, not midnights",
        ".csv", milliseconds_of_new_york, "milliseconds since 1970"),
    Refusal("midnights of Berlin in UTC", ".csv", lambda f: to_csv(
        in_utc(f, "Europe/Berlin"), date_format="%Y-%m-%d %H:%M:%S+00:00"), "a weekend: perhaps"),
    Refusal("the same in Parquet", ".parquet", lambda f: parquet(
        in_utc(f, "Europe/Berlin").set_index("Date")), "a weekend: perhaps"),
    Refusal("a day twice", ".csv", lambda f: to_csv(pd.concat(
        [f.iloc[:-1], change_price(f.tail(1), 0, "Close", float(f["Low"].iloc[-1])), f.tail(1)])),
        "occurs twice"),
    Refusal("no order", ".csv", lambda f: to_csv(f.sample(frac=1.0, random_state=0)),
        "is earlier than"),
    Refusal("no order, European dates", ".csv", lambda f: to_csv(format_dates(
        f, "%d/%m/%Y").sample(frac=1.0, random_state=0)), "is earlier than"),
    Refusal("no order, dates of words", ".csv", lambda f: to_csv(format_dates(
        f, "%d-%b-%Y 16:00").sample(frac=1.0, random_state=0)), "is earlier than"),
    Refusal("a row with holes", ".csv", partial_last, "is empty, expected a number"),
    Refusal("a price of zero", ".csv", lambda f: to_csv(change_price(f, 0, "Open", 0.0)),
        "got 0, expected a price above zero", lambda f: f.iloc[1:]),
    Refusal("High and Low exchanged", ".csv", lambda f: to_csv(
        f.rename(columns={"High": "Low", "Low": "High"})), "if the two names are exchanged"),
    Refusal("two tickers, rows", ".csv", two_tickers, "prices of 2 instruments (AAPL, MSFT)"),
    Refusal("two tickers, yfinance",
        ".csv", two_tickers_wide, "prices of 2 instruments (AAPL, MSFT)"),
    Refusal("two tickers, columns",
        ".csv", two_tickers_flat, "prices of 2 instruments (AAPL, MSFT)"),
    Refusal("two tickers, Parquet", ".parquet", two_tickers_parquet,
        "prices of 2 instruments (AAPL, MSFT)"),
    Refusal("a name misspelt", ".csv", lambda f: to_csv(f.rename(columns={"Close": "Clos"})),
        "missing column 'Close'"),
    Refusal("an unknown name of the dates",
        ".csv", lambda f: to_csv(f.rename(columns={"Date": "Giorno"})),
        "missing column 'Date'"),
    Refusal("two closes", ".csv", lambda f: to_csv(f.rename(columns={"Close": "Last"}).assign(
        Price=1.0)), "can both be Close"),
    Refusal("no header", ".csv", lambda f: to_csv(f, header=False), "no header"),
    Refusal("separated by spaces", ".txt", lambda f: to_csv(f, sep=" "), "separated by spaces"),
    Refusal("a price far from its range", ".csv", lambda f: to_csv(
        change_price(f, -1, "Open", float(f["Open"].iloc[-1]) * 100)),
        "to leave such rows out", lambda f: f.iloc[:-1]),
    Refusal("lines in quotes", ".csv", lambda f: b"".join(
        b'"' + line + b'"\n' for line in to_csv(f).splitlines()), "each line stands in quotes"),
    Refusal("bars of hours", ".csv", bars, "not bars of hours"),
    Refusal("row names of R", ".csv", lambda f: to_csv(f).replace(b"Date,", b"", 1),
        "6 cells, expected 5"),
)  # fmt: skip

"""The names that vendors and languages give to the columns of a price file."""

import re
import unicodedata
from functools import lru_cache

_PRICES = {
    "Open": """open, px open, opening price, open price, o, first, eröffnung, eröffn.,
        eroeffnung, eröffnungskurs, erster, anfangskurs, otwarcie, kurs otwarcia, öppning,
        öppningskurs, öppen, apertura, abertura, ouverture, ouv., openen, åpning, åbning, 开盘,
        开盘价, 開盤, 開盤價, 始値, 시가, открытие, откр.""",
    "High": """high, px high, high price, h, hoch, höchst, tageshoch, höchstkurs, höchster,
        najwyższy, najwyzszy, kurs maksymalny, kurs max, högst, högsta, högst kurs, högsta kurs,
        máximo, máxima, max, massimo, plus haut, haut, hoog, høy, høj, 最高, 最高价, 最高價, 高,
        高値, 고가, максимум, макс.""",
    "Low": """low, px low, low price, l, tief, tiefst, tagestief, tiefstkurs, tiefster,
        najniższy, najnizszy, kurs minimalny, kurs min, lägst, lägsta, lägst kurs, lägsta kurs,
        mínimo, mínima, min, minimo, plus bas, bas, laag, lav, 最低, 最低价, 最低價, 低, 安値,
        저가, минимум, мин.""",
    "Close": """close, close/last, closing price, close price, px last, px close, last,
        last price, price, c, schluss, schlusskurs, schlußkurs, letzter, zuletzt, schließen,
        zamknięcie, zamkniecie, kurs zamknięcia, ostatnio, stängning, stängningskurs, senast,
        sen., slutkurs, stängningspris, slut, cierre, último, ultimo, fechamento, chiusura,
        clôture, dernier, slot, slotkoers, laatste, lukke, siste, 收盘, 收盘价, 收盤, 收盤價,
        最新价, 終値, 종가, 종가(원), закрытие, цена""",
}
_VOLUME = """volume, vol, vol., volume btc, tick volume, tickvol, v, wolumen, volumen, umsatz,
        volym, stücke, stuecke, volumem, 成交量, 交易量, 出来高, 거래량, объём, объем"""
_TICKER = """ticker, symbol, sym, tic, s, ts code, stock code, isin, instrument, code, 股票代码,
        代码, 证券代码, 종목코드"""
# The names of the dates. Where a file has several, the first of this order is read.
_DATES = """date, dates, trade date, trading date, datum, data, fecha, datos, tarih, dato, dag,
        день, дата, 日期, 交易日期, 时间, 日付, 날짜, 일자, day, tag, datetime, date time,
        timestamp, time stamp, open time, start time, time, t, unix, unix time, unix timestamp,
        epoch, gmt time, local time, begins at, time utc, zeit, hora"""
# A name with an instrument before or after it: `AAPL.Open`, `Open_AAPL`, `Open AAPL`.
_AFFIXED = (
    re.compile(r"(?P<ticker>[A-Z0-9^=-]{1,12})\.(?P<price>Open|High|Low|Close)"),
    re.compile(r"(?P<price>Open|High|Low|Close)[ _](?P<ticker>[A-Z0-9^=.-]{1,12})"),
)
# A leading number, as in `1. open` or `1b. open (USD)`.
_NUMBERED = re.compile(r"^\d+[a-z]?\.\s+")
_BRACKETED = re.compile(r"\([^)]*\)")
# Letters that no decomposition turns into a plain one.
_PLAIN = str.maketrans({"ł": "l", "ø": "o", "đ": "d"})


@lru_cache(maxsize=4096)
def compact(name: str) -> str:
    """Reduces a name to its letters and digits: no case, accents, spaces, signs or units.

    Args:
        name: the name of a column as it is in a file.
    """
    text = _NUMBERED.sub("", _BRACKETED.sub("", name.strip().casefold()))
    parts = unicodedata.normalize("NFD", text.translate(_PLAIN))
    letters = "".join(c for c in parts if not unicodedata.combining(c) and c.isalnum())
    return unicodedata.normalize("NFC", letters)


def _split(names: str) -> list[str]:
    return [compact(name) for name in names.split(",")]


# Compact name -> Open, High, Low, Close.
PRICE_OF = {name: price for price, names in _PRICES.items() for name in _split(names)}
# The same for prices that are adjusted, which are read where a file has no others.
ADJUSTED = {f"{word}{price.lower()}": price for word in ("adj", "adjusted") for price in _PRICES}
VOLUME = frozenset(_split(_VOLUME))
TICKER = frozenset(_split(_TICKER))
DATES = tuple(dict.fromkeys(_split(_DATES)))
# The names that say that numbers are seconds or milliseconds since 1970.
CLOCKS = frozenset(DATES[DATES.index("timestamp") :])
# The name of an index that pandas wrote; it holds the dates, or the numbers of the rows.
INDEX = frozenset({"", "indexlevel0", "unnamed0", "index"})


def split_instrument(name: str) -> tuple[str, str] | None:
    """Returns the price and the instrument of a name such as `AAPL.Open` or `Open_AAPL`.

    Args:
        name: the name of a column as it is in a file.
    """
    found = next((form.fullmatch(name) for form in _AFFIXED if form.fullmatch(name)), None)
    return (found["price"], found["ticker"]) if found else None


def is_known(name: str) -> bool:
    """Returns whether a name can be that of the dates or of a price.

    Args:
        name: the name of a column as it is in a file.
    """
    key = compact(name)
    return key in PRICE_OF or key in DATES

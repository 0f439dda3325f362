"""Tables for the data tests: the cache lives in a folder of the session."""

from pathlib import Path

import pytest

from pgat_jax import load_config, load_data
from pgat_jax.data import cache


@pytest.fixture(scope="session", autouse=True)
def cache_folder(tmp_path_factory):
    """The session's own cache folder, so that tests neither use nor fill the user's."""
    folder = tmp_path_factory.mktemp("cache")
    patch = pytest.MonkeyPatch()
    patch.setattr(cache, "folder", lambda: folder)
    yield folder
    patch.undo()


@pytest.fixture(scope="session")
def config():
    return load_config("tiny")


@pytest.fixture(scope="session")
def data(config):
    return load_data(config)


@pytest.fixture
def prices_csv(tmp_path, data):
    """Writes the table's last ``rows`` days, a date and four prices, after ``change`` of its lines.

    Lines are [date, open, high, low, close] as text; the header is ``header``.
    """

    def write(rows=200, change=lambda lines: None, header="Date,Open,High,Low,Close") -> Path:
        table = data.table
        days, prices = table.dates[-rows:], table.prices[-rows:].tolist()
        lines = [[str(d), *map(repr, p)] for d, p in zip(days, prices)]
        change(lines)
        path = tmp_path / "prices.csv"
        path.write_text("\n".join([header, *map(",".join, lines)]) + "\n")
        return path

    return write

"""The table that is written in many layouts, and the short way from a content to its rows."""

import pytest

from pgat_jax.data.user_files.reading import read_cells
from pgat_jax.data.user_files.user_rows import read_user_rows
from tests.data.user_files import layouts


@pytest.fixture(scope="session")
def frame(cache_folder):
    """Date, Open, High, Low, Close, Volume of 320 days."""
    return layouts.make_prices()


@pytest.fixture(scope="session")
def plain(frame):
    """The rows of the plain file."""
    return read(layouts.write_plain(frame))


@pytest.fixture(scope="session")
def write(frame):
    """Writes the file of a case, once in a session."""
    contents = {}

    def write_once(case) -> bytes:
        if case.name not in contents:
            contents[case.name] = case.write(frame)
        return contents[case.name]

    return write_once


def read(content: bytes, name: str = "t.csv"):
    """Reads the rows of a file from its content."""
    return read_user_rows(read_cells(name, content))

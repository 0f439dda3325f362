"""Loading users' files in tests, and the sentence by which one is refused."""

import pytest

from pgat_jax import load_config, load_data
from pgat_jax.data.source import load_table
from pgat_jax.data.table import Table
from pgat_jax.errors import UserError


def load(path, *overrides):
    return load_data(load_config("tiny", f"data.source={path}", *overrides))


def table_of(path) -> Table:
    return load_table(load_config("tiny", f"data.source={path}").data)


def refused(path) -> str:
    """The message by which a file is refused: one sentence, nothing else raised."""
    with pytest.raises(UserError) as refusal:
        load(path)
    message = str(refusal.value)
    assert "\n" not in message
    return message


def put(row, column, text):
    def change(lines):
        lines[row][column] = text

    return change

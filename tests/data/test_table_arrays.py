"""A table as arrays and back."""

import dataclasses

import numpy as np

from pgat_jax.data.table import take_rows
from pgat_jax.data.table_arrays import pack_table, unpack_table


def test_a_table_reads_back_as_it_was(data):
    table = dataclasses.replace(take_rows(data.table, 0, 50), notes=("a",), dropped=("dyn_x",))
    again = unpack_table(pack_table(table), table.source)
    assert again.hash == table.hash
    for field in dataclasses.fields(table):
        assert np.array_equal(getattr(again, field.name), getattr(table, field.name)), field.name

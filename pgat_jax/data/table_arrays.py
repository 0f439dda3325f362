"""Converts a table to named arrays and back, for the cache of tables and the folders of runs."""

import json

import numpy as np

from pgat_jax.data.cache import Arrays
from pgat_jax.data.columns import Columns
from pgat_jax.data.table import Table


def pack_table(table: Table) -> Arrays:
    """Returns the content of a table as arrays, without the name of its source.

    Args:
        table: the table.
    """
    text = {
        "names": table.columns.names,
        "slots": table.columns.slots,
        "computed_sky": table.computed_sky,
        "notes": table.notes,
        "dropped": table.dropped,
        "warnings": table.warnings,
    }
    return {
        "dates": table.dates.astype("<i8"),
        "prices": table.prices,
        "values": table.values,
        "text": np.frombuffer(json.dumps(text).encode(), np.uint8),
    }


def unpack_table(arrays: Arrays, source: str) -> Table:
    """Returns the table that `pack_table` converted.

    Args:
        arrays: what `pack_table` returned.
        source: the name of the table's source.
    """
    text = json.loads(arrays["text"].tobytes())
    return Table(
        source,
        arrays["dates"].astype("datetime64[D]"),
        arrays["prices"],
        arrays["values"],
        Columns(tuple(text["names"]), tuple(text["slots"])),
        text["computed_sky"],
        tuple(text["notes"]),
        tuple(text["dropped"]),
        tuple(text.get("warnings", ())),
    )

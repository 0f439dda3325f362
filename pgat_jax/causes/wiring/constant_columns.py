"""26 columns never change: standardised they are zero, and the weights that read them starve."""

from pgat_jax.causes.intervention import Fault
from pgat_jax.data.columns import BODIES, Columns
from pgat_jax.data.loading import Data
from pgat_jax.data.windows import DeviceTable

EACH = 2
"""Constant columns of each of the 13 bodies."""


def constant(columns: Columns) -> list[int]:
    """Indices of the columns that are held: the last two of each body."""
    return [i for slot in range(len(BODIES)) for i in columns.of_body(slot)[-EACH:]]


def _held(device: DeviceTable, data: Data) -> DeviceTable:
    return device._replace(values=device.values.at[:, constant(data.columns)].set(0.0))


FAULT = Fault(
    name="constant_columns",
    claim="26 columns never change, and are zero once they are standardised",
    takes=(
        ("phase/tokens/vector", "unvisited"),
        ("embedding/decoder_value/kernel", "unvisited"),
    ),
    device_table=_held,
)

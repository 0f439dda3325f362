"""The fault: 26 columns of the PyTorch original's table never change.

After standardisation they are zero, and the weights that read them get no gradient.
"""

from pgat_jax.causes.intervention import WiringFault
from pgat_jax.data.columns import Columns
from pgat_jax.data.dataset import Data
from pgat_jax.data.windows import DeviceTable
from pgat_jax.names import BODIES

COLUMNS_PER_BODY = 2


def find_constant_columns(columns: Columns) -> list[int]:
    """Returns the indices of the columns that the fault sets to zero: the last two of each body.

    Args:
        columns: The layout of the V columns.
    """
    return [i for slot in range(len(BODIES)) for i in columns.of_body(slot)[-COLUMNS_PER_BODY:]]


def _zero(device: DeviceTable, data: Data) -> DeviceTable:
    constant = find_constant_columns(data.columns)
    return device._replace(values=device.values.at[:, constant].set(0.0))


FAULT = WiringFault(
    name="constant_columns",
    claim="26 columns never change, and are zero once they are standardised",
    module=__name__,
    takes=(
        ("phase/tokens/vector", "unvisited"),
        ("embedding/decoder_value/kernel", "unvisited"),
    ),
    edit_table=_zero,
)

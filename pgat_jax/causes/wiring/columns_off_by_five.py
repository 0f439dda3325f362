"""The PyTorch original takes each body's columns by position and forgets the five in front.

The four targets and `time_delta` stand in front of the celestial columns, so every body reads
columns that are five too early.
"""

from pgat_jax.causes.intervention import WiringFault
from pgat_jax.data.columns import TARGETS, Columns


def _shift(columns: Columns) -> Columns:
    """Moves each body five columns forward; the last five columns belong to no body."""
    skipped = len(TARGETS) + 1
    return Columns(columns.names, columns.slots[skipped:] + (-1,) * skipped)


FAULT = WiringFault(
    name="columns_off_by_five",
    claim="bodies take their columns by position, five too early: the Sun reads the prices",
    module=__name__,
    edit_columns=_shift,
)

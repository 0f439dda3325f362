"""The fault: each body's columns are taken by position, five columns too early.

In the PyTorch original, the four targets and `time_delta` come before the celestial columns, and
the positions do not count them.
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

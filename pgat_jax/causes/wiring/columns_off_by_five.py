"""Columns are given to bodies by position, as if targets and time_delta did not stand in front."""

from pgat_jax.causes.intervention import Fault
from pgat_jax.data.columns import TARGETS, Columns


def _by_position(columns: Columns) -> Columns:
    """Each body reads five columns too early; the last five columns belong to nobody."""
    skipped = len(TARGETS) + 1
    return Columns(columns.names, columns.slots[skipped:] + (-1,) * skipped)


FAULT = Fault(
    name="columns_off_by_five",
    claim="bodies take their columns by position, five too early: the Sun reads the prices",
    columns=_by_position,
)

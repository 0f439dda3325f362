"""Keeps the table that a run is trained on in the run's folder, so that the folder is enough.

The file has a digest of its content. A user's file may grow, move or vanish after the training.
"""

from pathlib import Path

from pgat_jax.data.cache import seal, unseal
from pgat_jax.data.table import Table
from pgat_jax.data.table_arrays import pack_table, unpack_table
from pgat_jax.output import write_output
from pgat_jax.storage.folder import TABLE

# The key under which the content is sealed; it changes when the form of the file does.
_KEY = "table of a run, 1"


def save_table(run: Path, table: Table) -> Path:
    """Writes `table.npz` into the folder of a run, whole or not at all.

    Args:
        run: the folder.
        table: the table, without the constant columns that were left out.

    Returns:
        The path of the file.

    Raises:
        UserError: the file cannot be written.
    """
    return write_output(run / TABLE, seal(_KEY, pack_table(table)))


def read_table(run: Path, source: str) -> Table | None:
    """Reads the table that a run keeps.

    Args:
        run: the folder of the run.
        source: the name of the table's source.

    Returns:
        The table; None if the file is missing or damaged, as in a run of an earlier version.
    """
    try:
        content = (run / TABLE).read_bytes()
    except OSError:
        return None
    arrays = unseal(_KEY, content)
    try:
        return None if arrays is None else unpack_table(arrays, source)
    except (KeyError, TypeError, ValueError):  # sealed by another program
        return None

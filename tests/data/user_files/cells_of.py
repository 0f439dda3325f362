"""Small files as `Cells`, for tests of single rules."""

import numpy as np

from pgat_jax.data.user_files.cells import Cells


def make_cells(name="t.csv", **columns) -> Cells:
    """Returns columns of text or arrays as a file whose rows begin at line 2."""
    count = len(next(iter(columns.values())))
    lines = np.arange(2, 2 + count)
    call = f"pd.read_csv({name!r}, dtype=str)"
    return Cells(name, tuple(columns), tuple(columns.values()), lines, call)

"""The fault: phases are computed from standardised sines and cosines.

After standardisation, as in the PyTorch original, the two columns of a body are no longer the sine
and cosine of one angle.
"""

import jax.numpy as jnp
import numpy as np

from pgat_jax.causes.intervention import WiringFault
from pgat_jax.data.dataset import Data
from pgat_jax.data.phases import compute_phases
from pgat_jax.data.windows import DeviceTable

SMALLEST_STD = 1e-8  # keeps a constant column from being divided by zero


def _standardise(data: Data) -> np.ndarray:
    """Returns [days, V]: every column standardised with the statistics of the training rows."""
    train = data.table.values[slice(*data.splits.train)]
    return (data.table.values - train.mean(0)) / np.maximum(train.std(0), SMALLEST_STD)


def _replace_phases(device: DeviceTable, data: Data) -> DeviceTable:
    return device._replace(phase=jnp.asarray(compute_phases(_standardise(data), data.columns)))


FAULT = WiringFault(
    name="phases_after_scaling",
    claim="phases are computed from columns that were standardised before",
    module=__name__,
    edit_table=_replace_phases,
)

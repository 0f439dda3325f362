"""Phases are taken from standardised sines and cosines, which are no angle's any more."""

import jax.numpy as jnp
import numpy as np

from pgat_jax.causes.intervention import Fault
from pgat_jax.data.loading import Data
from pgat_jax.data.phases import phases
from pgat_jax.data.windows import DeviceTable


def _standardised(data: Data) -> np.ndarray:
    """[days, V], every column with the statistics of the training rows, as the original had it."""
    train = data.table.values[slice(*data.splits.train)]
    return (data.table.values - train.mean(0)) / np.maximum(train.std(0), 1e-8)


def _phases(device: DeviceTable, data: Data) -> DeviceTable:
    return device._replace(phase=jnp.asarray(phases(_standardised(data), data.columns)))


FAULT = Fault(
    name="phases_after_scaling",
    claim="phases are taken from columns that were standardised before",
    device_table=_phases,
)

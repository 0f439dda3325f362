"""4.2: targets of a small spread make a flat loss."""

import jax.numpy as jnp

from pgat_jax.causes.cause import Cause
from pgat_jax.causes.intervention import Intervention
from pgat_jax.data.columns import TARGETS
from pgat_jax.data.loading import Data
from pgat_jax.data.windows import DeviceTable


def _raw(device: DeviceTable, data: Data) -> DeviceTable:
    count = len(TARGETS)
    std = jnp.asarray(data.scaler.std[:count], device.values.dtype)
    return device._replace(values=device.values.at[:, :count].multiply(std))


def _larger(device: DeviceTable, data: Data) -> DeviceTable:
    return device._replace(values=device.values.at[:, : len(TARGETS)].multiply(10.0))


CAUSE = Cause(
    number="4.2",
    title="Target normalisation",
    place=("list", "4.2"),
    hypothesis="Log returns vary by a hundredth, so the loss is flat and gradients are small.",
    prediction="Targets left at their own spread of about 0.01 take the projections' share of the "
    "gradient; ten times the spread in the original gives it back.",
    impose=Intervention(
        name="targets_raw", claim="returns are not standardised", device_table=_raw
    ),
    remedy=Intervention(
        name="targets_large",
        claim="standardised returns are multiplied by 10",
        device_table=_larger,
    ),
    in_training=True,
)

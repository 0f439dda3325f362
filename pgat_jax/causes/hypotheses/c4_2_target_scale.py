"""Cause 4.2: targets vary too little.

The claim is in `CELESTIAL_FUSION_GATE_COLLAPSE_ANALYSIS.md` of the PyTorch original.
"""

import jax.numpy as jnp

from pgat_jax.causes.cause import LIST, Cause
from pgat_jax.causes.intervention import Intervention
from pgat_jax.data.columns import TARGETS
from pgat_jax.data.dataset import Data
from pgat_jax.data.windows import DeviceTable

ENLARGEMENT = 10.0


def _unscale(device: DeviceTable, data: Data) -> DeviceTable:
    """Multiplies the standardised targets by their standard deviation in log returns."""
    count = len(TARGETS)
    std = jnp.asarray(data.scaler.std[:count], device.values.dtype)
    return device._replace(values=device.values.at[:, :count].multiply(std))


def _enlarge(device: DeviceTable, _data: Data) -> DeviceTable:
    values = device.values.at[:, : len(TARGETS)].multiply(ENLARGEMENT)
    return device._replace(values=values)


CAUSE = Cause(
    number="4.2",
    title="Target normalisation",
    document=LIST,
    section="4.2",
    hypothesis="Log returns vary by a hundredth, so the loss is flat and gradients are small.",
    prediction="Targets left at their own spread of about 0.01 weaken the projections' share of "
    "the gradient; ten times the spread in the original restores it.",
    impose=Intervention(
        name="targets_raw",
        claim="returns are not standardised",
        module=__name__,
        edit_table=_unscale,
    ),
    remedy=Intervention(
        name="targets_large",
        claim="standardised returns are multiplied by 10",
        module=__name__,
        edit_table=_enlarge,
    ),
    is_in_training=True,
)

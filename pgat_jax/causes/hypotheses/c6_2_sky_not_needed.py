"""Cause 6.2: the loss does not need the sky.

The claim is in `CELESTIAL_FUSION_GATE_COLLAPSE_ANALYSIS.md` of the PyTorch original.
The document ranks it first: squared error rewards forecasts near the mean.
"""

import numpy as np

from pgat_jax.causes.cause import LIST, Cause
from pgat_jax.causes.intervention import Intervention
from pgat_jax.data.columns import TARGETS
from pgat_jax.data.dataset import Data
from pgat_jax.data.windows import DeviceTable

COLUMNS_WITH_RETURN = 2  # columns of each body


def _shuffle_sky(device: DeviceTable, _data: Data) -> DeviceTable:
    """Gives each day the celestial columns and phases of another; prices and calendar stay."""
    order = np.random.default_rng(0).permutation(len(device.phase))
    sky = device.values[order][:, len(TARGETS) :]
    return device._replace(
        values=device.values.at[:, len(TARGETS) :].set(sky), phase=device.phase[order]
    )


def _put_return(device: DeviceTable, data: Data) -> DeviceTable:
    """Replaces the first columns of every body by the day's return of the close."""
    for slot in range(device.phase.shape[1]):
        for column in data.columns.of_body(slot)[:COLUMNS_WITH_RETURN]:
            close = device.values[:, len(TARGETS) - 1]
            device = device._replace(values=device.values.at[:, column].set(close))
    return device


CAUSE = Cause(
    number="6.2",
    title="Celestial features are not needed for the loss",
    document=LIST,
    section="6.2; summary, 1",
    hypothesis="Squared error is least at the mean, so the gate closes to keep the sky out.",
    prediction="A sky of other days weakens the projections' gradient and updates; a sky that "
    "contains the day's return restores them and widens the forecasts.",
    impose=Intervention(
        name="sky_shuffled",
        claim="the sky of each day is another day's",
        module=__name__,
        edit_table=_shuffle_sky,
    ),
    remedy=Intervention(
        name="sky_telling",
        claim="two columns of each body hold the day's return",
        module=__name__,
        edit_table=_put_return,
    ),
    rank=1,
    is_in_training=True,
)

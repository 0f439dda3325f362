"""6.2: the loss does not need the sky, and squared error rewards the mean."""

import numpy as np

from pgat_jax.causes.cause import Cause
from pgat_jax.causes.intervention import Intervention
from pgat_jax.data.columns import TARGETS
from pgat_jax.data.loading import Data
from pgat_jax.data.windows import DeviceTable


def _shuffled(device: DeviceTable, data: Data) -> DeviceTable:
    """Celestial columns and phases of other days; prices and calendar stay."""
    order = np.random.default_rng(0).permutation(len(device.phase))
    sky = device.values[order][:, len(TARGETS) :]
    return device._replace(
        values=device.values.at[:, len(TARGETS) :].set(sky), phase=device.phase[order]
    )


def _telling(device: DeviceTable, data: Data) -> DeviceTable:
    """The first two columns of every body are the day's return of the close."""
    for slot in range(device.phase.shape[1]):
        for column in data.columns.of_body(slot)[:2]:
            close = device.values[:, len(TARGETS) - 1]
            device = device._replace(values=device.values.at[:, column].set(close))
    return device


CAUSE = Cause(
    number="6.2",
    title="Celestial features are not needed for the loss",
    place=("list", "6.2; summary, 1"),
    hypothesis="Squared error is least at the mean, so the gate closes to keep the sky out.",
    prediction="A sky of other days takes the projections' gradient and updates; a sky that tells "
    "the day's return opens them and widens the forecasts.",
    impose=Intervention(
        name="sky_shuffled", claim="the sky of each day is another day's", device_table=_shuffled
    ),
    remedy=Intervention(
        name="sky_telling",
        claim="two columns of each body tell the day's return",
        device_table=_telling,
    ),
    rank=1,
    in_training=True,
)

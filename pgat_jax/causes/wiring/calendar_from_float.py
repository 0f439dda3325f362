"""Dates are rescaled to [-0.5, 0.5] and cut to whole days: every day is day 0, 1970-01-01.

As in the original, calendar fields are looked up in embeddings, so that rows can starve.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from pgat_jax.causes.interception import on_call
from pgat_jax.causes.intervention import Fault, edited
from pgat_jax.data.loading import Data
from pgat_jax.data.windows import DeviceTable
from pgat_jax.model.build import Params

FIELDS = {"weekday": 7, "month_day": 31, "month": 12, "quarter": 4}
"""Calendar field -> rows of its embedding."""
STREAMS = ("encoder_calendar", "decoder_calendar")


def decoded_fields(dates: np.ndarray) -> np.ndarray:
    """[days] dates -> [days, 4] int32 indices into the embeddings, by way of the float."""
    days = dates.astype("datetime64[D]").astype(float)
    rescaled = (days - days.min()) / (days.max() - days.min()) - 0.5
    decoded = np.trunc(rescaled).astype("datetime64[D]")
    months = decoded.astype("datetime64[M]")
    month = months.astype(int) % 12
    fields = ((decoded.astype(int) + 3) % 7, (decoded - months).astype(int), month, month // 3)
    return np.stack(fields, -1).astype(np.int32)


def _indices(device: DeviceTable, data: Data) -> DeviceTable:
    return device._replace(calendar=jnp.asarray(decoded_fields(data.table.dates)))


def _embeddings(params: Params) -> Params:
    """In place of the linear map of calendar features, an embedding of each field."""
    for stream in STREAMS:
        width = params["embedding"][stream]["kernel"].shape[-1]
        keys = jax.random.split(jax.random.key(0), len(FIELDS))
        tables = {
            field: jax.random.normal(key, (rows, width)) * 0.02
            for key, (field, rows) in zip(keys, FIELDS.items())
        }
        params = edited(params, f"embedding/{stream}", tables)
    return params


def _looked_up(module, call, calendar):
    if module.name not in STREAMS:
        return call()
    tables = module.variables["params"]
    return sum(tables[field][calendar[..., i]] for i, field in enumerate(FIELDS))


FAULT = Fault(
    name="calendar_from_float",
    claim="calendar fields are decoded from dates rescaled to [-0.5, 0.5], which are cut to day 0",
    takes=tuple(
        (f"embedding/{stream}/{field}", "unvisited") for stream in STREAMS for field in FIELDS
    ),
    device_table=_indices,
    params=_embeddings,
    intercept=on_call(nn.Dense, _looked_up),
)

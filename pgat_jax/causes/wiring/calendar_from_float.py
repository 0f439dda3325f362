"""The fault: calendar fields are decoded from dates that became fractions of a day.

The PyTorch original rescales dates to [-0.5, 0.5] and truncates them to whole days, so every date
becomes 1970-01-01. As in the original, each field is looked up in an embedding, whose other rows no
data visit.
"""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from pgat_jax.causes.edits import replace_leaf
from pgat_jax.causes.interception import intercept_calls
from pgat_jax.causes.intervention import WiringFault
from pgat_jax.data.dataset import Data
from pgat_jax.data.windows import DeviceTable
from pgat_jax.model.build import Params

# Calendar field -> rows of its embedding.
FIELDS = {"weekday": 7, "month_day": 31, "month": 12, "quarter": 4}
STREAMS = ("encoder_calendar", "decoder_calendar")
EMBEDDING_SCALE = 0.02  # standard deviation, as the original draws its embeddings


def decode_fields(dates: np.ndarray) -> np.ndarray:
    """Returns the calendar fields that the original decodes from dates.

    Args:
        dates: [days] datetime64.

    Returns:
        [days, 4] int32: for each day and each of `FIELDS` a row of the field's embedding.
    """
    days = dates.astype("datetime64[D]").astype(float)
    rescaled = (days - days.min()) / (days.max() - days.min()) - 0.5
    decoded = np.trunc(rescaled).astype("datetime64[D]")
    months = decoded.astype("datetime64[M]")
    month = months.astype(int) % 12
    fields = ((decoded.astype(int) + 3) % 7, (decoded - months).astype(int), month, month // 3)
    return np.stack(fields, -1).astype(np.int32)


def _put_indices(device: DeviceTable, data: Data) -> DeviceTable:
    return device._replace(calendar=jnp.asarray(decode_fields(data.table.dates)))


def _add_embeddings(params: Params) -> Params:
    """Puts an embedding of each field in place of the linear map of calendar features."""
    for stream in STREAMS:
        width = params["embedding"][stream]["kernel"].shape[-1]
        keys = jax.random.split(jax.random.key(0), len(FIELDS))
        tables = {
            field: jax.random.normal(key, (rows, width)) * EMBEDDING_SCALE
            for key, (field, rows) in zip(keys, FIELDS.items())
        }
        params = replace_leaf(params, f"embedding/{stream}", tables)
    return params


def _look_up(module: Any, call: Any, calendar: jax.Array) -> Any:
    if module.name not in STREAMS:
        return call()
    tables = module.variables["params"]
    return sum(tables[field][calendar[..., i]] for i, field in enumerate(FIELDS))


FAULT = WiringFault(
    name="calendar_from_float",
    claim="calendar fields are decoded from dates rescaled to [-0.5, 0.5] and truncated to day 0",
    module=__name__,
    takes=tuple(
        (f"embedding/{stream}/{field}", "unvisited") for stream in STREAMS for field in FIELDS
    ),
    edit_table=_put_indices,
    edit_params=_add_embeddings,
    intercept=intercept_calls(nn.Dense, _look_up),
)

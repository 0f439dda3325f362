"""The shapes of the model's input."""

import jax
import jax.numpy as jnp
import numpy as np

from pgat_jax.data.batch import Batch, batch_shapes
from pgat_jax.data.windows import gather


def test_shapes_follow_the_lengths_of_a_window_and_the_columns(config, data):
    sizes, wide = config.data.window_sizes, len(data.columns.names)
    steps = sizes.label_len + sizes.pred_len
    assert jax.tree.map(lambda x: x.shape, batch_shapes(config, data.columns, 3)) == Batch(
        past=(3, sizes.seq_len, wide),
        phase=(3, sizes.seq_len, 13, 4),
        past_calendar=(3, sizes.seq_len, 18),
        known=(3, steps, wide - 4),
        known_calendar=(3, steps, 18),
        target=(3, sizes.pred_len, 4),
    )


def test_all_fields_are_float32(config, data):
    assert {x.dtype for x in batch_shapes(config, data.columns, 1)} == {jnp.dtype(jnp.float32)}


def test_gathered_windows_have_these_shapes(config, data):
    rows = np.asarray(data.windows("train")[:2], np.int32)
    batch = gather(data.device_table, rows, sizes=config.data.window_sizes)
    shapes = jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype), batch)
    assert shapes == batch_shapes(config, data.columns, 2)

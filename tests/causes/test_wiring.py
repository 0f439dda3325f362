"""What each fault does to columns, table and parameters, before anything is differentiated."""

import jax
import numpy as np

from pgat_jax.causes.wiring import (
    calendar_from_float,
    columns_off_by_five,
    constant_columns,
    edge_bias_of_query,
    edge_scale_squared,
    phases_after_scaling,
)
from pgat_jax.causes.wiring.calendar_from_float import decode_fields
from pgat_jax.causes.wiring.constant_columns import find_constant_columns


def test_every_date_is_decoded_to_the_first_of_january_1970(sound_model):
    fields = decode_fields(sound_model.data.table.dates)
    assert np.unique(fields, axis=0).tolist() == [[3, 0, 0, 0]]  # a Thursday


def test_calendar_fields_are_looked_up_in_embeddings(parameters, sound_model):
    embedding = calendar_from_float.FAULT.edit_params(parameters)["embedding"]
    width = parameters["embedding"]["encoder_calendar"]["kernel"].shape[-1]
    for stream in calendar_from_float.STREAMS:
        shapes = {field: table.shape for field, table in embedding[stream].items()}
        assert shapes == {f: (rows, width) for f, rows in calendar_from_float.FIELDS.items()}
    device = calendar_from_float.FAULT.edit_table(sound_model.device_table, sound_model.data)
    assert device.calendar.dtype == np.int32 and device.calendar.shape[-1] == 4


def test_bodies_read_five_columns_too_early(sound_model):
    right = sound_model.data.columns
    wrong = columns_off_by_five.FAULT.edit_columns(right)
    assert [right.names[i] for i in wrong.of_body(0)[:4]] == [
        "log_Open",
        "log_High",
        "log_Low",
        "log_Close",
    ]
    for slot in range(13):
        assert [i + 5 for i in wrong.of_body(slot)] == list(right.of_body(slot))


def test_26_columns_are_constant_and_the_others_are_not(sound_model):
    columns = find_constant_columns(sound_model.data.columns)
    device = constant_columns.FAULT.edit_table(sound_model.device_table, sound_model.data)
    values = np.asarray(device.values)
    assert len(columns) == 26 and not values[:, columns].any()
    assert values.any(0).sum() == values.shape[1] - 26


def test_phases_of_standardised_columns_are_other_angles(sound_model):
    device = phases_after_scaling.FAULT.edit_table(sound_model.device_table, sound_model.data)
    right, wrong = (np.asarray(d.phase) for d in (sound_model.device_table, device))
    difference = np.angle(np.exp(1j * (wrong - right)[..., 0]))
    assert np.abs(difference).mean() > 0.05 and right.shape == wrong.shape


def test_only_the_edge_scale_starts_at_zero(parameters):
    wrong = edge_scale_squared.FAULT.edit_params(parameters)
    scale = wrong["graph_attention"]["blocks"]["edge_scale"]
    assert not scale.any()
    same = jax.tree.map(np.array_equal, parameters, wrong)
    assert sum(not x for x in jax.tree.leaves(same)) == 1


def test_each_layer_gets_a_map_from_the_query_to_the_heads(parameters):
    blocks = edge_bias_of_query.FAULT.edit_params(parameters)["graph_attention"]["blocks"]
    kernel = blocks["attention"]["query_side"]["kernel"]
    layers, heads = blocks["edge_scale"].shape[:2]
    assert kernel.shape == (layers, kernel.shape[1], heads) and kernel.any()
    assert not blocks["attention"]["query_side"]["bias"].any()

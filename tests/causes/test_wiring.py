"""What each fault does to columns, table and parameters, before anything is differentiated."""

import jax
import numpy as np
import pytest

from pgat_jax import load_config
from pgat_jax.causes.registry import chosen
from pgat_jax.causes.subject import impose
from pgat_jax.causes.wiring.calendar_from_float import decoded_fields
from pgat_jax.causes.wiring.constant_columns import constant


@pytest.fixture(scope="module")
def healthy():
    return impose(load_config("tiny"))


def faulty(*names):
    return impose(load_config("tiny"), chosen(names))


def test_every_date_is_decoded_to_the_first_of_january_1970(healthy):
    fields = decoded_fields(healthy.data.table.dates)
    assert np.unique(fields, axis=0).tolist() == [[3, 0, 0, 0]]  # a Thursday


def test_bodies_read_five_columns_too_early(healthy):
    right, wrong = healthy.model.columns, faulty("columns_off_by_five").model.columns
    assert [right.names[i] for i in wrong.of_body(0)[:4]] == [
        "log_Open",
        "log_High",
        "log_Low",
        "log_Close",
    ]
    for slot in range(13):
        assert [i + 5 for i in wrong.of_body(slot)] == list(right.of_body(slot))


def test_26_columns_are_held_and_the_others_are_not(healthy):
    columns = constant(healthy.data.columns)
    values = np.asarray(faulty("constant_columns").device_table.values)
    assert len(columns) == 26 and not values[:, columns].any()
    assert values.any(0).sum() == values.shape[1] - 26


def test_phases_of_standardised_columns_are_other_angles(healthy):
    right, wrong = (
        np.asarray(s.device_table.phase) for s in (healthy, faulty("phases_after_scaling"))
    )
    away = np.angle(np.exp(1j * (wrong - right)[..., 0]))
    assert np.abs(away).mean() > 0.05 and right.shape == wrong.shape


def test_only_the_edge_scale_starts_at_zero(healthy):
    key = jax.random.key(0)
    right, wrong = healthy.init(key), faulty("edge_scale_squared").init(key)
    scale = wrong["graph_attention"]["blocks"]["edge_scale"]
    assert not scale.any()
    same = jax.tree.map(lambda a, b: bool((a == b).all()), right, wrong)
    assert sum(not x for x in jax.tree.leaves(same)) == 1

"""Every claim of the documents says what must be measured, and its edits do what they name."""

import jax
import numpy as np
import pytest

from pgat_jax.causes.catalogue import load_causes
from pgat_jax.causes.cause import ANALYSIS, LIST
from pgat_jax.causes.hypotheses.c5_2_product_of_terms import PATH
from pgat_jax.causes.study_model import intervene
from tests.causes.conftest import draw_parameters

CAUSES = load_causes()
ON_PARAMETERS = ("1.1", "1.2", "1.3", "1.4", "2.3", "2.4", "5.1", "5.2", "5.3", "R4")


@pytest.mark.parametrize("cause", CAUSES.values(), ids=list(CAUSES))
def test_a_cause_says_how_it_works_and_what_must_be_measured(cause):
    for text in (cause.hypothesis, cause.prediction):
        assert text.endswith(".") and len(text) < 200
    assert cause.document == (ANALYSIS if cause.number.startswith("R") else LIST)


def diff(before, after):
    """Returns the paths of the leaves that differ."""
    assert jax.tree.map(np.shape, before) == jax.tree.map(np.shape, after)
    changed = jax.tree.map(lambda a, b: not np.array_equal(a, b), before, after)
    leaves = jax.tree_util.tree_leaves_with_path(changed)
    return {jax.tree_util.keystr(p, simple=True, separator="/") for p, is_new in leaves if is_new}


@pytest.mark.parametrize("number", ON_PARAMETERS)
def test_an_edit_of_parameters_changes_leaves_of_the_celestial_path_alone(number, parameters):
    paths = diff(parameters, CAUSES[number].imposition.edit_params(parameters))
    assert paths and {path.split("/")[0] for path in paths} <= {"gate", "fusion", "nodes"}


@pytest.mark.parametrize(
    ("number", "paths"),
    [
        ("1.1", {"gate/mlp/in/kernel", "gate/mlp/out/kernel"}),
        ("1.2", {"gate/mlp/out/bias"}),
        ("1.3", {"nodes/embedding", "nodes/aspects/embedding/kernel"}),
        ("1.4", {"fusion/key_kernel"}),
        ("2.3", {"fusion/query/kernel", "fusion/query/bias"}),
        ("2.4", {"gate/mlp/in/bias"}),
        ("5.1", {"fusion/query/kernel"}),
        ("5.3", {"gate/mlp/in/kernel"}),
        ("R4", {"gate/mlp/out/bias"}),
    ],
)
def test_every_path_that_an_edit_names_exists(number, paths, parameters):
    assert diff(parameters, CAUSES[number].imposition.edit_params(parameters)) == paths


def test_every_linear_map_of_the_celestial_path_exists(parameters):
    assert diff(parameters, CAUSES["5.2"].imposition.edit_params(parameters)) == set(PATH)


def test_a_part_that_a_configuration_does_not_create_is_not_edited():
    without_gate = draw_parameters("tiny", "model.gate=open")
    assert "gate" not in CAUSES["1.1"].present.edit_params(without_gate)


def test_small_embeddings_have_a_standard_deviation_of_two_hundredths(parameters):
    after = CAUSES["1.3"].present.edit_params(parameters)
    assert np.std(after["nodes"]["embedding"]) == pytest.approx(0.02, rel=1e-3)


def test_opposite_weights_cancel_equal_branches(parameters):
    kernel = CAUSES["5.3"].impose.edit_params(parameters)["gate"]["mlp"]["in"]["kernel"]
    first, second = np.split(np.asarray(kernel), 2)
    np.testing.assert_array_equal(first, -second)


def test_another_days_sky_leaves_prices_and_calendar_alone(sound_model):
    device, data = sound_model.device_table, sound_model.data
    after = CAUSES["6.2"].impose.edit_table(device, data)
    np.testing.assert_array_equal(after.values[:, :4], device.values[:, :4])
    np.testing.assert_array_equal(after.calendar, device.calendar)
    assert not np.array_equal(after.values[:, 4:], device.values[:, 4:])
    assert not np.array_equal(after.phase, device.phase)


def test_the_sky_that_contains_the_return_has_it_in_two_columns_of_each_body(sound_model):
    device, data = sound_model.device_table, sound_model.data
    values = np.asarray(CAUSES["6.2"].remedy.edit_table(device, data).values)
    equal = (values[:, 4:] == values[:, 3:4]).all(0)
    assert equal.sum() == 2 * 13


def test_targets_are_left_at_their_spread_or_enlarged(sound_model):
    device, data = sound_model.device_table, sound_model.data
    raw = CAUSES["4.2"].impose.edit_table(device, data).values
    large = CAUSES["4.2"].remedy.edit_table(device, data).values
    np.testing.assert_allclose(
        raw[:, :4], np.asarray(device.values)[:, :4] * data.scaler.std[:4], rtol=1e-5
    )
    np.testing.assert_allclose(large[:, :4], 10 * device.values[:, :4], rtol=1e-6)
    np.testing.assert_array_equal(raw[:, 4:], device.values[:, 4:])


@pytest.mark.parametrize(("number", "edit"), [("2.4", "remedy"), ("4.1", "impose")])
def test_a_loss_with_replaced_modules_of_the_gate_is_traced(number, edit, sound_model):
    model = intervene(sound_model.config, [getattr(CAUSES[number], edit)])
    params = jax.eval_shape(model.init, jax.random.key(0))
    loss, _ = jax.eval_shape(model.loss, params, model.shapes(2))
    assert loss.shape == ()

"""Pictures of how training went."""

import numpy as np
import pandas as pd
import pytest

from pgat_jax.pages.plots_training import plot_gate, plot_loss, plot_norms, plot_path
from pgat_jax.pages.theme import DARK, LIGHT
from pgat_jax.storage.records import RunRecords

STEPS = np.arange(1, 51)


@pytest.fixture(scope="module")
def records():
    train = pd.DataFrame({"step": 10.0 * STEPS, "loss": 1 / STEPS, "learning_rate": 1e-3})
    train = train.assign(gate_mean=0.5, gate_spread=0.1, attention_entropy=2.0)
    train = train.assign(prediction_spread=0.1, target_spread=0.8)
    for name in ("gradient_norm/head", "update_norm/head", "weight_norm/head", "trail/gate"):
        train[name] = 1.0 / STEPS
    validation = pd.DataFrame({"step": [250.0, 500.0], "loss": [0.3, 0.2]})
    return RunRecords(train, validation, {}, pd.DataFrame(), {})


@pytest.mark.parametrize("plot", [plot_loss, plot_gate, plot_norms, plot_path])
def test_a_run_without_training_records_has_no_picture(records, plot):
    empty = records._replace(train=pd.DataFrame(), validation=pd.DataFrame())
    assert plot(empty, DARK) is None


def test_the_loss_has_training_validation_and_learning_rate(records):
    upper, lower = plot_loss(records, LIGHT).axes
    lines = {line.get_label(): line for line in upper.lines}
    np.testing.assert_array_equal(lines["training, recorded"].get_ydata(), 1 / STEPS)
    assert lines["validation, each epoch"].get_ydata().tolist() == [0.3, 0.2]
    assert set(lower.lines[0].get_ydata()) == {1e-3}


def test_a_run_that_was_not_validated_has_its_training_loss(records):
    (upper, _) = plot_loss(records._replace(validation=pd.DataFrame()), LIGHT).axes
    assert len(upper.lines) == 2


def test_the_entropy_stands_beside_that_of_uniform_attention_in_nats(records):
    lower = plot_gate(records, LIGHT).axes[1]
    lines = {line.get_label(): line.get_ydata() for line in lower.lines}
    assert set(lines["uniform attention: ln 13 = 2.565"]) == {np.log(13)}
    assert set(lines["entropy"]) == {2.0}
    assert lower.get_ylabel() == "entropy (nats)"


@pytest.mark.parametrize("count, marker", [(19, "."), (20, "None")])
def test_a_few_records_are_marked_by_points(records, count, marker):
    few = records._replace(train=records.train[:count])
    assert plot_norms(few, LIGHT).axes[0].lines[0].get_marker() in (marker, marker.strip("None"))


def test_zero_has_no_place_on_a_logarithmic_axis(records):
    train = records.train.assign(**{"gradient_norm/head": [0.0, *[1.0] * 49]})
    axes = plot_norms(records._replace(train=train), LIGHT).axes
    assert np.isnan(axes[0].lines[0].get_ydata()[0])
    assert [one.get_yscale() for one in axes] == ["log"] * 3


def test_the_path_has_a_line_for_each_parameter_and_the_spreads(records):
    upper, lower = plot_path(records, LIGHT).axes
    assert [line.get_label() for line in upper.lines] == ["gate"]
    assert [line.get_label() for line in lower.lines] == ["forecasts", "targets"]

"""The training step: what it returns of a real batch, and its parts on small numbers."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from pgat_jax.mesh import replicate
from pgat_jax.training.batches import order_rows
from pgat_jax.training.packing import GROUPS
from pgat_jax.training.plan import Plan
from pgat_jax.training.state import create_state, table_shapes
from pgat_jax.training.step import NORMS, compile_step, compute_gradients, report_progress


@pytest.fixture(scope="module")
def two_steps(plan, data):
    """The states before, between and after two steps, the metrics of both, and the rows."""
    table, order = replicate(plan.mesh, data.device_table), order_rows(plan, data, 0)
    step, state = compile_step(plan, table_shapes(table)), create_state(plan)
    states, metrics = [jax.device_get(state)], []
    for _ in range(2):
        state, returned = step(state, table, order)
        states.append(jax.device_get(state))
        metrics.append(jax.device_get(returned))
    return states, metrics, np.asarray(order)


def group_norm(vectors, group) -> float:
    return float(optax.tree.norm([kind[group] for kind in vectors.values() if group in kind]))


def test_weight_norm_is_that_of_the_parameters_before_the_update(two_steps):
    states, metrics, _ = two_steps
    for state, returned in zip(states, metrics):
        for group in set(GROUPS.values()):
            expected = pytest.approx(group_norm(state.params, group), rel=1e-6)
            assert returned[f"weight_norm/{group}"] == expected
    assert group_norm(states[2].params, "head") != pytest.approx(
        group_norm(states[1].params, "head"), rel=1e-6
    )


def test_update_norm_is_that_of_what_was_added(two_steps):
    states, metrics, _ = two_steps
    assert metrics[0]["update_norm/head"] == 0  # the first of two batches of an update
    change = jax.tree.map(lambda a, b: a - b, states[2].params, states[1].params)
    expected = pytest.approx(group_norm(change, "head"), rel=1e-3)
    assert metrics[1]["update_norm/head"] == expected


def loss_of(plan, table, order, state) -> float:
    """The loss of one compiled step; the state is copied, because the step reuses its memory."""
    step = compile_step(plan, table_shapes(table))
    return float(step(jax.tree.map(jnp.copy, state), table, order)[1]["loss"])


@pytest.mark.parametrize("number", [0, 1])
def test_a_step_takes_the_windows_of_its_rows_and_no_others(plan, data, first_state, number):
    """Days outside these windows may be NaN; the targets of each of them may not."""
    table, order = replicate(plan.mesh, data.device_table), order_rows(plan, data, 0)
    state = first_state._replace(step=first_state.step + number)
    keys = plan.config.data
    rows = np.asarray(order)[4 * number : 4 * number + 4]
    span = np.arange(1 - keys.seq_len, keys.pred_len + 1)
    others = np.setdiff1d(np.arange(len(table.values)), (rows[:, None] + span).ravel())
    clean = loss_of(plan, table, order, state)
    outside = table._replace(values=table.values.at[others].set(jnp.nan))
    assert others.size
    assert loss_of(plan, outside, order, state) == clean
    for row in rows:
        day = int(row) + keys.pred_len
        inside = table._replace(values=table.values.at[day, 0].set(jnp.nan))
        assert np.isnan(loss_of(plan, inside, order, state))


def test_dropout_depends_on_the_number_of_the_step(plan, data, first_state):
    """Steps of the same rows in two epochs have other losses; the same step has the same."""
    table, order = replicate(plan.mesh, data.device_table), order_rows(plan, data, 0)
    later = first_state._replace(step=first_state.step + plan.steps_per_epoch)
    first, again, second = (
        loss_of(plan, table, order, state) for state in (first_state, first_state, later)
    )
    assert first == again != second


def test_a_step_counts_itself_and_the_update_of_its_second_batch(two_steps):
    states, metrics, _ = two_steps
    assert [int(state.step) for state in states] == [0, 1, 2]
    assert [int(m["update"]) for m in metrics] == [0, 1]
    assert [bool(m["updated"]) for m in metrics] == [False, True]
    assert set(metrics[0]["silence"]) == set(GROUPS.values())
    assert all(f"{norm}/{g}" in metrics[0] for norm in NORMS for g in GROUPS.values())


def fake_plan(loss, **train) -> Plan:
    """A plan on one device, with a model whose loss is a function of the parameters."""
    mesh = jax.make_mesh((1, 1), ("data", "fsdp"), axis_types=(jax.sharding.AxisType.Auto,) * 2)
    config = SimpleNamespace(train=SimpleNamespace(**train))
    model = SimpleNamespace(config=config, loss=lambda params, batch, rng: (loss(params), {}))
    return Plan(model, mesh, 2)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_loss_that_is_not_finite_makes_every_gradient_nan(bad):
    params = {"a": jnp.ones(3), "b": jnp.ones((2, 2))}
    plan = fake_plan(lambda p: p["a"].sum() + bad)
    gradients, _ = compute_gradients(plan, params, None, jax.random.key(0))
    assert all(bool(jnp.isnan(leaf).all()) for leaf in jax.tree.leaves(gradients))


def test_a_finite_loss_leaves_the_gradients_as_they_are():
    params = {"a": jnp.arange(3.0), "gate": {"mlp": {"out": {"kernel": jnp.array([3.0, 4.0])}}}}
    plan = fake_plan(lambda p: 0.5 * sum((x**2).sum() for x in jax.tree.leaves(p)))
    gradients, metrics = compute_gradients(plan, params, None, jax.random.key(0))
    jax.tree.map(np.testing.assert_array_equal, gradients, params)
    assert metrics == {"trail/gate": 5.0}


def test_progress_tells_updates_rate_skips_and_silence():
    plan = fake_plan(
        None, accumulation=2, epochs=10, warmup_epochs=5, learning_rate=1.0, final_learning_rate=0.0
    )

    def state(batches, skipped, in_row):
        inner = optax.ScaleByScheduleState(count=jnp.int32(0))
        opt_state = optax.ApplyIfFiniteState(
            jnp.int32(in_row), jnp.bool_(True), jnp.int32(skipped), {"step": batches, "rest": inner}
        )
        return SimpleNamespace(opt_state=opt_state, silence={"head": 4})

    progress = report_progress(plan, state(3, 1, 1), state(4, 2, 2))
    assert (progress["update"], progress["updated"]) == (2, True)
    assert progress["learning_rate"] == pytest.approx(2 / 5)  # an update an epoch, five to the peak
    assert (progress["skipped"], progress["skipped_in_row"]) == (2, 2)
    assert progress["silence"] == {"head": 4}
    assert not report_progress(plan, state(4, 0, 0), state(5, 0, 0))["updated"]

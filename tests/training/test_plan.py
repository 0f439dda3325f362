"""The fixed parts of a training run."""

from dataclasses import replace

import jax
import pytest

from pgat_jax.errors import UserError
from pgat_jax.training.packing import GROUPS
from pgat_jax.training.plan import count_steps
from tests.training.session import STEPS


def test_an_epoch_has_the_whole_batches_of_its_windows(config, data):
    windows = len(data.windows("train"))
    assert windows % config.train.batch_size  # what fills no batch is left out
    assert count_steps(config, data) == STEPS == windows // config.train.batch_size


def test_one_batch_may_take_all_windows_but_no_more(config, data):
    windows = len(data.windows("train"))

    def with_batch(size):
        return config.model_copy(
            update={"train": config.train.model_copy(update={"batch_size": size})}
        )

    assert count_steps(with_batch(windows), data) == 1
    with pytest.raises(
        UserError,
        match=f"train.batch_size: got {windows + 1}, expected at most {windows}, the "
        "number of training windows in '.*days.csv'",
    ):
        count_steps(with_batch(windows + 1), data)


def test_equal_plans_share_compiled_programs(plan):
    same = replace(plan)
    assert (same, hash(same)) == (plan, hash(plan))
    assert replace(plan, steps_per_epoch=plan.steps_per_epoch + 1) != plan


def test_parameters_are_whole_on_every_device(plan):
    shapes = plan.param_shapes
    assert jax.tree.structure(shapes) == jax.tree.structure(
        jax.eval_shape(plan.model.init, jax.random.key(0))
    )
    assert all(leaf.sharding.is_fully_replicated for leaf in jax.tree.leaves(shapes))


def test_every_vector_has_its_group(plan):
    assert set(plan.groups.values()) == set(GROUPS.values())
    assert all(name.split("/")[1] == group for name, group in plan.groups.items())
    assert {name.split("/")[0] for name in plan.groups} == {"decayed", "plain"}


def test_the_rate_is_that_of_the_configuration(plan):
    train = plan.config.train
    peak = train.warmup_epochs * plan.steps_per_epoch / train.accumulation
    assert float(plan.learning_rate(peak)) == pytest.approx(train.learning_rate, rel=1e-6)

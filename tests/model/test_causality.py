"""What a prediction may depend on, proved by gradient."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import Literal

from pgat_jax.data.columns import TARGETS
from pgat_jax.model.embedding import Embedding
from pgat_jax.model.encoder import JointBlock
from pgat_jax.model.phase import Phase
from pgat_jax.model.recurrence import GatedRecurrence
from tests.model.conftest import float64, normal


def test_predictions_are_not_connected_to_future_targets(tiny):
    def predict(target):
        return tiny.model.module.apply(
            {"params": tiny.params}, tiny.batch._replace(target=target)
        ).point

    jaxpr = jax.make_jaxpr(predict)(tiny.batch.target).jaxpr
    read = {v for eqn in jaxpr.eqns for v in eqn.invars if not isinstance(v, Literal)}
    assert jaxpr.invars[0] not in read | set(jaxpr.outvars)


def test_a_day_ahead_reads_the_sky_up_to_that_day_and_no_later(tiny, x64):
    params, batch = float64(tiny.params), float64(tiny.batch)
    label = tiny.config.data.label_len

    def day(known, ahead):
        return tiny.model.apply(params, batch._replace(known=known)).point[:, ahead].sum()

    for ahead in (0, 1):
        gradient = jax.jit(jax.grad(day), static_argnums=1)(batch.known, ahead)
        sky = np.abs(np.asarray(gradient[:, label:, 1:])).max((0, 2))
        assert np.all(sky[: ahead + 1] > 0)
        assert np.all(sky[ahead + 1 :] == 0)


def test_the_known_future_holds_no_target(tiny):
    targets, known = tiny.batch.past.shape[-1] - len(TARGETS), tiny.batch.known.shape[-1]
    assert targets == known


def test_body_features_see_no_later_day(tiny):
    batch = tiny.batch
    module = Phase(4, 4, tiny.data.columns)
    params = {"params": tiny.params["phase"]}
    assert_causal(lambda past: module.apply(params, past, batch.phase)[0], batch.past)


def test_the_embedding_sees_no_later_day(tiny):
    batch, bodies = tiny.batch, normal(0, 4, 16, 13, 4).astype(jnp.float32)
    module = Embedding(52, 0.0)
    params = {"params": tiny.params["embedding"]}
    assert_causal(lambda x: module.apply(params, x, batch)[0], bodies)


def test_the_joint_encoder_sees_no_later_day():
    x, adjacency = normal(0, 1, 16, 13, 4), normal(1, 1, 16, 13, 13)
    module = JointBlock(0.0)
    params = module.init(jax.random.key(0), x, adjacency)
    assert_causal(lambda x: module.apply(params, x, adjacency)[0], x)


def test_the_recurrence_sees_no_later_day():
    x = normal(0, 2, 9, 3, 4)
    module = GatedRecurrence()
    params = module.init(jax.random.key(0), x)
    assert_causal(lambda x: module.apply(params, x), x)


def assert_causal(function, x, at: int = 5):
    """Output of day ``at`` depends on that day and on no later one."""
    gradient = jax.grad(lambda x: jnp.square(function(x)[:, at]).sum())(x)
    size = np.abs(np.asarray(gradient)).reshape(x.shape[0], x.shape[1], -1).max((0, 2))
    assert size[at] > 0 and np.all(size[at + 1 :] == 0)

"""What a prediction of the whole model may depend on, proved by gradient."""

import jax
import numpy as np
from jax.extend.core import Literal

from pgat_jax.data.columns import TARGETS


def test_predictions_are_not_connected_to_future_targets(tiny):
    def predict(target):
        return tiny.model.module.apply(
            {"params": tiny.params}, tiny.batch._replace(target=target)
        ).point

    jaxpr = jax.make_jaxpr(predict)(tiny.batch.target).jaxpr
    read = {v for eqn in jaxpr.eqns for v in eqn.invars if not isinstance(v, Literal)}
    assert jaxpr.invars[0] not in read | set(jaxpr.outvars)


def test_a_day_ahead_reads_the_sky_up_to_that_day_and_no_later(tiny, tiny64, x64):
    label = tiny.config.data.label_len
    for ahead in (0, 1):
        weights = np.zeros_like(tiny64.batch.target)
        weights[:, ahead] = 1
        _, _, gradient = tiny64.run(tiny64.params, tiny64.batch, weights=weights)
        sky = np.abs(np.asarray(gradient.known[:, label:, 1:])).max((0, 2))
        assert np.all(sky[: ahead + 1] > 0)
        assert np.all(sky[ahead + 1 :] == 0)


def test_the_known_future_holds_no_target(tiny):
    targets, known = tiny.batch.past.shape[-1] - len(TARGETS), tiny.batch.known.shape[-1]
    assert targets == known

import jax.numpy as jnp
import numpy as np
import pytest

from pgat_jax.data.columns import TARGETS
from pgat_jax.model.embedding import Embedding, sinusoids
from tests.model.conftest import assert_causal, normal


@pytest.fixture
def embedding(tiny):
    params = {"params": tiny.params["embedding"]}
    bodies = normal(0, 4, 16, 13, 4).astype(jnp.float32)
    return bodies, lambda bodies, batch: Embedding(52, 0.0, tiny.data.columns.bodiless).apply(
        params, bodies, batch
    )


def test_positions_are_sines_and_cosines_of_the_step():
    positions = sinusoids(3, 4, 6)
    assert positions.shape == (4, 6)
    np.testing.assert_allclose(positions[1, :2], [np.sin(4), np.cos(4)])
    np.testing.assert_allclose(positions[0, 2], np.sin(3 * 10000 ** (-2 / 6)))


def test_the_embedding_sees_no_later_day(tiny, embedding):
    bodies, apply = embedding
    assert_causal(lambda x: apply(x, tiny.batch)[0], bodies)


def test_the_decoder_reads_past_targets_and_none_of_the_future(tiny, embedding):
    bodies, apply = embedding
    batch, label = tiny.batch, tiny.config.data.label_len
    _, before = apply(bodies, batch)
    _, after = apply(bodies, batch._replace(past=batch.past.at[:, -1, : len(TARGETS)].add(1.0)))
    changed = np.any(np.asarray(before != after), axis=(0, 2))
    assert changed.tolist() == [False] * (label - 1) + [True] * 3 + [False]
    _, future = apply(bodies, batch._replace(target=batch.target + 1))
    assert np.array_equal(before, future)

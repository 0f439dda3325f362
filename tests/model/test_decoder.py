import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pgat_jax.model.decoder import Decoder, DualStream, TargetStream
from tests.model.conftest import assert_causal, bind, draw_parameters, normal

pytestmark = pytest.mark.usefixtures("x64")


def test_the_decoder_sees_no_later_step_and_all_of_the_memory():
    x, memory = normal(0, 1, 8, 4), normal(1, 1, 6, 4)
    module = Decoder(layers=2, heads=2, dropout=0.0, remat=False)
    variables = draw_parameters(module, x, memory)
    assert_causal(lambda x: module.apply(variables, x, memory), x)
    slope = jax.jit(jax.grad(lambda m: module.apply(variables, x, m)[:, 0, 0].sum()))(memory)
    assert np.all(np.abs(np.asarray(slope)).max((0, 2)) > 0)


@pytest.fixture
def target_stream():
    x, statistics = normal(0, 1, 8, 4), normal(1, 1, 8, 15)
    module = TargetStream(heads=2, ahead=3)
    return module, draw_parameters(module, x, statistics), x, statistics


def test_the_target_stream_sees_no_later_step(target_stream):
    module, variables, x, statistics = target_stream

    @jax.jit
    def slope(step):
        return jax.grad(lambda x: module.apply(variables, x, statistics)[0, step].sum())(x)

    for step in range(3):
        read = np.abs(np.asarray(slope(step))).max((0, 2))
        assert np.all(read[: 6 + step] > 0) and np.all(read[6 + step :] == 0)


def test_the_attention_of_the_target_stream_has_its_parameters_beside_the_others(target_stream):
    parts = {"statistics", "recurrence_norm", "recurrence", "attention_norm"}
    assert set(target_stream[1]["params"]) == parts | {"query", "key_value", "output"}


def test_the_dual_stream_reads_decoder_memory_and_targets():
    inputs = normal(0, 2, 8, 4), normal(1, 2, 6, 4), normal(2, 2, 6, 4)
    module = DualStream(heads=2, ahead=3)
    variables = draw_parameters(module, *inputs)
    apply = bind(module, variables)
    before = apply(*inputs)
    assert before.shape == (2, 3, 4)
    for i in range(3):
        moved = [x + normal(9, *x.shape) if i == k else x for k, x in enumerate(inputs)]
        assert jnp.any(apply(*moved) != before)

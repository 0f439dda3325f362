import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pgat_jax.model.statistics import CLOSED, NAMES, fusion_statistics, no_statistics
from tests.model.conftest import normal


def statistics(gate):
    enc, fused, embedding = normal(0, 2, 3, 8), normal(1, 2, 3, 8), normal(2, 13, 8)
    return enc, fused, embedding, fusion_statistics(enc, fused, gate, embedding, jnp.float32(2.5))


def test_statistics_are_those_of_the_arrays():
    gate = jax.nn.sigmoid(normal(3, 2, 3, 8))
    enc, fused, embedding, values = statistics(gate)
    expected = {
        "gate_mean": np.mean(gate),
        "gate_spread": np.std(gate),
        "gate_saturation": np.mean((gate < CLOSED) | (gate > 1 - CLOSED)),
        "attention_entropy": 2.5,
        "branch_ratio": np.linalg.norm(gate * fused) / np.linalg.norm(enc),
        "enc_spread": np.std(enc),
        "fused_spread": np.std(fused),
        "body_spread": np.std(embedding),
    }
    assert tuple(values) == NAMES
    expected = {name: float(value) for name, value in expected.items()}
    assert {k: float(v) for k, v in values.items()} == pytest.approx(expected, rel=1e-5)


def test_the_share_of_saturated_gates_counts_both_ends():
    gate = jnp.full((2, 3, 8), 0.5).at[0].set(0.01).at[1, 0].set(0.99)
    assert float(statistics(gate)[-1]["gate_saturation"]) == pytest.approx(4 / 6)


def test_no_gradient_passes_through_the_statistics():
    gradient = jax.grad(lambda gate: sum(statistics(gate)[-1].values()))(jnp.full((2, 3, 8), 0.3))
    assert not np.any(np.asarray(gradient))


def test_a_model_without_fusion_has_zeros_under_the_same_names():
    assert {k: float(v) for k, v in no_statistics().items()} == dict.fromkeys(NAMES, 0.0)

import jax
import numpy as np
import pytest

from pgat_jax.model.gate import Gate
from tests.model.conftest import bind, normal


@pytest.mark.parametrize(("mode", "value"), [("open", 1.0), (0.25, 0.25), (0.7, 0.7)])
def test_a_constant_gate_has_its_value_and_no_parameters(mode, value):
    enc, fused = normal(0, 2, 3, 8), normal(1, 2, 3, 8)
    gate, variables = Gate(mode).init_with_output(jax.random.key(0), enc, fused)
    assert np.all(np.asarray(gate) == np.float32(value)) and not variables


def test_a_learned_gate_starts_at_a_half_and_reads_both_streams():
    enc, fused, module = normal(0, 2, 3, 52), normal(1, 2, 3, 52), Gate("sigmoid")
    params = jax.jit(module.init)(jax.random.key(0), enc, fused)
    apply = bind(module, params)
    gate = apply(enc, fused)
    np.testing.assert_allclose(gate, 0.5, atol=0.1)
    assert abs(float(gate.mean()) - 0.5) < 0.02
    slopes = jax.grad(lambda *x: apply(*x)[0, 0, 0], argnums=(0, 1))(enc, fused)
    assert all(np.any(np.asarray(slope[0, 0])) for slope in slopes)

import jax
import jax.numpy as jnp
import pytest

from pgat_jax.bench.flops import count_flops, count_flops_by_type

X, W = jax.ShapeDtypeStruct((8, 16), jnp.float32), jax.ShapeDtypeStruct((16, 16), jnp.float32)


def scanned(x, w):
    return jax.lax.scan(lambda x, _: (x @ w, None), x, length=5)[0]


def unrolled(x, w):
    for _ in range(5):
        x = x @ w
    return x


def batched(x, w):
    return jnp.einsum("ij,kj->ik", x, w).reshape(2, 4, 16) @ w[:, :3]


@pytest.mark.parametrize("function", [unrolled, batched], ids=lambda f: f.__name__)
def test_counts_what_xla_counts_on_unrolled_programs(function):
    analysis = jax.jit(function).lower(X, W).compile().cost_analysis()
    assert count_flops(function, X, W) == analysis["flops"]


def test_gradient_of_an_unrolled_program_counts_as_in_xla():
    gradient = jax.value_and_grad(lambda x, w: jnp.square(unrolled(x, w)).sum(), argnums=(0, 1))
    analysis = jax.jit(gradient).lower(X, W).compile().cost_analysis()
    assert count_flops(gradient, X, W) == 15 * 2 * 8 * 16 * 16
    assert analysis["flops"] == pytest.approx(15 * 2 * 8 * 16 * 16, rel=0.06)  # squares and sums


def test_a_scan_counts_its_body_once_a_turn():
    assert count_flops(scanned, X, W) == count_flops(unrolled, X, W) == 5 * 2 * 8 * 16 * 16


def test_remat_and_jit_are_looked_into():
    assert count_flops(jax.jit(jax.checkpoint(unrolled)), X, W) == count_flops(unrolled, X, W)


def test_the_dearest_branch_counts():
    def branches(x, w):
        return jax.lax.cond(x[0, 0] > 0, lambda: unrolled(x, w), lambda: x @ w)

    assert count_flops(branches, X, W) == count_flops(unrolled, X, W)


def test_a_convolution_counts_as_in_xla():
    def convolve(x, k):
        return jax.lax.conv_general_dilated(
            x, k, (1,), "VALID", dimension_numbers=("NWC", "WIO", "NWC")
        )

    shapes = [jax.ShapeDtypeStruct(s, jnp.float32) for s in ((2, 10, 4), (3, 4, 5))]
    analysis = jax.jit(convolve).lower(*shapes).compile().cost_analysis()
    assert count_flops(convolve, *shapes) == analysis["flops"]


def test_products_in_a_loop_of_unknown_length_are_refused():
    def loop(x, w):
        return jax.lax.while_loop(lambda x: x[0, 0] < 1, lambda x: x @ w, x)

    with pytest.raises(ValueError, match="while loop"):
        count_flops(loop, X, W)


def test_operations_are_counted_by_the_type_of_the_operands():
    half = jax.ShapeDtypeStruct(W.shape, jnp.bfloat16)
    mixed = count_flops_by_type(lambda x, w, v: (x @ w, v @ v), X, W, half)
    assert mixed == {
        "float32": count_flops(lambda x, w: x @ w, X, W),
        "bfloat16": 2 * W.shape[0] ** 3,
    }

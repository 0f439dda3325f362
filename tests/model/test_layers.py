import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pgat_jax.model.layers import Dropout, FeedForward, gelu, scan_blocks
from tests.model.conftest import bind, dense, draw_parameters, normal

pytestmark = pytest.mark.usefixtures("x64")


def test_gelu_equals_the_libraries_own_with_its_gradient():
    x = jnp.linspace(-6, 6, 101)
    np.testing.assert_allclose(gelu(x), jax.nn.gelu(x), atol=1e-14)
    ours, theirs = (jax.vmap(jax.grad(f))(x) for f in (gelu, jax.nn.gelu))
    central = np.abs(x) <= 4
    np.testing.assert_allclose(ours[central], theirs[central], atol=1e-14)
    # At -6 both multiply 1 - tanh^2 by 14: roundings of tanh, 5.5e-16 each, may differ by 3e-14.
    np.testing.assert_allclose(ours, theirs, atol=3e-14)


def test_a_feed_forward_map_is_two_linear_maps_around_a_gelu():
    x, module = normal(0, 3, 4), FeedForward(6, 2)
    variables = draw_parameters(module, x)
    p = variables["params"]
    expected = dense(p["out"], jax.nn.gelu(dense(p["in"], x)))
    np.testing.assert_allclose(bind(module, variables)(x), expected, rtol=1e-12)


@pytest.mark.parametrize("rate", [0.05, 0.5])
def test_dropout_drops_its_share_and_keeps_the_mean(rate):
    x = jnp.ones(100_001)
    y = np.asarray(Dropout(rate).apply({}, x, rngs={"dropout": jax.random.key(0)}))
    share = round(256 * rate) / 256
    assert abs(np.mean(y == 0) - share) < 5 * np.sqrt(share * (1 - share) / x.size)
    np.testing.assert_allclose(y[y != 0], 1 / (1 - share))


def test_without_a_key_nothing_is_dropped():
    assert np.all(np.asarray(Dropout(0.5).apply({}, jnp.ones(100))) == 1)


class Block(nn.Module):
    """A block with every kind of layer that is scanned."""

    @nn.compact
    def __call__(self, x, shared):
        return x + Dropout(0.5)(FeedForward(6, 4, name="feed")(x + shared)), None


def test_scanned_blocks_equal_their_loop():
    x, shared, module = normal(0, 2, 4), normal(1, 2, 4), scan_blocks(Block, 3)(name="blocks")
    variables = draw_parameters(module, x, shared)
    expected = x
    for i in range(3):
        one = jax.tree.map(lambda leaf, i=i: leaf[i], variables)
        expected, _ = Block().apply(one, expected, shared)
    np.testing.assert_allclose(bind(module, variables)(x, shared)[0], expected, rtol=1e-12)
    kernels = variables["params"]["feed"]["in"]["kernel"]
    assert kernels.shape == (3, 4, 6) and not np.array_equal(kernels[0], kernels[1])


def test_remat_keeps_less_for_the_backward_pass_and_gives_the_same_gradient():
    x, shared = normal(0, 2, 4), normal(1, 2, 4)
    variables, kept, gradients = None, [], []
    for remat in (False, True):
        module = scan_blocks(Block, 3, remat)(name="blocks")
        variables = variables or draw_parameters(module, x, shared)

        def total(variables, module=module):
            key = {"dropout": jax.random.key(0)}
            return jnp.square(module.apply(variables, x, shared, rngs=key)[0]).sum()

        gradients.append(jax.jit(jax.grad(total))(variables))
        kept.append(sum(leaf.size for leaf in jax.tree.leaves(jax.vjp(total, variables)[1])))
    assert kept[1] < kept[0]
    for one, other in zip(*map(jax.tree.leaves, gradients), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)

"""Layers that several parts share: scanned blocks, GELU, feed-forward map, dropout."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax.ad_checkpoint import checkpoint_name
from jaxtyping import Array, Float

# Names of the activations of a block that its backward pass reads; all others are computed again,
# attention weights too: on a CPU they cost as much to keep as to recompute.
SAVED = ("projected", "mixed", "hidden", "branch", "keep")


def scan_blocks(block: type[nn.Module], length: int, remat: bool = False) -> Callable[..., Any]:
    """Returns a module class that applies several copies of a block one after the other.

    The parameters of the copies are stacked along a new first axis. The backward pass keeps the
    activations in `SAVED` and computes the others again.

    Args:
        block: a module that maps (stream, *shared) to (stream, None).
        length: the number of copies.
        remat: True keeps each block's input alone for the backward pass.

    Returns:
        The class of the scanned module; it takes the arguments of `block`, and its instances map
        (stream, *shared) to (stream, None). Each copy reads the same `shared`.
    """
    policies = jax.checkpoint_policies
    policy = policies.nothing_saveable if remat else policies.save_only_these_names(*SAVED)
    return nn.scan(
        nn.remat(block, prevent_cse=False, policy=policy),
        variable_axes={"params": 0},
        split_rngs={"params": True, "dropout": True},
        in_axes=nn.broadcast,  # pyright: ignore[reportArgumentType]
        length=length,
    )


@jax.custom_jvp
def gelu(x: Float[Array, "*B"]) -> Float[Array, "*B"]:
    """Computes GELU in its tanh form (Hendrycks and Gimpel, 2016).

    Its derivative rule keeps one array for the backward pass, the slope.

    Args:
        x: values of any shape.

    Returns:
        GELU of each value.
    """
    return _gelu_and_slope(x)[0]


@gelu.defjvp
def _gelu_jvp(primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    value, slope = _gelu_and_slope(*primals)
    return value, slope * tangents[0]


def _gelu_and_slope(x: Float[Array, "*B"]) -> tuple[Float[Array, "*B"], Float[Array, "*B"]]:
    scale = math.sqrt(2 / math.pi)
    squared = 0.044715 * x * x
    tanh = jnp.tanh(scale * x * (1 + squared))
    slope = 0.5 * (1 + tanh) + 0.5 * x * (1 - tanh * tanh) * (scale * (1 + 3 * squared))
    return 0.5 * x * (1 + tanh), slope


class FeedForward(nn.Module):
    """Two linear maps of the last axis with a GELU between them: [..., W] -> [..., O].

    Attributes:
        hidden: I, the width between the maps.
        width: O, the width of the output.
        kernel_init: the initialiser of the second map's kernel.
    """

    hidden: int
    width: int
    kernel_init: nn.initializers.Initializer = nn.initializers.lecun_normal()

    @nn.compact
    def __call__(self, x: Float[Array, "*B W"]) -> Float[Array, "*B O"]:
        """Maps the last axis from width W to width O."""
        x = gelu(checkpoint_name(nn.Dense(self.hidden, name="in")(x), "hidden"))
        return nn.Dense(self.width, kernel_init=self.kernel_init, name="out")(x)


class Dropout(nn.Module):
    """Dropout that draws one random byte for each activation.

    A byte is a quarter of the random bits that `jax.random.bernoulli` draws; on a CPU that makes
    dropout cheaper than the matrix product before it. Each row of the batch has its own random
    words, so that each device draws those of its own rows alone. A call maps activations, whose
    axis 0 is the batch, to the same shape; without a `dropout` key it returns them unchanged.

    Attributes:
        rate: the share of activations that are set to 0; it is rounded to a multiple of 1/256.
    """

    rate: float

    @nn.compact
    def __call__(self, x: Float[Array, "*B"]) -> Float[Array, "*B"]:
        """Drops activations and scales the others.

        Args:
            x: activations; axis 0 is the batch.

        Returns:
            The activations; `x` itself if no `dropout` key was given.
        """
        dropped = round(256 * self.rate)
        if not dropped or not self.has_rng("dropout"):
            return x
        each = x.size // len(x)
        words = jax.random.bits(self.make_rng("dropout"), (len(x), -(-each // 4)), jnp.uint32)
        octets = jax.lax.bitcast_convert_type(words, jnp.uint8).reshape(len(x), -1)[:, :each]
        keep = checkpoint_name(octets.reshape(x.shape) >= dropped, "keep")
        return jnp.where(keep, checkpoint_name(x, "branch") * (256 / (256 - dropped)), 0)

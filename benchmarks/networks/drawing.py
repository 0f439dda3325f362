"""Defines a generated network, and draws what kind it is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

ACTIVATIONS: dict[str, Callable[[jax.Array], jax.Array]] = {
    "relu": jax.nn.relu,
    "gelu": jax.nn.gelu,
    "tanh": jnp.tanh,
    "silu": jax.nn.silu,
    "elu": jax.nn.elu,
    "leaky_relu": jax.nn.leaky_relu,
    "relu6": jax.nn.relu6,
    "softplus": jax.nn.softplus,
}
# Half of the networks have a ReLU, since its units die.
_ODDS = [0.5, *[0.5 / (len(ACTIVATIONS) - 1)] * (len(ACTIVATIONS) - 1)]
INITIALISERS: dict[str, Callable[..., jax.Array]] = {
    "lecun": jax.nn.initializers.lecun_normal(),
    "he": jax.nn.initializers.he_uniform(),
    "glorot": jax.nn.initializers.glorot_uniform(),
    "orthogonal": jax.nn.initializers.orthogonal(),
    "small": jax.nn.initializers.truncated_normal(0.02),
}


class Network(NamedTuple):
    """A network to diagnose.

    Attributes:
        loss: Called as `loss(params, *args)`; returns a scalar.
        params: The initial parameters, a pytree.
        data: Called with a PRNG key; returns the further arguments of the loss, drawn anew.
    """

    loss: Callable[..., Any]
    params: Any
    data: Callable[[jax.Array], tuple[Any, ...]]


@dataclass(frozen=True)
class Kind:
    """What kind of network is built.

    Attributes:
        library: Name of the file that builds it, such as `linen`.
        family: Name of the function in that file, such as `mlp`.
        width: Number of units of a hidden layer, a multiple of 4.
        depth: Number of hidden layers.
        activation: A key of `ACTIVATIONS`.
        initialiser: A key of `INITIALISERS`, for the libraries and layers that take one.
        batch: Number of samples of a batch.
        seed: The seed of the parameters and of the data.
    """

    library: str
    family: str
    width: int
    depth: int
    activation: str
    initialiser: str
    batch: int
    seed: int

    @property
    def name(self) -> str:
        """The kind in one word, such as `linen.mlp/8x2/relu/he/batch16/seed3`."""
        size = f"{self.width}x{self.depth}/{self.activation}/{self.initialiser}"
        return f"{self.library}.{self.family}/{size}/batch{self.batch}/seed{self.seed}"

    @property
    def key(self) -> jax.Array:
        """The PRNG key of the parameters."""
        return jax.random.key(self.seed)

    @property
    def act(self) -> Callable[[jax.Array], jax.Array]:
        """The activation."""
        return ACTIVATIONS[self.activation]

    @property
    def initialise(self) -> Callable[..., jax.Array]:
        """The initialiser of matrices: `initialise(key, shape)`."""
        return INITIALISERS[self.initialiser]


def draw_kinds(builders: list[tuple[str, str]], count: int, seed: int) -> list[Kind]:
    """Draws kinds of networks, the same for the same seed.

    Args:
        builders: Pairs of library and family; they come in turn.
        count: Number of kinds.
        seed: The seed.
    """
    random = np.random.default_rng(seed)
    names, initialisers = list(ACTIVATIONS), list(INITIALISERS)
    return [
        Kind(
            *builders[i % len(builders)],
            width=int(random.choice([4, 8, 16])),
            depth=int(random.integers(1, 4)),
            activation=str(random.choice(names, p=_ODDS)),
            initialiser=str(random.choice(initialisers)),
            batch=int(random.choice([4, 16, 64])),
            seed=int(random.integers(1_000_000)),
        )
        for i in range(count)
    ]


def draw_normal(key: jax.Array, *shapes: tuple[int, ...]) -> tuple[jax.Array, ...]:
    """Draws one array of standard normal numbers for each shape.

    Args:
        key: A PRNG key.
        *shapes: The shapes.
    """
    keys = jax.random.split(key, len(shapes))
    return tuple(jax.random.normal(k, shape) for k, shape in zip(keys, shapes))


def draw_labelled(
    key: jax.Array, shape: tuple[int, ...], classes: int = 3
) -> tuple[jax.Array, jax.Array]:
    """Draws standard normal numbers, and a class for each of the first axis.

    Args:
        key: A PRNG key.
        shape: The shape of the numbers.
        classes: Number of classes.
    """
    one, two = jax.random.split(key)
    labels = jax.random.randint(two, shape[:1], 0, classes)
    return jax.random.normal(one, shape), labels

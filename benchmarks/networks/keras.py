"""Networks of stock classes of Keras on the JAX backend."""

from typing import Any

import jax.numpy as jnp

from benchmarks.networks.drawing import Kind, Network, draw_labelled

LIBRARY = "keras"


def _classify(kind: Kind, keras: Any, layers: list[Any], shape: tuple[int, ...]) -> Network:
    criterion = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    net = keras.Sequential([*layers, keras.layers.Dense(3)])
    net(jnp.zeros(shape))
    paths = [v.path for v in net.trainable_variables]
    params = {path: v.value for path, v in zip(paths, net.trainable_variables)}
    others = [v.value for v in net.non_trainable_variables]

    def loss(p, x, y):
        outputs, _ = net.stateless_call([p[path] for path in paths], others, x, training=True)
        return jnp.mean(criterion(y, outputs))

    return Network(loss, params, lambda k: draw_labelled(k, shape))


def mlp(kind: Kind, keras: Any) -> Network:
    """Builds `Dense` layers."""
    keras.utils.set_random_seed(kind.seed)
    layers = [keras.layers.Dense(kind.width, activation=kind.act) for _ in range(kind.depth)]
    return _classify(kind, keras, layers, (kind.batch, 5))


def cnn(kind: Kind, keras: Any) -> Network:
    """Builds `Conv2D`, `MaxPooling2D` and `Flatten`."""
    keras.utils.set_random_seed(kind.seed)
    k = keras.layers
    layers = [
        k.Conv2D(kind.width, 3, padding="same", activation=kind.act) for _ in range(kind.depth)
    ]
    return _classify(kind, keras, [*layers, k.MaxPooling2D(), k.Flatten()], (kind.batch, 6, 6, 1))


def recurrent(kind: Kind, keras: Any) -> Network:
    """Builds `LSTM`, `GRU` or `SimpleRNN`."""
    keras.utils.set_random_seed(kind.seed)
    cells = [keras.layers.LSTM, keras.layers.GRU, keras.layers.SimpleRNN]
    return _classify(kind, keras, [cells[kind.seed % 3](kind.width)], (kind.batch, 5, 3))


FAMILIES = (mlp, cnn, recurrent)

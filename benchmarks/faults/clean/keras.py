"""Keras on the JAX backend: layers and losses through `stateless_call`."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.faults.clean.registry import integers
from benchmarks.faults.registry import Example, normal

LIBRARY = "keras"


def _model(net: Any, criterion: Any, x: jax.Array, y: jax.Array, **settings: Any) -> Example:
    """Builds an example from a Keras model; its leaves are named by the variables' paths.

    Args:
        net: a Keras model.
        criterion: from the truth and the model's outputs to losses.
        x: the inputs.
        y: the truth.
        **settings: settings of `diagnose`.
    """
    net(x)
    paths = [v.path for v in net.trainable_variables]
    params = {path: v.value for path, v in zip(paths, net.trainable_variables)}
    others = [v.value for v in net.non_trainable_variables]

    def loss(p, x, y):
        outputs, _ = net.stateless_call([p[path] for path in paths], others, x, training=True)
        return jnp.mean(criterion(y, outputs))

    return Example(loss, params, (x, y), settings)


def _classifier(keras: Any, layers: list[Any], x: jax.Array, **settings: Any) -> Example:
    criterion = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    net = keras.Sequential([*layers, keras.layers.Dense(3)])
    return _model(net, criterion, x, integers(1, 3, len(x)), **settings)


def mnist_convnet(keras: Any) -> Example:
    """Builds Keras's MNIST example, smaller: Conv2D, MaxPooling2D, Flatten, Dropout, Dense.

    Args:
        keras: The module `keras`.

    Returns:
        An `Example`: `loss(params, x, y)` returns the mean cross-entropy over three classes.
        `params` is a dict from the path of each trainable variable to its value. `args` has
        `x` [16, 8, 8, 1] and `y` [16] int32. `settings` is empty.
    """
    keras.utils.set_random_seed(0)
    k = keras.layers
    layers = [k.Conv2D(4, 3, activation="relu"), k.MaxPooling2D(), k.Flatten(), k.Dropout(0.3)]
    return _classifier(keras, layers, normal(0, 16, 8, 8, 1))


def separable_batch_norm(keras: Any) -> Example:
    """Builds keras.layers.SeparableConv2D, BatchNormalization and pooling, as in Xception.

    Args:
        keras: The module `keras`.

    Returns:
        An `Example`: `loss(params, x, y)` returns the mean cross-entropy over three classes.
        `params` is a dict from the path of each trainable variable to its value. `args` has
        `x` [16, 6, 6, 3] and `y` [16] int32. `settings` is empty.
    """
    keras.utils.set_random_seed(0)
    k = keras.layers
    separable = k.SeparableConv2D(6, 3, use_bias=False)
    layers = [separable, k.BatchNormalization(), k.Activation("relu"), k.GlobalAveragePooling2D()]
    return _classifier(keras, layers, normal(0, 16, 6, 6, 3))


def bidirectional_lstm(keras: Any) -> Example:
    """Builds Keras's IMDB example in small: Embedding, two Bidirectional LSTMs.

    Args:
        keras: The module `keras`.

    Returns:
        An `Example`: `loss(params, x, y)` returns the mean cross-entropy over three classes.
        `params` is a dict from the path of each trainable variable to its value. `args` has
        `x` [8, 5] int32 and `y` [8] int32. `settings` is empty.
    """
    keras.utils.set_random_seed(0)
    k = keras.layers
    layers = [
        k.Embedding(9, 6),
        k.Bidirectional(k.LSTM(4, return_sequences=True)),
        k.Bidirectional(k.LSTM(4)),
    ]
    return _classifier(keras, layers, integers(2, 9, 8, 5))


def gru(keras: Any) -> Example:
    """Builds keras.layers.GRU with reset_after, and LayerNormalization; Huber loss.

    Args:
        keras: The module `keras`.

    Returns:
        An `Example`: `loss(params, x, y)` returns the Huber loss. `params` is a dict from the path
        of each trainable variable to its value. `args` has `x` [8, 5, 4] and `y` [8, 5, 2].
        `settings` is empty.
    """
    keras.utils.set_random_seed(0)
    k = keras.layers
    layers = [
        k.GRU(5, return_sequences=True),
        k.LayerNormalization(),
        k.TimeDistributed(k.Dense(2)),
    ]
    criterion = keras.losses.Huber()
    return _model(keras.Sequential(layers), criterion, normal(0, 8, 5, 4), normal(1, 8, 5, 2))


def text_transformer(keras: Any) -> Example:
    """Builds the block of Keras's text-classification transformer: MultiHeadAttention, biases.

    Args:
        keras: The module `keras`.

    Returns:
        An `Example`: `loss(params, x, y)` returns the mean cross-entropy over three classes.
        `params` is a dict from the path of each trainable variable to its value. `args` has
        `x` [8, 5, 8] and `y` [8] int32. `settings` has `allow`, entries (name pattern, verdict,
        reason) for leaves that cannot learn by design.
    """
    keras.utils.set_random_seed(0)
    k = keras.layers
    inputs = keras.Input((5, 8))
    h = k.LayerNormalization()(inputs + k.MultiHeadAttention(2, 4)(inputs, inputs))
    h = k.LayerNormalization()(h + k.Dense(8)(k.Dense(12, activation="gelu")(h)))
    net = keras.Model(inputs, k.Dense(3)(k.GlobalAveragePooling1D()(h)))
    criterion = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    reason = "a key bias shifts all scores of a query alike, which softmax does not see"
    allow = [("*/key/bias", "invariant", reason)]
    return _model(net, criterion, normal(0, 8, 5, 8), integers(1, 3, 8), allow=allow)


def convolutional_lstm(keras: Any) -> Example:
    """Builds keras.layers.ConvLSTM1D, GroupNormalization, EinsumDense; binary cross-entropy.

    Args:
        keras: The module `keras`.

    Returns:
        An `Example`: `loss(params, x, y)` returns the binary cross-entropy. `params` is a dict from
        the path of each trainable variable to its value. `args` has `x` [8, 4, 6, 2] and
        `y` [8, 2]. `settings` is empty.
    """
    keras.utils.set_random_seed(0)
    k = keras.layers
    dense = k.EinsumDense("blc,clk->bk", output_shape=2, bias_axes="k", activation="sigmoid")
    net = keras.Sequential([k.ConvLSTM1D(4, 3, padding="same"), k.GroupNormalization(2), dense])
    target = jnp.asarray(np.asarray(normal(1, 8, 2)) > 0, jnp.float32)
    return _model(net, keras.losses.BinaryCrossentropy(), normal(0, 8, 4, 6, 2), target)


MODELS = [
    mnist_convnet,
    separable_batch_norm,
    bidirectional_lstm,
    gru,
    text_transformer,
    convolutional_lstm,
]

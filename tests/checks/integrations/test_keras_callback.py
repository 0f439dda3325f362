"""The Keras callback, on the JAX backend."""

import os
import subprocess
import sys

import jax
import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")
pytestmark = pytest.mark.slow


@pytest.fixture
def keras():
    keras = pytest.importorskip("keras")
    keras.utils.set_random_seed(0)
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        yield keras


@pytest.fixture
def KerasCheck(keras):
    from checks.integrations.keras_callback import KerasCheck

    return KerasCheck


X = np.random.default_rng(0).normal(size=(64, 3))
Y = X.sum(-1, keepdims=True)


def make_model(keras, rate=1e-3):
    k = keras.layers
    layers = [
        k.Dense(4, activation="tanh", kernel_regularizer="l2"),
        k.Dropout(0.1),
        k.BatchNormalization(),
        k.Dense(1),
    ]
    model = keras.Sequential([keras.Input((3,)), *layers])
    model.compile(optimizer=keras.optimizers.SGD(rate), loss="mse")
    return model


def test_the_loss_is_the_one_that_evaluate_reports(keras, KerasCheck):
    from checks.integrations.keras_callback import make_loss

    layer = keras.layers.Dense(1, kernel_regularizer="l2")
    model = keras.Sequential([keras.Input((3,)), layer])
    model.compile(loss="mse")
    loss, params = make_loss(model)
    x, y = X.astype("float32"), Y.astype("float32")
    expected = model.evaluate(x, y, batch_size=64, verbose=0)
    assert float(loss(params, x, y, None)) == pytest.approx(expected, rel=1e-6)
    assert {name.rpartition("/")[2] for name in params} == {"kernel", "bias"}


def test_fit_is_diagnosed_at_its_start_and_on_a_plateau_and_not_changed(keras, KerasCheck):
    check = KerasCheck(X[:16], Y[:16], window=1, tolerance=1e6, cures=False)
    model = make_model(keras)
    model.fit(X, Y, epochs=3, verbose=0, callbacks=[check])
    assert list(check.reports) == [0, 1] and all(r.passes for r in check.reports.values())
    keras.utils.set_random_seed(0)
    plain = make_model(keras)
    plain.fit(X, Y, epochs=3, verbose=0)
    for one, two in zip(model.variables, plain.variables):
        assert jax.numpy.array_equal(one.value, two.value)


def test_a_dead_layer_ends_fit(keras, KerasCheck):
    zero = keras.layers.Dense(2, kernel_initializer="zeros", use_bias=False)
    last = keras.layers.Dense(1, kernel_initializer="zeros", use_bias=False)
    model = keras.Sequential([keras.Input((3,)), zero, last])
    model.compile(loss="mse")
    with pytest.raises(AssertionError, match=r"at step 0: 2 of 2 (.|\n)*stuck"):
        model.fit(X, Y, verbose=0, callbacks=[KerasCheck(X, Y, cures=False)])


def test_another_backend_is_refused(keras, KerasCheck, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "tensorflow")
    with pytest.raises(ValueError, match=r"got tensorflow; set .* KERAS_BACKEND=jax"):
        KerasCheck(X)


def test_without_keras_the_import_names_the_package():
    code = "import sys; sys.modules['keras'] = None\nimport checks.integrations.keras_callback"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "needs Keras 3, which is not installed: pip install keras" in done.stderr

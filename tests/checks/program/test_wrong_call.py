"""What is handed in by mistake gets one sentence with the call that works, and that call works."""

from types import SimpleNamespace

import equinox as eqx
import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
import pytest
from flax import nnx
from flax.training.train_state import TrainState

from checks import NotALoss, reach
from checks.program.wrong_call import find_wrong_call, find_wrong_optimizer

PARAMS = {"w": jnp.ones(3)}


def loss(model, x):
    return (model(x) ** 2).mean()


class Normalised(nnx.Module):
    def __init__(self):
        self.norm = nnx.BatchNorm(3, rngs=nnx.Rngs(0))

    def __call__(self, x):
        return self.norm(x)


@pytest.fixture(scope="module")
def state():
    return TrainState.create(apply_fn=lambda p, x: x @ p["w"], params=PARAMS, tx=optax.sgd(0.1))


def test_a_train_state_gets_the_call_with_its_parameters_and_that_call_works(state):
    def of_state(state, x):
        return loss(lambda x: state.apply_fn(state.params, x), x)

    x = jnp.ones((2, 3))
    with pytest.raises(NotALoss, match=r"got TrainState.*state\.params.*optimizer=state\.tx"):
        reach(of_state, state, x)
    found = reach(lambda p, *args: of_state(state.replace(params=p), *args), state.params, x)
    assert list(found) == ["w"]


def test_an_nnx_module_with_statistics_gets_the_split_and_that_call_works():
    model, x = Normalised(), jnp.ones((2, 3))
    with pytest.raises(
        NotALoss, match=r"Normalised whose BatchStat .*nnx\.split\(model, nnx\.Param"
    ):
        reach(loss, model, x)
    graphdef, params, rest = nnx.split(model, nnx.Param, ...)
    found = reach(lambda p, rest, x: loss(nnx.merge(graphdef, p, rest), x), params, rest, x)
    assert found.passes and len(found) == 2


def test_an_nnx_module_of_parameters_alone_is_taken_as_it_is():
    assert find_wrong_call(loss, nnx.Linear(3, 1, rngs=nnx.Rngs(0))) is None


def test_a_module_under_jax_jit_gets_the_call_without_it_and_that_call_works():
    model = eqx.nn.MLP(3, 1, 2, 1, key=jax.random.key(0))
    jitted = jax.jit(lambda m, x: loss(jax.vmap(m), x))
    x = jnp.ones((2, 3))
    with pytest.raises(NotALoss, match=r"got activation, .*diagnose\(loss\.__wrapped__, params"):
        reach(jitted, model, x)
    assert len(reach(jitted.__wrapped__, model, x)) == 4
    assert find_wrong_call(eqx.filter_jit(loss), model) is None


@pytest.mark.parametrize(
    "first, second, sentence",
    [
        (PARAMS, loss, "got dict; the loss comes first: call diagnose(loss, params, *args)"),
        (
            SimpleNamespace(apply=max),
            PARAMS,
            "a function that calls its `apply` with the parameters",
        ),
        (3, PARAMS, "a loss must be a function: got int"),
        (
            loss,
            nn.Dense(1),
            "got the Linen module Dense, which has none; call diagnose(loss, model.init",
        ),
        (loss, optax.adam, "got the optimiser adam; call diagnose(loss, params, *args, optimizer="),
        (loss, optax.sgd(0.1), "got the optimiser GradientTransformation"),
        (
            loss,
            nnx.Optimizer(nnx.Linear(3, 1, rngs=nnx.Rngs(0)), optax.sgd(0.1), wrt=nnx.Param),
            "got the optimiser Optimizer; call diagnose(loss, model, *args, optimizer=o",
        ),
    ],
)
def test_each_mistake_has_its_sentence(first, second, sentence):
    assert sentence in (find_wrong_call(first, second) or "")


def test_an_optimiser_that_cannot_be_called_has_its_sentence(state):
    wrapper = nnx.Optimizer(nnx.Linear(3, 1, rngs=nnx.Rngs(0)), optax.sgd(0.1), wrt=nnx.Param)
    assert "optimizer=state.tx" in (find_wrong_optimizer(state) or "")
    assert "optimizer=optimizer.tx" in (find_wrong_optimizer(wrapper) or "")
    assert "optimizer=optax.adam(1e-3)" in (find_wrong_optimizer(optax.adam) or "")
    assert find_wrong_optimizer(optax.adam(1e-3)) is None

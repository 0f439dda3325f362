"""Inputs that give a gradient to slices that would be called stuck."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from checks.measure import search as module
from checks.measure.search import NEEDED, Search, search_inputs
from tests.checks.measure.compiled import compiled

X = jax.random.normal(jax.random.key(1), (16, 3))


def _units(p, x):
    return (jnp.maximum(x @ p["w"] + p["b"][None], 0.0) @ p["out"]).sum() / len(x)


def _params(*biases, out=1.0):
    count = len(biases)
    w = jnp.zeros((3, count)).at[0].set(1.0)
    return {"w": w, "b": jnp.array(biases), "out": jnp.full(count, out)}


def _search(params, loss=_units, x=X, targets=None):
    runner, proof, sampler = compiled(loss, params, x)
    leaf = proof.program.params.names.index("b")
    shape = params["b"].shape
    targets = targets or {leaf: [np.zeros(1, bool), np.array(params["b"] < 0)]}
    assert targets[leaf][1].shape == shape
    point = sampler.keep_parameters(proof.program.args)
    before = sampler.split().draw_inputs().args.learning[0]
    found = search_inputs(runner, sampler, point, targets)
    assert not np.array_equal(before, sampler.draw_inputs().args.learning[0])
    alive = np.any([m.readings[leaf].alive[1] for m in found.found] or [[False]], axis=0)
    return found, np.broadcast_to(alive, shape).tolist(), leaf


@pytest.fixture(scope="module")
def shut():
    """The search for units that fire from once in 50 inputs to never."""
    return _search(_params(1.0, -2.0, -4.5, -100.0))


def test_units_that_an_input_of_the_same_kind_fires_are_found(shut):
    assert shut[1] == [True, True, True, False]
    assert {m.point.kind for m in shut[0].found} == {"inputs"}


def test_a_unit_that_none_fires_has_been_searched(shut):
    found, _, leaf = shut
    assert found.open == {} and not found.never[leaf][1].any()
    assert found.samples >= NEEDED == 46_052 and found.climbs >= 4
    assert found.describe() == (
        f"none at {found.samples:,} drawn inputs (a gradient at one input in 10,000 would be "
        f"missed with probability 0.01), nor after {found.climbs} times 32 gradient steps on the "
        "inputs"
    )


def test_what_no_input_can_change_is_proved_and_nothing_is_drawn():
    found, alive, leaf = _search(_params(-1.0, -2.0, out=0.0))
    assert found.never[leaf][1].tolist() == [True, True] and alive == [False, False]
    assert (found.samples, found.climbs, found.found, found.open) == (0, 0, [], {})


def test_without_a_budget_the_slices_stay_open(monkeypatch):
    monkeypatch.setattr(module, "_BUDGET", 0)
    found, alive, leaf = _search(_params(1.0, -2.0))
    assert found.open[leaf][1].tolist() == [False, True] and alive == [False, False]
    assert found.describe() == "too large to try other inputs"


def _fires(**settings):
    return _search(_params(-4.5), **settings)[1] == [True]


@pytest.mark.parametrize(
    "act",
    [
        jax.nn.relu,
        jax.nn.relu6,
        lambda z: jnp.where(z > 0, z, 0.0),
        lambda z: jnp.where(z <= 0, 0.0, z),
        lambda z: jnp.clip(z, 0.0, 1.0),
        lambda z: -jnp.minimum(-z, 0.0),
    ],
    ids=["relu", "relu6", "where", "where not", "clip", "min"],
)
def test_kinks_of_every_writing_are_climbed(act, monkeypatch):
    monkeypatch.setattr(module, "_FIRST_CHUNKS", 0)
    assert _fires(loss=lambda p, x: (act(x @ p["w"] + p["b"][None]) @ p["out"]).mean())


def test_positive_inputs_stay_positive():
    found, alive, _ = _search(_params(-4.5), x=jnp.abs(X))
    assert alive == [True]
    assert all((m.point.args.learning[0] >= 0).all() for m in found.found)


def test_the_batch_is_an_axis_whose_order_does_not_matter():
    def batch(loss, *args):
        runner, proof, sampler = compiled(loss, {"w": jnp.arange(1.0, 4.0)}, *args)
        return module._find_batch(runner, sampler.keep_parameters(proof.program.args))

    mean = lambda p, x, y: ((x @ p["w"] - y) ** 2).mean()  # noqa: E731
    assert batch(mean, X, X[:, 0]) == 16
    assert batch(lambda p, x: (x * p["w"]).sum() ** 2, X[0]) is None
    assert batch(lambda p, x, s: (x @ p["w"] * s).sum(), X, jnp.ones(())) is None
    assert batch(lambda p, x, k: (x @ p["w"]).sum(), X, jax.random.key(0)) is None


def test_a_program_that_cannot_be_batched_or_climbed_stays_open(monkeypatch):
    def refuse(*args):
        raise TypeError("no batching rule\nfurther")

    monkeypatch.setattr(module._Hunt, "_try", refuse)
    monkeypatch.setattr(module, "make_climb", refuse)
    found, _, leaf = _search(_params(1.0, -2.0))
    assert found.open[leaf][1].tolist() == [False, True]
    assert found.describe() == (
        "inputs were not drawn (TypeError: no batching rule), inputs were not moved by gradient "
        "steps (TypeError: no batching rule)"
    )


def test_a_search_of_nothing_says_so():
    assert Search([], {}, {}, 0, 0).describe() == "too large to try other inputs"
    assert Search([], {}, {}, 32, 0).describe().endswith("with probability 1)")

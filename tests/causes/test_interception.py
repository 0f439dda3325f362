"""Interceptors act on the calls that are meant, and their lines never appear in a report."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import pytest

from checks import diagnose, reach
from pgat_jax.causes.interception import intercept_calls


class Layers(nn.Module):
    """Two dense layers, of which the second one can be called by another method."""

    def setup(self):
        self.first, self.second = nn.Dense(2), nn.Dense(2)

    def __call__(self, x):
        return self.double(self.first(x))

    def double(self, x):
        return self.second(2 * x)


class Dead(nn.Module):
    """A module whose dense layer gets no gradient, by this file's own line."""

    @nn.compact
    def __call__(self, x):
        return jax.lax.stop_gradient(nn.Dense(2, name="dense")(x))


PARAMS = Layers().init(jax.random.key(0), jnp.ones(2))
ONES = jnp.ones(2)


def run(interceptor):
    with nn.intercept_methods(interceptor):
        return Layers().apply(PARAMS, ONES)


def name_calls(seen):
    def act(module, call, *args):
        seen.append(module.name)
        return call()

    return act


def test_calls_of_a_class_are_intercepted_and_others_pass():
    seen = []
    assert jnp.array_equal(run(intercept_calls(nn.Dense, name_calls(seen))), run_plain())
    assert seen == ["first", "second"]
    assert jnp.array_equal(run(intercept_calls(nn.LayerNorm, name_calls(seen))), run_plain())
    assert seen == ["first", "second"]


def run_plain():
    return Layers().apply(PARAMS, ONES)


@pytest.mark.parametrize(
    ("kind", "settings", "names"),
    [(nn.Dense, {"name": "second"}, ["second"]), (Layers, {"method": "double"}, [None])],
)
def test_a_name_and_a_method_narrow_the_choice(kind, settings, names):
    seen = []
    run(intercept_calls(kind, name_calls(seen), **settings))
    assert seen == names


def test_an_interceptor_replaces_the_result_or_the_arguments():
    zeros = run(intercept_calls(nn.Dense, lambda module, call, x: 0 * call(), name="second"))
    assert not zeros.any()
    doubled = run(intercept_calls(nn.Dense, lambda module, call, x: call(2 * x), name="first"))
    assert not jnp.array_equal(doubled, run_plain())


@pytest.mark.parametrize("check", [reach, diagnose])
def test_a_report_names_the_models_line_and_not_the_interceptors(check):
    module, seen = Dead(), []
    params = {"dense": {"kernel": jnp.ones((2, 2)), "bias": jnp.ones(2)}}

    def loss(params):
        with nn.intercept_methods(intercept_calls(nn.Dense, name_calls(seen))):
            outputs = module.apply({"params": params}, ONES)
        return outputs.sum()

    report = check(loss, params)
    assert seen  # the interceptor was active
    for leaf in report.leaves:
        assert leaf.verdict == "blocked"
        assert leaf.where and all("test_interception.py:" in place for place in leaf.where)
        assert not any("causes/interception.py" in place for place in leaf.where)

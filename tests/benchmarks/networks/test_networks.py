"""Generated networks: what is drawn, the truth about an alarm, and a few diagnosed."""

import jax
import jax.numpy as jnp
import pytest

from benchmarks.networks import benchmark as module
from benchmarks.networks.__main__ import main
from benchmarks.networks.benchmark import (
    LIBRARIES,
    Alarms,
    build,
    draw_networks,
    list_builders,
    score_networks,
)
from benchmarks.networks.drawing import Network, draw_kinds, draw_labelled, draw_normal
from benchmarks.networks.truth import Part, can_learn

# Without an optional library.
_PLAIN = [("plain", family) for family in ("mlp", "graph", "policy")]


def test_kinds_are_drawn_in_turn_and_the_same_for_the_same_seed():
    kinds = draw_kinds(_PLAIN, 30, 3)
    assert kinds == draw_kinds(_PLAIN, 30, 3) != draw_kinds(_PLAIN, 30, 4)
    assert [kind.family for kind in kinds[:4]] == ["mlp", "graph", "policy", "mlp"]
    assert 8 <= sum(kind.activation == "relu" for kind in kinds) <= 22
    assert len({kind.name for kind in kinds}) == 30 and {kind.depth for kind in kinds} == {1, 2, 3}
    assert all(kind.name.startswith(f"{kind.library}.{kind.family}/") for kind in kinds)


def test_every_family_of_the_installed_libraries_is_drawn():
    builders = list_builders()
    assert {library for library, _ in builders} <= set(LIBRARIES)
    families = {family for _, family in builders}
    assert families == {"mlp", "cnn", "transformer", "recurrent", "graph", "policy", "mixture"}
    drawn = draw_networks(300, 0)
    assert {(k.library, k.family) for k in drawn} == set(builders) and len(drawn) == 300


def test_data_are_drawn_anew_with_another_key():
    one, two = (draw_normal(jax.random.key(i), (2, 3), (4,)) for i in range(2))
    assert [x.shape for x in one] == [(2, 3), (4,)] and not jnp.allclose(one[0], two[0])
    x, labels = draw_labelled(jax.random.key(0), (50, 2), 3)
    assert x.shape == (50, 2) and set(labels.tolist()) == {0, 1, 2}


def _shut(bias):
    def loss(p, x):
        return (jax.nn.relu(x @ p["w"] + p["b"][None]) * jnp.arange(1.0, 3.0)[None]).mean()

    params = {"w": jnp.ones((3, 2)), "b": jnp.array([0.0, bias]), "gone": jnp.ones(2)}
    return Network(loss, params, lambda key: draw_normal(key, (4, 3)))


@pytest.mark.slow
def test_a_unit_can_learn_if_some_input_fires_it(monkeypatch):
    monkeypatch.setattr("benchmarks.networks.truth._BATCHES", 512)
    assert can_learn(_shut(-4.0), Part("b", 0, (1,))) and can_learn(_shut(-4.0), Part("w"))
    assert not can_learn(_shut(-1e3), Part("b", 0, (1,)))
    assert not can_learn(_shut(-1e3), Part("gone"))


@pytest.mark.slow
def test_false_and_right_alarms_are_told_apart(monkeypatch):
    kind = draw_kinds(_PLAIN, 1, 0)[0]
    monkeypatch.setattr(module, "build", lambda kind: _shut(-1e3))
    monkeypatch.setattr(module, "can_learn", lambda network, part: part.name != "gone")
    alarms = Alarms()
    alarms.add(kind)
    assert alarms.alarmed == {kind.name} and alarms.networks == 1 and alarms.leaves == 3
    assert [line.split()[1:3] for line in alarms.right] == [["gone", "disconnected:"]]
    assert alarms.false and all("axis" in line and "stuck" in line for line in alarms.false)
    assert alarms.verdicts == {"stuck": 1, "disconnected": 1}
    assert "networks with a false alarm 1 (100.00%)" in alarms.table()


def test_a_network_that_cannot_be_built_is_an_alarm(monkeypatch):
    monkeypatch.setattr(module, "build", lambda kind: 1 / 0)
    alarms = score_networks(draw_kinds(_PLAIN, 2, 0))
    assert len(alarms.false) == 2 and "ZeroDivisionError" in alarms.false[0]


def test_the_command_runs_a_part_and_says_how_far_it_is(monkeypatch, capsys):
    monkeypatch.setattr(module, "build", lambda kind: _shut(0.0)._replace(params=1 / 0))
    assert main(["--networks", "3", "--first", "1"]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("networks 2, leaves 0") and err.startswith("1/2 plain.cnn/")
    assert main(["no such network", "--networks", "3"]) == 0


@pytest.mark.slow
@pytest.mark.parametrize("family", ["mlp", "mixture"])
def test_a_network_has_a_finite_loss(family):
    with jax.numpy_rank_promotion("allow"):
        network = build(draw_kinds([("plain", family)], 1, 0)[0])
        assert jnp.isfinite(network.loss(network.params, *network.data(jax.random.key(0))))


@pytest.mark.slow
def test_some_generated_networks_have_no_false_alarm():
    kinds = [k for k in draw_networks(26, 0) if k.depth == 1][:5]
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        assert score_networks(kinds).false == []


@pytest.mark.nightly
def test_under_one_of_a_hundred_generated_networks_has_a_false_alarm():
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        alarms = score_networks(draw_networks(300, 0))
    assert len(alarms.alarmed) <= 2, alarms.table()

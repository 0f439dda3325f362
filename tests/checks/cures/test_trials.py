"""Which edits are tried, and which of them are reported."""

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from checks import diagnose
from checks.cures import trials
from checks.cures.edits import Edit
from checks.verdicts import Leaf, Slice
from tests.checks.cures.failing_losses import make_loss

X = jnp.array([1.0, 2.0])


def say_nothing(stage):
    del stage


def loss(p):
    return (p["s"] ** 2 * p["t"] * p["v"]).sum() + (p["w"] ** 2).sum() + lax.stop_gradient(p["c"])


@pytest.fixture(scope="module")
def diagnosed():
    zero = jnp.float32(0)
    return make_loss(loss, {"c": zero, "s": zero, "t": jnp.float32(1), "v": X, "w": X})


def leaf(name, verdict="alive", **more):
    return Leaf(name, (), "float32", verdict, "why", **more)


def find(diagnosed, monkeypatch, edits, v="stuck"):
    """Tries edits for the leaf `v`, the only one that fails; returns all leaves."""
    monkeypatch.setattr(trials, "FAMILIES", (lambda failures: edits,))
    leaves = [leaf("c"), leaf("s"), leaf("t"), leaf("v", v), leaf("w")]
    return {one.name: one for one in trials.find_cures(diagnosed, leaves, say_nothing)}


def set_leaf(leaf, value, text="set it", **more):
    return Edit("leaf", text, (3,), lambda x: x.replace_leaves({leaf: jnp.float32(value)}), **more)


def test_an_edit_after_which_the_leaf_passes_is_its_cure(diagnosed, monkeypatch):
    found = find(diagnosed, monkeypatch, [set_leaf(1, 2.0)])["v"]
    (cure,) = found.cures
    assert (cure.kind, cure.edit, cure.measure, cure.before) == ("leaf", "set it", "gradient", 0)
    assert cure.after == pytest.approx(4) and cure.leaves == ("v",) and found.tried == 1


def test_an_edit_that_changes_nothing_is_tried_and_not_reported(diagnosed, monkeypatch):
    found = find(diagnosed, monkeypatch, [set_leaf(4, 3.0)])["v"]
    assert (found.cures, found.tried) == ([], 1)


def test_an_edit_that_takes_the_gradient_of_another_leaf_is_not_reported(diagnosed, monkeypatch):
    both = Edit(
        "leaf", "set s, zero w", (3,), lambda x: x.replace_leaves({1: jnp.ones(()), 4: 0 * X})
    )
    assert find(diagnosed, monkeypatch, [both])["v"].cures == []


def test_an_edit_that_raises_is_tried_and_not_reported(diagnosed, monkeypatch):
    broken = Edit("leaf", "break", (3,), lambda x: 1 / 0)
    found = find(diagnosed, monkeypatch, [broken, set_leaf(1, 2.0)])["v"]
    assert [cure.edit for cure in found.cures] == ["set it"] and found.tried == 2


def test_two_cures_are_enough_and_one_where_the_next_comes_last(diagnosed, monkeypatch):
    edits = [set_leaf(1, i, f"set {i}") for i in (1, 2, 3)]
    found = find(diagnosed, monkeypatch, edits)["v"]
    assert [cure.edit for cure in found.cures] == ["set 1", "set 2"] and found.tried == 2
    last = [edits[0], set_leaf(1, 2, "set 2", is_last=True)]
    assert find(diagnosed, monkeypatch, last)["v"].tried == 1


def test_an_edit_is_tried_once_and_ten_at_most(diagnosed, monkeypatch):
    same = [set_leaf(4, 3.0)] * 3
    assert find(diagnosed, monkeypatch, same)["v"].tried == 1
    many = [Edit("leaf", f"break {i}", (3,), lambda x: 1 / 0) for i in range(12)]
    assert find(diagnosed, monkeypatch, many)["v"].tried == 10


def test_no_edit_starts_after_the_time_is_up(diagnosed, monkeypatch):
    monkeypatch.setattr(trials, "_SECONDS", -1.0)
    assert find(diagnosed, monkeypatch, [set_leaf(1, 2.0)])["v"].tried == 0


def test_a_family_that_raises_does_not_stop_the_others(diagnosed, monkeypatch):
    families = (lambda failures: 1 / 0, lambda failures: [set_leaf(1, 2.0)])
    monkeypatch.setattr(trials, "FAMILIES", families)
    leaves = [leaf(name, "stuck" if name == "v" else "alive") for name in "cstvw"]
    assert trials.find_cures(diagnosed, leaves, say_nothing)[3].cures


def test_where_all_pass_nothing_is_proposed(diagnosed, monkeypatch):
    monkeypatch.setattr(trials, "FAMILIES", None)
    leaves = [leaf(name) for name in "cstvw"]
    assert trials.find_cures(diagnosed, leaves, say_nothing) == leaves


def test_progress_names_the_family_and_the_edit(diagnosed):
    said = []
    leaves = [leaf(name, "stuck" if name == "v" else "alive") for name in "cstvw"]
    (found,) = [x for x in trials.find_cures(diagnosed, leaves, said.append) if x.name == "v"]
    assert found.cures[0].edit == "set s to 1"
    assert said[0] == "cures: cut edits" and "cures: trying to set s to 1" in said


def test_failing_slices_of_a_leaf_that_passes_are_what_fails(diagnosed, monkeypatch):
    seen = []

    def record(failures):
        seen.extend(failures.leaves.values())
        return []

    monkeypatch.setattr(trials, "FAMILIES", (record,))
    part = Slice(0, (1,), "stuck", "why")
    leaves = [leaf("c"), leaf("s"), leaf("t"), leaf("v", slices=[part]), leaf("w")]
    trials.find_cures(diagnosed, leaves, say_nothing)
    assert [(x.leaf, x.verdict, x.view, x.indices) for x in seen] == [(3, "stuck", 1, (1,))]


def test_the_place_that_a_cure_edits_comes_first():
    def loss(p, x):
        meant = jax.lax.stop_gradient(p["w"] * x)
        return jnp.mean(jnp.round(8 * x * p["w"]) + 0.0 * meant)

    leaf = diagnose(loss, {"w": jnp.ones(3)}, jnp.arange(1.0, 4.0))["w"]
    assert leaf.cures and leaf.where[0] in leaf.cures[0].edit
    assert [place.split()[1] for place in leaf.where] == ["round", "stop_gradient"]

"""Where leaves and slices have a gradient, point by point."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from checks.measure import survey as module
from checks.measure.points import Point
from checks.measure.readings import Measurement, Reading
from checks.measure.search import Search
from checks.measure.survey import KINDS, NOWHERE, UNTRIED, add_search, take_survey
from tests.checks.measure.compiled import X, compiled


def _take(loss, params, *args):
    runner, proof, sampler = compiled(loss, params, *args)
    said = []
    return take_survey(runner, sampler, proof.dependence, [proof.program.args], said.append), said


def test_live_leaves_need_no_other_points():
    found, said = _take(lambda p, x: (p["w"] * x).sum(), {"w": X}, X)
    assert found.others == [] and len(found.data) == 1 and found.leaves[0].points == 1
    assert [seen.tolist() for seen in found.leaves[0].seen] == [["data"], ["data"] * 3]
    assert said == ["gradients at the data, in float64 and as written"]


def test_other_inputs_other_parameters_and_nowhere_are_told_apart():
    def loss(p, i):
        softmax = p["gone"] - lax.stop_gradient(p["gone"]) * 0 - p["gone"]
        return (p["rows"][i] ** 2).sum() + (p["zero"] ** 3).sum() + softmax.sum()

    params = {"gone": X, "rows": X, "zero": 0 * X}
    found, said = _take(loss, params, jnp.array([0]))
    gone, rows, zero = (leaf.seen[1].tolist() for leaf in found.leaves)
    assert gone == [NOWHERE] * 3 and zero == ["params"] * 3
    assert rows == ["data", "inputs", "inputs"]
    assert found.leaves[0].is_zero[0].all() and found.leaves[2].is_zero[0].tolist() == [False]
    kinds = [m.point.kind for m in found.others]
    assert all(g is None for m in found.others for g in (*m.wide.leaves, *m.written.leaves))
    assert kinds[:2] == ["inputs"] * 2 and set(kinds) == {*KINDS} - {"data"}
    assert kinds.count("params") == 8 and kinds.count("far") == 3 and kinds.count("inputs") <= 12
    assert said[1].startswith("other inputs: ") and said[1].endswith("without a gradient so far")


def test_slices_of_rounding_noise_do_not_need_every_point():
    def loss(p, x):
        scores = x[:, None] * x[None, :] + (x * p["bias"].sum())[:, None]
        return (jax.nn.softmax(scores) @ jnp.sin(x + p["v"])).sum()

    found, said = _take(loss, {"bias": X, "v": X}, X / 3)
    assert found.leaves[0].seen[1].tolist() == [NOWHERE] * 3
    assert not found.leaves[0].is_zero[0].any()
    assert [m.point.kind for m in found.others] == ["inputs"] + ["params"] * 3
    assert found.leaves[0].points == 5 and said[-1].startswith("other far: ")


def test_a_branch_that_no_input_takes_is_opened():
    def loss(p, x):
        return (jnp.where(x > 1e9, p["v"] * x, p["w"] * x)).sum()

    found, said = _take(loss, {"v": X, "w": X}, X)
    assert found.leaves[0].seen[0].tolist() == ["branch"]
    assert found.others[-1].point.kind == "branch"
    assert said[-1] == "other branches of the choices that depend on the data"


def _reading(kind, sizes, alive):
    whole = np.array([max(sizes)]), np.array([any(alive)])
    return Reading(kind, [whole[0], np.array(sizes)], [whole[1], np.array(alive)])


def _leaf(*readings):
    measured = [
        Measurement(Point(r.kind, [], None), SimpleNamespace(), SimpleNamespace(), [r])
        for r in readings
    ]
    return module._survey_leaves(measured)[0]


def test_the_nearest_kind_is_named():
    found = _leaf(
        _reading("data", [1.0, 0.0, 0.0], [True, False, False]),
        _reading("params", [1.0, 1.0, 1.0], [True, True, True]),
        _reading("inputs", [1.0, 1.0, 0.0], [True, True, False]),
    )
    assert found.seen[1].tolist() == ["data", "inputs", "params"] and found.points == 3
    assert KINDS == ("data", "inputs", "params", "far", "branch")


@pytest.mark.parametrize("kind", ["far", "branch"])
def test_remote_points_count_only_for_zeros(kind):
    found = _leaf(
        _reading("data", [1e-3, 0.0], [False, False]), _reading(kind, [1.0, 1.0], [True, True])
    )
    assert found.seen[1].tolist() == [NOWHERE, kind]
    assert found.is_zero[1].tolist() == [False, True]


@pytest.mark.parametrize(
    "kind, count, is_seen",
    [("inputs", 1, False), ("inputs", 2, False), ("inputs", 3, True), ("far", 3, False)],
)
def test_weak_gradients_count_at_most_points_unless_remote(kind, count, is_seen):
    weak = [_reading(kind, [1e-12, 1.0], [True, True]) for _ in range(count)]
    dead = [_reading(kind, [0.0, 1.0], [False, True]) for _ in range(4 - count)]
    zero = _reading("data", [0.0, 1.0], [False, True])
    found = _leaf(zero, *weak, *dead)
    assert (found.seen[1][0] == kind) is is_seen


def test_one_strong_gradient_counts():
    strong = _reading("inputs", [1e-3, 1.0], [True, True])
    dead = [_reading("inputs", [0.0, 1.0], [False, True]) for _ in range(4)]
    found = _leaf(_reading("data", [0.0, 1.0], [False, True]), strong, *dead)
    assert found.seen[1][0] == "inputs"


def test_strong_is_measured_against_the_data_too():
    weak = _reading("params", [1e-12, 0.0], [True, False])
    assert _leaf(_reading("data", [0.0, 1.0], [False, True]), weak).seen[1][0] == NOWHERE
    assert _leaf(_reading("data", [0.0, 1e-5], [False, True]), weak).seen[1][0] == "params"


def test_at_the_data_a_weak_gradient_counts():
    found = _leaf(_reading("data", [1e-12, 1.0], [True, True]))
    assert found.seen[1].tolist() == ["data", "data"]


def test_a_leaf_without_a_reading_has_no_survey():
    point = Point("data", [], None)
    assert module._survey_leaves([Measurement(point, None, None, [None])]) == [None]


def test_rows_first_visited_beside_drawn_parameters_count_as_visited_by_other_inputs():
    def loss(p, ids):
        return (p["rows"][ids] ** 2).sum() + (p["zero"] ** 3).sum()

    params = {"rows": jnp.linspace(1.0, 2.0, 40), "zero": 0 * X}
    found, _ = _take(loss, params, jnp.array([0, 1]))
    kinds = found.leaves[0].seen[1].tolist()
    assert "params" not in kinds and kinds.count("inputs") > 24
    assert set(found.leaves[1].seen[0]) == {"params"}


def test_slices_for_which_too_few_inputs_were_tried_are_untried(monkeypatch):
    found, said = _take(lambda p, x: (p["w"] * x).sum(), {"w": X}, X)
    measured = [
        Measurement(Point(r.kind, [], None), SimpleNamespace(), SimpleNamespace(), [r])
        for r in (
            _reading("data", [1.0, 0.0, 0.0, 0.0], [True, False, False, False]),
            _reading("params", [1.0] * 4, [True] * 4),
            _reading("inputs", [1.0, 1.0, 0.0, 0.0], [True, True, False, False]),
        )
    ]
    no, some = np.zeros(1, bool), np.array([False, True, True, False])
    search = Search(measured[2:], {}, {0: [no, some]}, 3, 0)
    monkeypatch.setattr(module, "search_inputs", lambda *args: search)
    survey = module.Survey(measured[:1], measured[1:2], [None])
    found = add_search(None, None, survey, {0: [no, some]}, said.append)
    assert found.leaves[0].seen[1].tolist() == ["data", "inputs", UNTRIED, "params"]
    assert found.search is search and found.others == measured[1:]
    assert said[-1] == "inputs for 2 slices with a gradient at other parameters alone"


def test_nothing_is_searched_for_no_slices():
    survey = module.Survey([], [], [])
    assert add_search(None, None, survey, {}, None) is survey

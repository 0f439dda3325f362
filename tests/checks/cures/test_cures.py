"""Cures as a whole: the known one is found, with the numbers of the program cured by hand."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax import lax

from checks import Cure, Leaf, PrintableReport, Report, assert_alive, diagnose, reach
from checks.render.report_json import report_document
from checks.render.report_text import report_text
from tests.checks.checked_programs import CASES, X, draw, mlp, slightly_off, square
from tests.checks.cures.cured_programs import PIECES, loss_of, params_of
from tests.checks.cures.failing_losses import find_all_cures, make_loss

W = draw(1, 4, 2)


@cache
def _diagnosed(name):
    case = CASES[name]
    return diagnose(case.loss, case.params, *case.args, **case.settings)


def _size(array):
    return float(np.sqrt(np.mean(np.square(array))))


@cache
def _report(verdict):
    """Returns one diagnosis for all pieces of a verdict that measuring finds."""
    chosen = [name for name in MEASURED if PIECES[name].verdict == verdict]
    pieces = {name: PIECES[name] for name in chosen}
    return diagnose(loss_of(pieces), params_of(pieces), X)


def _cure_alone(name):
    """Returns the leaf of a piece whose verdict is proved: neither needs a diagnosis."""
    pieces = {name: PIECES[name]}
    loss, params = loss_of(pieces), params_of(pieces)
    assert reach(loss, params, X)[name].verdict == PIECES[name].verdict
    return find_all_cures(make_loss(loss, params, X), **{name: PIECES[name].verdict})[name]


# Pieces whose verdict takes measurements.
MEASURED = [
    name
    for name, piece in PIECES.items()
    if piece.verdict != "blocked" or name == "a rule that answers zero"
]


@pytest.mark.parametrize("name", PIECES)
def test_the_known_cure_is_found_with_the_gradient_of_the_program_cured_by_hand(name):
    piece = PIECES[name]
    leaf = _report(piece.verdict)[name] if name in MEASURED else _cure_alone(name)
    assert leaf.verdict == piece.verdict
    (cure,) = [c for c in leaf.cures if piece.edit in c.edit][:1]
    by_hand = jax.grad(lambda v: piece.term(v, X, True))(piece.start)
    assert cure.kind == "equation" and cure.measure == "gradient" and name in cure.leaves
    assert cure.after == pytest.approx(_size(by_hand), rel=2e-3) and _size(by_hand) > 0
    assert not cure.before > 1e-6 * cure.after


def test_a_zero_factor_is_set_to_one_and_what_it_multiplies_gets_a_gradient():
    case = CASES["a factor that is zero, squared"]
    report = _diagnosed("a factor that is zero, squared")
    by_hand = jax.grad(case.loss)(case.params | {"s": 1.0}, X)
    for name in ("s", "b"):
        (cure,) = report[name].cures
        assert (cure.kind, cure.edit, cure.leaves) == ("leaf", "set s to 1", ("b", "s"))
        assert cure.before == 0 and cure.after == pytest.approx(_size(by_hand[name]), rel=1e-3)


def test_a_factor_that_wakes_the_other_is_measured_after_some_steps():
    report = _diagnosed("both factors of a low-rank pair zero")
    up, down = report["up"].cures, report["down"].cures
    assert [cure.edit.split()[1] for cure in down] == ["down", "up"]
    assert [cure.steps for cure in down] == [3, 0] and [cure.steps for cure in up] == [0, 3]


def test_three_zero_factors_need_two_edits_together():
    params = {"w": W, "a": 0.0, "b": 0.0, "c": 0.0}
    loss = lambda p, x: square(p, x) + p["a"] * p["b"] * p["c"] - p["w"].sum()  # noqa: E731
    cures = find_all_cures(make_loss(loss, params, X), a="stuck", b="stuck", c="stuck")["a"].cures
    assert cures[0].edit == "set b to 1 and set c to 1"
    assert jax.grad(loss)(params | {"b": 1.0, "c": 1.0}, X)["a"] == 1.0


def test_two_stops_on_two_paths_to_the_loss_are_two_cures():
    def loss(p, x):
        one = lax.stop_gradient(p["v"].sum())
        two = lax.stop_gradient(jnp.sin(p["v"]).sum())
        return square(p, x) + jnp.where(x[0, 0] > -9, one, 0.0) + 3 * two

    diagnosed = make_loss(loss, {"w": W, "v": draw(2, 3)}, X)
    cures = find_all_cures(diagnosed, v="blocked")["v"].cures
    by_hand = [1.0, _size(3 * jnp.cos(draw(2, 3)))]
    assert [cure.after for cure in cures] == pytest.approx(by_hand)


def test_cuts_in_a_row_are_taken_together():
    def loss(p, x):
        return square(p, x) + jnp.mean(lax.stop_gradient(jnp.round(3 * p["v"]))[None] * x)

    diagnosed = make_loss(loss, {"w": W, "v": draw(2, 4)}, X)
    (cure,) = find_all_cures(diagnosed, v="blocked")["v"].cures
    assert "straight-through" in cure.edit and "and remove the stop_gradient" in cure.edit
    assert cure.after == pytest.approx(_size(3 * X.mean(0) / 4), rel=1e-3)


def test_a_stop_is_opened_for_one_leaf_where_removing_it_takes_the_gradient_of_another():
    def loss(p, x, cured=False):
        z = x @ p["encoder"]
        code = p["codes"][jnp.argmin(((z[:, None] - p["codes"][None]) ** 2).sum(-1), -1)]
        through = z + (code - lax.stop_gradient(z) if cured else lax.stop_gradient(code - z))
        return jnp.mean((through @ p["decoder"] - x) ** 2)

    params = {"encoder": draw(1, 4, 3), "codes": draw(2, 2, 3), "decoder": draw(3, 3, 4)}
    (cure,) = find_all_cures(make_loss(loss, params, X), codes="blocked")["codes"].cures
    assert "only the gradient of codes" in cure.edit
    assert cure.after == pytest.approx(_size(jax.grad(loss)(params, X, True)["codes"]), rel=1e-3)


def test_a_wrong_rule_is_replaced_and_then_agrees_with_differences():
    loss = lambda p, x: slightly_off(x @ p["w"]).sum()  # noqa: E731
    (cure,) = diagnose(loss, {"w": W}, X)["w"].cures
    assert "own derivative" in cure.edit and cure.measure == "error"
    assert cure.before == pytest.approx(1e-3, rel=0.1) and cure.after < 1e-9


@pytest.mark.parametrize(
    "name, words",
    [
        ("a gradient that float16 flushes to zero", "compute in float32 instead of float16"),
        ("an update below half an ulp", "compute everything in float64"),
        ("frozen by the optimiser", "label v 'train' instead of 'freeze'"),
        ("crushed by a clip that another leaf triggers", "leaf by leaf instead of globally"),
    ],
)
def test_an_edit_of_types_or_of_the_optimiser_makes_a_leaf_move(name, words):
    cure = _diagnosed(name)["v"].cures[0]
    assert words in cure.edit and cure.measure == "update"
    assert cure.before == 0 and cure.after > 0


@pytest.mark.slow
def test_masks_rates_of_zero_and_half_precision_weights_are_edited():
    loss = lambda p, x: square(p, x) + (p["v"] ** 2).sum().astype(jnp.float32)  # noqa: E731
    params = {"w": W, "v": draw(2, 3)}
    masked = optax.chain(
        optax.masked(optax.set_to_zero(), {"w": False, "v": True}), optax.sgd(1e-2)
    )
    edits = [cure.edit for cure in diagnose(loss, params, X, optimizer=masked)["v"].cures]
    assert edits == ["exclude v from the optimiser stage masked"]
    report = diagnose(loss, params, X, optimizer=optax.sgd(0.0))
    assert "set the learning rate of" in report["v"].cures[0].edit
    assert report["w"].cures[0].leaves == ("v", "w")
    halves = params | {"v": jnp.full(4, 100.0, jnp.bfloat16)}
    assert "float32 copy of v" in diagnose(loss, halves, X)["v"].cures[0].edit


def test_a_step_into_the_negative_is_guarded_or_made_smaller():
    loss = lambda p, x: jnp.sqrt(p["v"]).sum() + square(p, x)  # noqa: E731
    params = {"w": W, "v": jnp.full(3, 0.9)}
    leaf = diagnose(loss, params, X, optimizer=optax.sgd(1.0))["v"]
    assert leaf.verdict == "non_finite" and len(leaf.cures) == 2
    assert all(np.isnan(cure.before) and cure.after > 0 for cure in leaf.cures)


@pytest.mark.slow
def test_a_dead_unit_is_cured_in_its_slice_alone():
    params = {"w1": draw(1, 4, 8), "b1": jnp.zeros(8).at[3].set(-1e6), "w2": draw(2, 8, 2)}
    report = diagnose(mlp, params, X)
    assert "pass the hard limit" in report["b1"].cures[0].edit
    cure = report["w2"].cures[0]
    assert "redraw b1" in cure.edit and "in slice 3 of axis 0" in cure.edit
    assert cure.before == 0 and cure.after > 0 and set(cure.leaves) == set(params)


def test_a_small_factor_is_scaled():
    loss = lambda p, x: square(p, x) + (p["s"] * p["v"]).sum() + (p["u"] ** 2).sum()  # noqa: E731
    params = {"w": W, "u": draw(4, 2), "v": draw(2, 3), "s": jnp.float32(1e-12)}
    (cure,) = find_all_cures(make_loss(loss, params, X), v="vanishing")["v"].cures
    assert cure.edit.startswith("multiply s by ") and cure.after > 1e9 * cure.before


@pytest.mark.parametrize(
    "name, leaf, tried",
    [
        ("unused and stopped", "unused", False),
        ("softmax does not see a constant", "c", False),
        ("an exponential that overflows in float32 only", "v", True),
    ],
)
def test_where_nothing_helps_nothing_is_reported(name, leaf, tried):
    found = _diagnosed(name)[leaf]
    assert found.cures == [] and bool(found.tried) is tried
    text = report_text(Report((found,)))
    assert ("edits helps" if tried else "no edit of one leaf, equation or") in text


@pytest.mark.slow
@pytest.mark.parametrize("scale", [1e-8, 1e8])
@pytest.mark.parametrize(
    "name",
    ["both factors of a low-rank pair zero", "a path a million million times too weak"],
)
def test_multiplying_the_loss_changes_no_cure(name, scale):
    case = CASES[name]

    scaled = diagnose(lambda p, x: scale * case.loss(p, x), case.params, X)
    for leaf in _diagnosed(name).values():
        edits = [cure.edit for cure in leaf.cures]
        assert [cure.edit for cure in scaled[leaf.name].cures] == edits


def test_many_leaves_behind_one_line_are_one_edit():
    def loss(p, x):
        return square(p, x) + sum(lax.stop_gradient(v.sum()) for v in p["many"])

    report = diagnose(loss, {"w": W, "many": [draw(2, 2) for _ in range(40)]}, X)
    behind = [leaf for leaf in report.values() if leaf.name != "w"]
    assert all(leaf.tried == 1 and len(leaf.cures) == 1 for leaf in behind)
    assert len(behind[0].cures[0].leaves) == 40
    assert report.table().count("blocked") == 2  # the summary, and one row for all of them


def test_leaves_that_pass_or_are_allowed_are_not_edited():
    report = diagnose(square, {"w": W}, X)
    assert report["w"].tried is None and report["w"].cures == []
    stopped = lambda p, x: square(p, x) + lax.stop_gradient(p["v"])  # noqa: E731
    allow = [("v", "blocked", "a target")]
    params = {"w": W, "v": 1.0}
    assert diagnose(stopped, params, X, allow=allow)["v"].tried is None
    assert diagnose(stopped, params, X, cures=False)["v"].tried is None


def test_cures_are_shown_on_every_face(tmp_path):
    cure = Cure("leaf", "set s to 1", "gradient", float("nan"), 2.5, ("s", "b"), 3)
    leaf = Leaf("s", (), "float32", "stuck", "why", cures=[cure], tried=1)
    report = PrintableReport((leaf,))
    line = "cure: set s to 1: gradient nan -> 2.5e+00 after 3 steps (makes 2 leaves pass)"
    table = report.table()
    assert line in " ".join(table.split()) and max(map(len, table.splitlines())) <= 100
    (written,) = report_document(report)["leaves"][0]["cures"]
    assert written["before"] is None and written["after"] == 2.5 and written["steps"] == 3
    report.to_html(tmp_path / "report.html")
    assert line.replace(">", "&gt;") in (tmp_path / "report.html").read_text()


def test_the_failure_of_a_test_names_the_cure():
    stopped = lambda p, x: square(p, x) + lax.stop_gradient(p["v"])  # noqa: E731
    with pytest.raises(AssertionError, match="cure: remove the stop_gradient"):
        assert_alive(stopped, {"w": W, "v": 1.0}, X)

"""What is said of the terms of a loss."""

import jax.numpy as jnp
import pytest
from jax import lax

from benchmarks.faults.registry import Example
from benchmarks.terms.benchmark import search
from checks.terms.find import MOST_TERMS, describe_failures
from checks.terms.term import Term
from tests.checks.terms.searched import PARAMS, X


def _states(loss, *args):
    terms, notes = search(Example(loss, PARAMS, args))
    assert notes == []
    return {term.name: term.state for term in terms}, terms


def test_each_state_once():
    def loss(p, x, step):
        losses = {"fit": jnp.mean((p["w"] * x - 1) ** 2)}
        losses["dead"] = jnp.mean(lax.stop_gradient(p["v"]) ** 2)
        losses["pull"] = jnp.sum((p["v"] + x) ** 4)
        losses["push"] = -jnp.sum((x + p["v"]) ** 4)
        losses["late"] = step * jnp.sum(p["w"] ** 4)
        losses["hinge"] = jnp.sum(jnp.maximum(jnp.abs(p["w"]) - 1.2, 0.0))
        losses["huge"] = 1e7 * jnp.mean(jnp.exp(p["w"]))
        losses["data"] = jnp.mean(jnp.exp(x))
        return sum(losses.values()), losses

    states, terms = _states(loss, X, jnp.float32(0.0))
    assert states == {
        "fit": "alive",
        "dead": "dead",
        "pull": "cancels",
        "push": "cancels",
        "late": "switched off",
        "hinge": "idle",
        "huge": "outweighs",
        "data": "constant",
    }
    by_name = {term.name: term for term in terms}
    assert by_name["pull"].partners == ("push",) and by_name["push"].partners == ("pull",)
    assert by_name["dead"].gradient == 0 and by_name["dead"].value > 0
    assert set(by_name["fit"].subtrees) == {"v", "w"} and by_name["fit"].subtrees["v"] == 0
    assert sum(term.share for term in terms) == pytest.approx(1)
    one, two = describe_failures(terms)
    assert "the term dead of the loss is dead: proved: its value depends on parameters" in one
    assert "allow it by the entry (dead, dead, reason)" in one
    assert "the term pull of the loss cancels another" in two


def test_a_term_is_dead_by_measurement_if_its_value_changes_and_its_gradient_does_not():
    def loss(p):
        gate = jnp.where(p["v"] > 0.7, 1.0, 0.0) + 0.0 * jnp.sin(p["v"])
        return jnp.sum(p["w"] ** 2) + jnp.sum(gate)

    states, terms = _states(loss)
    assert sorted(states.values()) == ["alive", "dead"]
    assert any(t.evidence.startswith("measured: its value changes") for t in terms)


def test_a_term_that_never_changes_is_idle():
    def loss(p):
        share = jnp.exp(p["v"]) / jnp.sum(jnp.exp(p["v"]))
        return jnp.sum(p["w"] ** 2) + jnp.sum(share)

    assert sorted(_states(loss)[0].values()) == ["alive", "idle"]


def test_a_loss_of_one_term_is_not_measured(monkeypatch):
    monkeypatch.setattr("checks.terms.find.TermJudge", None)
    assert search(Example(lambda p: jnp.mean((p["w"] - p["v"]) ** 2), PARAMS)) == ((), [])


def test_a_loss_of_very_many_terms_has_a_note():
    def loss(p):
        losses = {str(i): jnp.sum((p["w"] - i) ** 2) for i in range(MOST_TERMS + 1)}
        return sum(losses.values()), losses

    terms, (note,) = search(Example(loss, PARAMS))
    limit = f"more than {MOST_TERMS} are not measured"
    assert terms == () and note == f"the loss has {MOST_TERMS + 1} terms; {limit}"


def test_an_error_of_the_search_becomes_a_note(monkeypatch):
    monkeypatch.setattr("checks.terms.find.find_summands", lambda *_: 1 / 0)
    terms, (note,) = search(Example(lambda p: jnp.sum(p["w"]), PARAMS))
    assert terms == () and "the terms of the loss were not found (ZeroDivisionError" in note


def test_allowed_terms_pass():
    term = Term("kl", (), "", 1, "dead", "why")
    assert not term.passes and describe_failures([term])
    allowed = Term("kl", (), "", 1, "dead", "why", allowed="on purpose")
    assert allowed.passes and describe_failures([allowed]) == []

"""What must change no verdict and no slice: the loss's scale, units, names, order."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from checks import diagnose, reach
from tests.checks.checked_programs import answers_zero, draw, slightly_off

X = draw(0, 8, 4)
IDS = jnp.array([1, 2, 2, 3])


def model(p, x, ids):
    """Nearly every verdict at once, at leaves and at slices."""
    h = jax.nn.relu(x @ p["first"] + p["first_bias"][None])
    q, k, v = jnp.split(h @ p["packed"] + p["packed_bias"][None], 3, -1)
    y = (jax.nn.softmax(q @ k.T) @ v + p["gate"] ** 2 * p["behind_gate"][None]) @ p["last"]
    rows = jnp.tanh(p["table"][ids] @ p["under_head"]) @ p["zero_head"]
    logits = jax.nn.softmax(y + p["shift"]) + lax.stop_gradient(p["stopped"])[None]
    rules = slightly_off(p["off"]).sum() + answers_zero(p["no_answer"]).sum()
    root = jnp.where(p["root"] > 0, jnp.sqrt(p["root"]), 0.0).sum()
    weak = 1e-14 * p["weak"].sum() + jnp.cos(p["huge"]).sum()
    skipped = jnp.where(x[0, 0] > 1e9, p["skipped"].sum() ** 2, 0.0)
    return (logits**2).sum() + ((rows - 0.5) ** 2).mean() + rules + root + weak + skipped


PARAMS = {
    "first": draw(1, 4, 6),
    "first_bias": jnp.zeros(6).at[2].set(-30.0),
    "packed": draw(2, 6, 12),
    "packed_bias": 0.1 * draw(3, 12),
    "gate": jnp.zeros(()),
    "behind_gate": draw(4, 4),
    "last": draw(5, 4, 3),
    "table": draw(6, 6, 4),
    "under_head": draw(7, 4, 3),
    "zero_head": jnp.zeros((3, 2)),
    "shift": jnp.ones(()),
    "stopped": draw(8, 3),
    "off": draw(9, 3),
    "no_answer": draw(10, 3),
    "root": jnp.array([1.0, 0.0]),
    "weak": draw(11, 3),
    "huge": 1e6 + draw(12, 3),
    "skipped": draw(13, 3),
    "unused": draw(14, 3),
}


def findings(report, names=None):
    """Name -> verdict and slices, under the old names where they were changed."""
    names = names or {name: name for name in report}
    return {
        old: (report[new].verdict, {(s.axis, s.index, s.verdict) for s in report[new].slices})
        for old, new in names.items()
    }


@pytest.fixture(scope="module")
def plain():
    return findings(diagnose(model, PARAMS, X, IDS, cures=False))


def test_the_model_shows_nearly_every_verdict(plain):
    assert {name: verdict for name, (verdict, _) in plain.items()} == {
        "first": "alive",
        "first_bias": "alive",
        "packed": "alive",
        "packed_bias": "alive",
        "gate": "stuck",
        "behind_gate": "stuck",
        "last": "alive",
        "table": "waking",
        "under_head": "waking",
        "zero_head": "alive",
        "shift": "invariant",
        "stopped": "blocked",
        "off": "wrong",
        "no_answer": "blocked",
        "root": "non_finite",
        "weak": "vanishing",
        "huge": "underflow",
        "skipped": "unvisited",
        "unused": "disconnected",
    }
    assert plain["packed_bias"][1] == {(0, (4, 5, 6, 7), "invariant")}
    assert plain["first_bias"][1] == {(0, (2,), "stuck")}


def test_multiplying_the_loss_and_other_units_of_the_inputs_with_the_first_weights(plain):
    units = jnp.array([1e-6, 1e3, 1.0, 1e6])
    params = PARAMS | {"first": PARAMS["first"] / units[:, None]}
    scaled = lambda *given: 1e8 * model(*given)  # noqa: E731
    assert findings(diagnose(scaled, params, X * units[None], IDS, cures=False)) == plain


def test_dividing_the_loss_and_renaming_and_reordering_the_leaves(plain):
    shuffled = np.random.default_rng(0).permutation(list(PARAMS))
    names = {old: f"part_{i % 3}/leaf_{i:02}" for i, old in enumerate(shuffled.tolist())}

    def renamed(p, x, ids):
        return 1e-8 * model({old: p[new] for old, new in names.items()}, x, ids)

    params = {new: PARAMS[old] for old, new in names.items()}
    assert findings(diagnose(renamed, params, X, IDS, cures=False), names) == plain


STEPS = (
    lambda a, b: a + b,
    lambda a, b: a * b,
    lambda a, b: jnp.tanh(a),
    lambda a, b: lax.stop_gradient(a),
    lambda a, b: jnp.where(a > b, a, 1.0),
    lambda a, b: jnp.round(a) + b,
    lambda a, b: a * 0 + b,
    lambda a, b: lax.scan(lambda c, _: (c[::-1], None), jnp.stack([a, b]), None, length=3)[0][0],
)
LEAVES = ["a", "b", "c", "d"]
programs = st.lists(
    st.tuples(st.integers(0, len(STEPS) - 1), st.integers(0, 99), st.integers(0, 99)), max_size=8
)


def run(program, values):
    """A loss made of a list of (step, operand, operand)."""
    for step, one, two in program:
        values = [*values, STEPS[step](values[one % len(values)], values[two % len(values)])]
    return values[-1]


@settings(max_examples=25)
@given(programs, st.permutations(LEAVES))
def test_proofs_hold_for_the_gradient_and_do_not_go_by_names(program, order):
    params = dict(zip(LEAVES, [0.3, -0.7, 1.1, 0.9]))
    loss = lambda p: run(program, [p[name] for name in LEAVES])  # noqa: E731
    renamed = lambda p: run(program, [p[f"x{order.index(name)}"] for name in LEAVES])  # noqa: E731
    report = reach(loss, params)
    again = reach(renamed, {f"x{order.index(name)}": params[name] for name in LEAVES})
    slopes = jax.grad(loss)(params)
    for name in LEAVES:
        assert again[f"x{order.index(name)}"].verdict == report[name].verdict
        if report[name].verdict in ("disconnected", "blocked"):
            assert slopes[name] == 0
        if report[name].verdict == "disconnected":
            assert loss(params | {name: 5.3}) == loss(params)

"""Pieces of losses, each of which kills its one leaf, and the same pieces cured by hand."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from tests.checks.checked_programs import answers_zero, draw


class Piece(NamedTuple):
    """A term of a loss.

    Attributes:
        verdict: of its leaf.
        term: `term(leaf, x, cured)`: as it is, or with the cure written by hand.
        start: the leaf.
        edit: words of the cure that must be found.
    """

    verdict: str
    term: Callable[..., Any]
    start: Any
    edit: str


def estimate(value, smooth):
    return value + (smooth - lax.stop_gradient(smooth))


def stop_in_control_flow(v, x, cured):
    def stop(h):
        return h if cured else lax.stop_gradient(h)

    def step(carry, row):
        h = jax.jit(lambda h: stop(h * row[0]))(carry + v)
        return lax.cond(row[1] > -1e9, jnp.sin, lambda h: h, h), None

    return lax.scan(jax.checkpoint(step), jnp.ones(3), x)[0].sum()


def rounded(v, x, cured):
    z = x @ v
    return jnp.mean((estimate(jnp.round(z), z) if cured else jnp.round(z)) ** 2)


def above(v, x, cured):
    def step(total, row):
        z = row @ v
        is_above = jax.jit(lambda z: (z > 0.1).astype(jnp.float32))(z)
        return total + row[0] * (estimate(is_above, z - 0.1) if cured else is_above), None

    return lax.scan(jax.checkpoint(step), 0.0, x)[0]


def chosen_by_where(v, x, cured):
    z = x @ v
    chosen = jnp.where(z > 0.1, x[:, 0], x[:, 1])
    step = lax.stop_gradient(x[:, 0] - x[:, 1])
    return jnp.mean(estimate(chosen, (z - 0.1) * step) if cured else chosen)


def one_hot(v, x, cured):
    logits = x @ v
    hot = jax.nn.one_hot(logits.argmax(-1), 3)
    return jnp.mean((estimate(hot, jax.nn.softmax(logits)) if cured else hot) @ jnp.arange(3.0))


def wrong_classes(v, x, cured):
    logits, labels = x @ v, jnp.arange(8) % 3
    wrong = (logits.argmax(-1) != labels).astype(jnp.float32)
    smooth = -jax.nn.softmax(logits)[jnp.arange(8), labels]
    return jnp.mean(estimate(wrong, smooth) if cured else wrong)


def looked_up(v, x, cured):
    distance = ((x[:, None] - v[None]) ** 2).sum(-1)
    table = jnp.arange(9.0).reshape(3, 3)
    found = table[distance.argmin(-1)]
    return jnp.mean(estimate(found, jax.nn.softmax(-distance) @ table) if cured else found)


def indexed(v, x, cured):
    at = jnp.int32(v)
    found = x[:, at]
    slope = lax.stop_gradient(x[:, at + 1] - x[:, at])
    return jnp.mean((estimate(found, v[None] * slope) if cured else found) ** 2)


def searched(v, x, cured):
    def turn(h):
        return 0.5 * jnp.tanh(h + v)

    def far(h):
        return jnp.abs(turn(h) - h).max() > 1e-3

    if cured:
        return lax.fori_loop(0, 6, lambda _, h: turn(h), jnp.zeros(3)).sum()
    return lax.while_loop(far, turn, jnp.zeros(3)).sum()


def zero_rule(v, x, cured):
    return jnp.mean((x @ v) ** 3 if cured else answers_zero(x @ v))


def clipped(v, x, cured):
    soft = jnp.minimum(jnp.logaddexp(v, -2.0), 2.0)
    return jnp.mean((soft if cured else jnp.clip(v, -2.0, 2.0))[None] * x)


def never_fires(v, x, cured):
    h = x @ draw(9, 4, 4) + v[None]
    return jnp.mean(estimate(jax.nn.relu(h), h) if cured else jax.nn.relu(h))


def weak(v, x, cured):
    return jnp.sum((1.0 if cured else 1e-12) * v)


def logarithm(v, x, cured):
    safe = jnp.where(v > 0, v, 0.5)
    return jnp.sum(jnp.where(v > 0, jnp.log(safe if cured else v), 0.0))


def masked(v, x, cured):
    hole = jnp.finfo(jnp.float32).min / 10 if cured else -jnp.inf
    scores = jnp.where(jnp.arange(8)[None] < jnp.arange(8)[:, None], x @ x.T, hole)
    return jnp.mean((jax.nn.softmax(scores) @ x @ v) ** 2)


PIECES = {
    "a stop inside scan, remat, jit": Piece(
        "blocked", stop_in_control_flow, draw(1, 3), "remove the stop_gradient"
    ),
    "rounding": Piece("blocked", rounded, draw(2, 4), "straight-through"),
    "a comparison inside scan and jit": Piece("blocked", above, draw(3, 4), "straight-through"),
    "a selection": Piece("blocked", chosen_by_where, draw(4, 4), "straight-through"),
    "a one-hot choice": Piece("blocked", one_hot, draw(5, 4, 3), "straight-through"),
    "a count of errors": Piece("blocked", wrong_classes, draw(6, 4, 3), "straight-through"),
    "a nearest code": Piece("blocked", looked_up, draw(7, 3, 4), "straight-through"),
    "a float index": Piece("blocked", indexed, jnp.array([1.3, 0.2]), "straight-through"),
    "a loop of unknown length": Piece("blocked", searched, draw(8, 3), "as a scan of"),
    "a rule that answers zero": Piece("blocked", zero_rule, draw(9, 4, 2), "own derivative"),
    "a hard clip": Piece("stuck", clipped, jnp.full(4, -3.0), "hard limit by a soft one"),
    "a dead ReLU": Piece("stuck", never_fires, jnp.full(4, -1e3), "pass the hard limit"),
    "a small factor": Piece("vanishing", weak, draw(10, 3), "constant factor"),
    "a logarithm that where hides": Piece(
        "non_finite", logarithm, jnp.array([1.0, 0.0]), "outside the domain"
    ),
    "a row that is masked out": Piece("non_finite", masked, draw(11, 4, 4), "finite number"),
}


def loss_of(pieces, cured=""):
    """The sum of the pieces, of which one may be cured by hand, and of a term that is alive."""

    def loss(p, x):
        terms = (piece.term(p[name], x, name == cured) for name, piece in pieces.items())
        return sum(terms) + jnp.mean((x @ p["w"]) ** 2) + jnp.sum(p["w"] ** 2)

    return loss


def params_of(pieces):
    return {name: piece.start for name, piece in pieces.items()} | {"w": draw(12, 4, 2)}

"""Sound losses that look faulty: a detached value that cancels, shifts or weighs is often meant."""

from typing import Any

import jax
import jax.numpy as jnp
import optax
from jax import lax

from benchmarks.faults.registry import Example, normal
from benchmarks.terms.registry import CompositeLoss

X, Y, LABELS = normal(40, 16, 5), normal(41, 16, 3), jnp.arange(16) % 3


def _params() -> dict[str, jax.Array]:
    return {"w": normal(42, 5, 8) * 0.5, "v": normal(43, 8, 3) * 0.5}


def _predict(p: Any, x: Any) -> Any:
    return jnp.tanh(x @ p["w"]) @ p["v"]


def surrogate(faulty: bool) -> Example:
    """A surrogate that adds a gradient and no value: it is added, and subtracted detached."""

    def loss(p: Any, x: Any, y: Any) -> Any:
        prediction = _predict(p, x)
        extra = jnp.mean(prediction * lax.stop_gradient(prediction**3))
        return jnp.mean((prediction - y) ** 2) + extra - lax.stop_gradient(extra)

    return Example(loss, _params(), (X, Y))


def own_logsumexp(faulty: bool) -> Example:
    """The logits of one sample are shifted by their detached maximum, by hand."""

    def loss(p: Any, x: Any) -> Any:
        logits = _predict(p, x)
        top = lax.stop_gradient(logits.max())
        total = jnp.log(jnp.sum(jnp.exp(logits - top)))
        return top + total - logits[1] + 1e-2 * jnp.sum(p["v"] ** 2)

    return Example(loss, _params(), (X[0],))


def own_softmax(faulty: bool) -> Example:
    """The logits of a batch are shifted by their detached maximum, by hand."""

    def loss(p: Any, x: Any, labels: Any) -> Any:
        logits = _predict(p, x)
        top = lax.stop_gradient(logits.max(-1, keepdims=True))
        shifted = logits - top
        logp = shifted - jnp.log(jnp.sum(jnp.exp(shifted), -1, keepdims=True))
        return -jnp.mean(jax.nn.one_hot(labels, 3) * logp) + 1e-2 * jnp.sum(p["v"] ** 2)

    return Example(loss, _params(), (X, LABELS))


def library_loss(faulty: bool) -> Example:
    """The cross-entropies of a library, of integers and of smooth labels, and weight decay."""

    def loss(p: Any, x: Any, labels: Any) -> Any:
        logits = _predict(p, x)
        smooth = optax.smooth_labels(jax.nn.one_hot(labels, 3), 0.1)
        total = optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()
        total += optax.softmax_cross_entropy(logits, smooth).mean()
        return total + 1e-3 * optax.tree.norm(p) ** 2

    return Example(loss, _params(), (X, LABELS))


def satisfied_hinge(faulty: bool) -> Example:
    """A margin that every sample of the data keeps has no gradient here, and one elsewhere."""

    def loss(p: Any, x: Any, y: Any) -> Any:
        prediction = _predict(p, x)
        hinge = jnp.mean(jax.nn.relu(jnp.abs(prediction) - 10.0))
        return jnp.mean((prediction - y) ** 2) + hinge

    return Example(loss, _params(), (X, Y))


def learned_weights(faulty: bool) -> Example:
    """Two losses are weighted by learned uncertainties, and two by their own detached sizes."""

    def loss(p: Any, x: Any, y: Any) -> Any:
        prediction = _predict(p, x)
        losses = [jnp.mean((prediction - y) ** 2), jnp.mean(jnp.abs(prediction - y))]
        total = sum(jnp.exp(-s) * one + s for s, one in zip(p["s"], losses))
        for norm in (jnp.mean(p["w"] ** 2), jnp.mean(p["v"] ** 2)):
            total = total + 0.1 * norm / lax.stop_gradient(norm)
        return total

    return Example(loss, _params() | {"s": jnp.array([0.1, 0.2])}, (X, Y))


def distillation(faulty: bool) -> Example:
    """A detached teacher among the parameters, and a divergence with the teacher's own entropy."""

    def loss(p: Any, x: Any, labels: Any) -> Any:
        logits = _predict(p["student"], x)
        teacher = jax.nn.softmax(lax.stop_gradient(_predict(p["teacher"], x)))
        hard = optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()
        logp = jax.nn.log_softmax(logits)
        soft = jnp.mean(jnp.sum(teacher * (jnp.log(teacher) - logp), -1))
        return hard + soft

    settings = {"allow": [("teacher/*", "blocked", "the teacher is fixed on purpose")]}
    params = {"student": _params(), "teacher": _params()}
    return Example(loss, params, (X, LABELS), settings)


def metrics_at_zero(faulty: bool) -> Example:
    """An accuracy is added with weight 0.0, to keep it in the compiled program."""

    def loss(p: Any, x: Any, labels: Any) -> Any:
        logits = _predict(p, x)
        accuracy = jnp.mean(logits.argmax(-1) == labels)
        cross = optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()
        return cross + 0.0 * accuracy + 1e-3 * jnp.sum(p["w"] ** 2)

    return Example(loss, _params(), (X, LABELS))


LOSSES = (
    CompositeLoss(surrogate),
    CompositeLoss(own_logsumexp),
    CompositeLoss(own_softmax),
    CompositeLoss(library_loss),
    CompositeLoss(satisfied_hinge),
    CompositeLoss(learned_weights),
    CompositeLoss(distillation),
    CompositeLoss(metrics_at_zero),
)

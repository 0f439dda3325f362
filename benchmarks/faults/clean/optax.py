"""Optax: its losses on a small net, and its optimisers as the one that the checks simulate."""

from typing import Any

import jax
import jax.numpy as jnp

from benchmarks.faults.clean.registry import integers
from benchmarks.faults.registry import Example, normal

LIBRARY = "optax"


def _params(outputs: int) -> dict[str, jax.Array]:
    hidden, out = 0.5 * normal(0, 6, 8), 0.5 * normal(1, 8, outputs)
    return {"hidden": hidden, "bias": jnp.zeros(8), "out": out, "shift": jnp.zeros(outputs)}


def _net(p, x):
    return jnp.tanh(x @ p["hidden"] + p["bias"][None]) @ p["out"] + p["shift"][None]


def ctc(optax: Any) -> Example:
    """Builds a model with optax.ctc_loss on padded frames and padded labels.

    Args:
        optax: The module `optax`.

    Returns:
        An `Example`: `loss(params, x, labels)` returns the mean CTC loss. `params` is a dict with
        the leaves `bias` [8], `hidden` [6, 8], `out` [8, 4] and `shift` [4]. `args` has
        `x` [4, 9, 6] and `labels` [4, 3] int32. `settings` is empty.
    """
    x, labels = normal(2, 4, 9, 6), integers(3, 3, 4, 3) + 1
    frames = jnp.arange(9) >= jnp.array([9, 8, 7, 9])[:, None]
    letters = jnp.arange(3) >= jnp.array([3, 2, 1, 2])[:, None]

    def loss(p, x, labels):
        masks = frames.astype(jnp.float32), letters.astype(jnp.float32)
        return optax.ctc_loss(_net(p, x), masks[0], labels, masks[1]).mean()

    return Example(loss, _params(4), (x, labels))


def sigmoid_focal(optax: Any) -> Example:
    """Builds a model with optax.sigmoid_focal_loss with alpha and gamma.

    Args:
        optax: The module `optax`.

    Returns:
        An `Example`: `loss(params, x, labels)` returns the mean focal loss. `params` is a dict with
        the leaves `bias` [8], `hidden` [6, 8], `out` [8, 2] and `shift` [2]. `args` has `x` [16, 6]
        and `labels` [16, 2]. `settings` is empty.
    """

    def loss(p, x, labels):
        return optax.sigmoid_focal_loss(_net(p, x), labels, alpha=0.3, gamma=2.0).mean()

    return Example(loss, _params(2), (normal(2, 16, 6), (normal(3, 16, 2) > 0).astype(jnp.float32)))


def triplet_margin(optax: Any) -> Example:
    """Builds optax.losses.triplet_margin_loss of anchors, positives, negatives; no last bias.

    Args:
        optax: The module `optax`.

    Returns:
        An `Example`: `loss(params, anchors, positives, negatives)` returns the mean triplet loss.
        `params` is a dict with the leaves `bias` [8], `hidden` [6, 8] and `out` [8, 4]. `args` has
        `anchors` [16, 6], `positives` [16, 6] and `negatives` [16, 6]. `settings` is empty.
    """
    params = _params(4)
    del params["shift"]  # differences of embeddings do not see it

    def loss(p, anchors, positives, negatives):
        p = p | {"shift": 0.0}
        embedded = _net(p, anchors), _net(p, positives), _net(p, negatives)
        return optax.losses.triplet_margin_loss(*embedded, margin=10.0).mean()

    return Example(loss, params, (normal(2, 16, 6), normal(3, 16, 6), normal(4, 16, 6)))


def contrastive(optax: Any) -> Example:
    """Builds optax.losses.ntxent on two samples of each class, normalised embeddings.

    Args:
        optax: The module `optax`.

    Returns:
        An `Example`: `loss(params, x, labels)` returns the NT-Xent loss. `params` is a dict with
        the leaves `bias` [8], `hidden` [6, 8], `out` [8, 4] and `shift` [4]. `args` has `x` [12, 6]
        and `labels` [12] int32. `settings` is empty.
    """

    def loss(p, x, labels):
        return optax.losses.ntxent(_net(p, x), labels, temperature=0.5)

    return Example(loss, _params(4), (normal(2, 12, 6), jnp.arange(12) // 2))


def sparsemax(optax: Any) -> Example:
    """Builds optax.losses.sparsemax_loss and multiclass_hinge: projections and maxima.

    Args:
        optax: The module `optax`.

    Returns:
        An `Example`: `loss(params, x, signs, labels)` returns the mean of both losses together.
        `params` is a dict with the leaves `bias` [8], `hidden` [6, 8], `out` [8, 3] and
        `shift` [3]. `args` has `x` [16, 6], `signs` [16] and `labels` [16] int32. `settings` is
        empty.
    """

    def loss(p, x, signs, labels):
        logits = _net(p, x)
        hinge = optax.losses.multiclass_hinge_loss(logits, labels)
        return (optax.losses.sparsemax_loss(logits[:, 0], signs) + hinge).mean()

    data = normal(2, 16, 6), (normal(3, 16) > 0).astype(jnp.float32), integers(4, 3, 16)
    return Example(loss, _params(3), data)


def ranking_softmax(optax: Any) -> Example:
    """Builds optax.losses.ranking_softmax_loss with a mask over items, without a bias.

    Args:
        optax: The module `optax`.

    Returns:
        An `Example`: `loss(params, x, relevance, where)` returns the mean ranking loss. `params` is
        a dict with the leaves `bias` [8], `hidden` [6, 8] and `out` [8, 1]. `args` has
        `x` [4, 5, 6], `relevance` [4, 5] and `where` [4, 5] bool. `settings` is empty.
    """
    params = _params(1)
    del params["shift"]  # a constant over the items

    def loss(p, x, relevance, where):
        scores = _net(p | {"shift": 0.0}, x)[..., 0]
        return optax.losses.ranking_softmax_loss(scores, relevance, where=where)

    where = jnp.arange(5) < jnp.array([5, 4, 3, 5])[:, None]
    return Example(loss, params, (normal(2, 4, 5, 6), jnp.abs(normal(3, 4, 5)), where))


def distillation(optax: Any) -> Example:
    """Builds optax.losses.kl_divergence_with_log_targets to a teacher, and cosine_distance.

    Args:
        optax: The module `optax`.

    Returns:
        An `Example`: `loss(params, x)` returns the mean of both losses together. `params` is a dict
        with the leaves `bias` [8], `hidden` [6, 8], `out` [8, 3] and `shift` [3]. `args` has
        `x` [16, 6]. `settings` is empty.
    """
    teacher = {k: v + 1.0 for k, v in _params(3).items()}

    def loss(p, x):
        student, target = _net(p, x), _net(teacher, x)
        logs = jax.nn.log_softmax(student), jax.nn.log_softmax(target)
        distance = optax.losses.cosine_distance(student, target)
        return (optax.losses.kl_divergence_with_log_targets(*logs) + distance).mean()

    return Example(loss, _params(3), (normal(2, 16, 6),))


def _trained_by(optimizer: Any) -> Example:
    def loss(p, x, y):
        return jnp.log(jnp.cosh(_net(p, x) - y)).mean()

    data = normal(2, 16, 6), normal(3, 16, 2)
    return Example(loss, _params(2), data, {"optimizer": optimizer})


def muon(optax: Any) -> Example:
    """Builds optax.contrib.muon: matrices orthogonalised, vectors by Adam; log_cosh.

    Args:
        optax: The module `optax`.

    Returns:
        An `Example`: `loss(params, x, y)` returns the mean log-cosh of the error. `params` is a
        dict with the leaves `bias` [8], `hidden` [6, 8], `out` [8, 2] and `shift` [2]. `args` has
        `x` [16, 6] and `y` [16, 2]. `settings` has `optimizer`, this optimiser.
    """
    return _trained_by(optax.contrib.muon(1e-2))


def schedule_free(optax: Any) -> Example:
    """Builds a model with optax.contrib.schedule_free_adamw with warm-up.

    Args:
        optax: The module `optax`.

    Returns:
        An `Example`: `loss(params, x, y)` returns the mean log-cosh of the error. `params` is a
        dict with the leaves `bias` [8], `hidden` [6, 8], `out` [8, 2] and `shift` [2]. `args` has
        `x` [16, 6] and `y` [16, 2]. `settings` has `optimizer`, this optimiser.
    """
    return _trained_by(optax.contrib.schedule_free_adamw(1e-2, warmup_steps=5))


def warm_up_clip_accumulate(optax: Any) -> Example:
    """Builds optax.MultiSteps over clip_by_global_norm and adamw, with a warm-up from zero.

    Args:
        optax: The module `optax`.

    Returns:
        An `Example`: `loss(params, x, y)` returns the mean log-cosh of the error. `params` is a
        dict with the leaves `bias` [8], `hidden` [6, 8], `out` [8, 2] and `shift` [2]. `args` has
        `x` [16, 6] and `y` [16, 2]. `settings` has `optimizer`, this optimiser.
    """
    rate = optax.warmup_cosine_decay_schedule(0.0, 1e-2, 10, 100)
    chain = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(rate))
    return _trained_by(optax.MultiSteps(chain, 4).gradient_transformation())


MODELS = [
    ctc,
    sigmoid_focal,
    triplet_margin,
    contrastive,
    sparsemax,
    ranking_softmax,
    distillation,
    muon,
    schedule_free,
    warm_up_clip_accumulate,
]

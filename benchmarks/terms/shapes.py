"""Ways to write a sum: operators, stacks, dictionaries, jit, scan, vmap, cond, auxiliary output."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from benchmarks.faults.registry import Example, normal
from benchmarks.terms.registry import CompositeLoss

X, Y, TOKENS = normal(10, 16, 5), normal(11, 16, 3), jnp.arange(16) % 3


def _stop(value: Any, faulty: bool) -> Any:
    return lax.stop_gradient(value) if faulty else value


def _params() -> dict[str, jax.Array]:
    return {"w": normal(1, 5, 8) * 0.5, "b": normal(2, 8) * 0.1, "v": normal(3, 8, 3) * 0.5}


def _hidden(p: Any, x: Any) -> Any:
    return jnp.tanh(x @ p["w"] + p["b"])


def _mse(prediction: Any, target: Any) -> Any:
    return jnp.mean((prediction - target) ** 2)


def plain_sum(faulty: bool) -> Example:
    """A sparsity term reads activations that were detached for logging."""

    def loss(p: Any, x: Any, y: Any) -> Any:
        h = _hidden(p, x)
        fit = _mse(h @ p["v"], y)
        sparse = jnp.mean(jnp.abs(_stop(h, faulty)))  # here
        decay = jnp.sum(p["v"] ** 2)
        return fit + 0.1 * sparse + 1e-3 * decay

    return Example(loss, _params(), (X, Y))


def weighted(faulty: bool) -> Example:
    """A smoothness term is computed on rounded predictions; the weights are arguments."""

    def loss(p: Any, x: Any, y: Any, weights: Any) -> Any:
        prediction = _hidden(p, x) @ p["v"]
        shown = jnp.round(prediction, 1) if faulty else prediction
        total = weights["fit"] * _mse(prediction, y)
        total -= weights["smooth"] * -_mse(shown[1:], shown[:-1])  # here
        return total / 2.0

    weights = {"fit": jnp.float32(1.0), "smooth": jnp.float32(0.3)}
    return Example(loss, _params(), (X, Y, weights))


def stacked(faulty: bool) -> Example:
    """One of three stacked losses is a count of positive units."""

    def loss(p: Any, x: Any, y: Any, weights: Any) -> Any:
        h = _hidden(p, x)
        active = (h > 0).astype(h.dtype) if faulty else jax.nn.sigmoid(h)
        parts = [
            _mse(h @ p["v"], y),
            jnp.mean(active),  # here
            jnp.sum(p["b"] ** 2),
        ]
        return jnp.sum(jnp.stack(parts) * weights)

    return Example(loss, _params(), (X, Y, jnp.array([1.0, 0.5, 0.01])))


def weights_times_stack(faulty: bool) -> Example:
    """A product of weights and losses hides the margin of a detached score."""

    def loss(p: Any, x: Any, y: Any, weights: Any) -> Any:
        h = _hidden(p, x)
        margin = jnp.mean(jax.nn.softplus(1.0 - _stop(h, faulty)[:, 0]))  # here
        return weights @ jnp.array([_mse(h @ p["v"], y), margin])

    return Example(loss, _params(), (X, Y, jnp.array([1.0, 0.5])))


def dictionary(faulty: bool) -> Example:
    """The sum of a dictionary of losses, which is also the auxiliary output."""

    def loss(p: Any, x: Any, y: Any) -> Any:
        h = _hidden(p, x)
        losses = {"fit": _mse(h @ p["v"], y)}
        losses["variance"] = jnp.mean(jax.nn.relu(2.0 - _stop(h, faulty).std(0)))
        losses["decay"] = 1e-3 * jnp.sum(p["w"] ** 2)
        return sum(losses.values()), losses

    return Example(loss, _params(), (X, Y))


def mean_of_samples(faulty: bool) -> Example:
    """A mean over the batch of reconstruction plus penalty of each sample."""

    def loss(p: Any, x: Any, y: Any) -> Any:
        h = _hidden(p, x)
        fit = jnp.sum((h @ p["v"] - y) ** 2, axis=-1)
        penalty = jnp.sum(_stop(h, faulty) ** 4, axis=-1)  # here
        return (fit + 0.25 * penalty).mean()

    return Example(loss, _params(), (X, Y))


def vmapped(faulty: bool) -> Example:
    """The loss of one sample, under `vmap`."""

    def sample(p: Any, x: Any, y: Any) -> Any:
        h = _hidden(p, x)
        fit = jnp.mean((h @ p["v"] - y) ** 2)
        energy = -jax.nn.logsumexp(_stop(h @ p["v"], faulty))  # here
        return fit + 0.1 * energy

    def loss(p: Any, x: Any, y: Any) -> Any:
        return jnp.mean(jax.vmap(sample, (None, 0, 0))(p, x, y))

    return Example(loss, _params(), (X, Y))


def jitted(faulty: bool) -> Example:
    """The sum stands in a jitted function, in a jitted function."""

    @jax.jit
    def parts(p: Any, x: Any, y: Any) -> Any:
        h = _hidden(p, x)
        ortho = jnp.sum((jnp.cov(_stop(h, faulty).T) - jnp.eye(8)) ** 2)  # here
        return _mse(h @ p["v"], y) + 0.01 * ortho

    @jax.jit
    def loss(p: Any, x: Any, y: Any) -> Any:
        return 2.0 * parts(p, x, y) + 1e-3 * jnp.sum(p["w"] ** 2)

    return Example(loss, _params(), (X, Y))


def scanned(faulty: bool) -> Example:
    """A recurrent loss adds its terms up in the carry of a scan."""

    def loss(p: Any, x: Any, y: Any) -> Any:
        def step(carry: Any, pair: Any) -> Any:
            h, total = carry
            x, y = pair
            h = jnp.tanh(x @ p["w"] + 0.5 * h)
            total = total + jnp.mean((h @ p["v"] - y) ** 2)
            total = total + 0.1 * jnp.mean(_stop(h, faulty) ** 2)  # here
            return (h, total), None

        (_, total), _ = lax.scan(step, (jnp.zeros(8), jnp.zeros(())), (x, y))
        return total / len(x)

    params = {name: x for name, x in _params().items() if name != "b"}
    return Example(loss, params, (X, Y))


def conditional(faulty: bool) -> Example:
    """A term is switched on by the step, in a branch of `cond`."""

    def loss(p: Any, x: Any, y: Any, step: Any) -> Any:
        h = _hidden(p, x)
        spread = jnp.exp(-jnp.var(_stop(h, faulty)))  # here
        weight = lax.cond(step > 10, lambda: 0.5, lambda: 0.0)
        extra = lax.cond(step > 5, lambda a: weight * a, lambda a: 0.0 * a, spread)
        return _mse(h @ p["v"], y) + extra

    return Example(loss, _params(), (X, Y, jnp.int32(20)))


def regulariser(faulty: bool) -> Example:
    """Weight decay of all parameters, computed on a copy that was taken for logging."""

    def loss(p: Any, x: Any, y: Any) -> Any:
        copy = jax.tree.map(lambda leaf: _stop(leaf, faulty), p)
        decay = sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(copy))  # here
        return _mse(_hidden(p, x) @ p["v"], y) + 1e-2 * decay

    return Example(loss, _params(), (X, Y))


def one_of_many_heads(faulty: bool) -> Example:
    """A loop over heads adds their losses; the logits of one head are detached."""

    def loss(p: Any, x: Any, labels: Any) -> Any:
        h, total, losses = _hidden(p, x), 0.0, {}
        for name in ("colour", "shape", "size"):
            logits = h @ p[name]
            logits = _stop(logits, faulty and name == "shape")
            chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], 1)
            losses[name] = -chosen.mean()
            total = total + losses[name]
        return total, {"losses": losses, "accuracy": jnp.mean(labels == logits.argmax(-1))}

    heads = {name: normal(20 + i, 8, 3) for i, name in enumerate(("colour", "shape", "size"))}
    params = {"w": _params()["w"], "b": _params()["b"], **heads}
    return Example(loss, params, (X, TOKENS))


LOSSES = (
    CompositeLoss(plain_sum, "dead"),
    CompositeLoss(weighted, "dead"),
    CompositeLoss(stacked, "dead"),
    CompositeLoss(weights_times_stack, "dead"),
    CompositeLoss(dictionary, "dead", ("variance",)),
    CompositeLoss(mean_of_samples, "dead"),
    CompositeLoss(vmapped, "dead"),
    CompositeLoss(jitted, "dead"),
    CompositeLoss(scanned, "dead"),
    CompositeLoss(conditional, "dead"),
    CompositeLoss(regulariser, "dead"),
    CompositeLoss(one_of_many_heads, "dead", ("losses/shape",)),
)

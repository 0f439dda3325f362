"""Objectives of generative models, policies, experts and codebooks, with one faulty term each."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from benchmarks.faults.registry import Example, normal
from benchmarks.terms.registry import CompositeLoss

X, Y = normal(30, 16, 6), normal(31, 16, 2)


def variational(faulty: bool) -> Example:
    """The divergence of a VAE reads the mean and the variance behind a `stop_gradient`."""

    def loss(p: Any, x: Any, key: Any) -> Any:
        mean, log_variance = x @ p["mean"], x @ p["log_variance"] - 1.0
        z = mean + jnp.exp(0.5 * log_variance) * jax.random.normal(key, mean.shape)
        rec = jnp.mean(jnp.sum((z @ p["decoder"] - x) ** 2, -1))
        if faulty:
            mean, log_variance = lax.stop_gradient((mean, log_variance))
        kl = -0.5 * jnp.mean(jnp.sum(1 + log_variance - mean**2 - jnp.exp(log_variance), -1))
        return rec + kl, {"rec": rec, "kl": kl}

    params = {
        "mean": normal(1, 6, 2) * 0.3,
        "log_variance": normal(2, 6, 2) * 0.3,
        "decoder": normal(3, 2, 6) * 0.3,
    }
    return Example(loss, params, (X, jax.random.key(0)))


def codebook(faulty: bool) -> Example:
    """The commitment loss of a VQ-VAE detaches the encoder instead of the codes."""

    def loss(p: Any, x: Any) -> Any:
        z = x @ p["encoder"]
        nearest = jnp.argmin(jnp.sum((z[:, None] - p["codes"]) ** 2, -1), -1)
        code = p["codes"][nearest]
        passed = z + lax.stop_gradient(code - z)
        rec = jnp.mean((passed @ p["decoder"] - x) ** 2)
        update = jnp.mean((lax.stop_gradient(z) - code) ** 2)
        kept = lax.stop_gradient(z) if faulty else z
        commitment = jnp.mean((kept - lax.stop_gradient(code)) ** 2)  # here
        return rec + update + 0.25 * commitment

    params = {
        "encoder": normal(4, 6, 2) * 0.4,
        "codes": normal(5, 4, 2),
        "decoder": normal(6, 2, 6) * 0.4,
    }
    return Example(loss, params, (X,))


def load_balance(faulty: bool) -> Example:
    """The load balance of experts takes the share of tokens for the probability of the router."""

    def loss(p: Any, x: Any, y: Any) -> Any:
        probability = jax.nn.softmax(x @ p["router"])
        hard = jax.nn.one_hot(probability.argmax(-1), 4)
        outputs = jnp.einsum("bi,eio->beo", x, p["experts"])
        output = jnp.sum((hard * probability)[..., None] * outputs, 1)
        importance = (hard if faulty else probability).mean(0)
        balance = 4 * jnp.sum(hard.mean(0) * importance)  # here
        return jnp.mean((output - y) ** 2) + 0.01 * balance

    params = {"router": normal(7, 6, 4) * 0.5, "experts": normal(8, 4, 6, 2) * 0.3}
    return Example(loss, params, (X, Y))


def entropy_bonus(faulty: bool) -> Example:
    """The entropy of a policy is that of the actions it took."""

    def loss(p: Any, x: Any, actions: Any, advantages: Any) -> Any:
        logp = jax.nn.log_softmax(x @ p["policy"])
        taken = jnp.take_along_axis(logp, actions[:, None], 1)[:, 0]
        gain = jnp.mean(taken * advantages)
        value = jnp.mean((x @ p["value"] - advantages) ** 2)
        chosen = jax.nn.one_hot(logp.argmax(-1), 3) if faulty else jnp.exp(logp)
        share = chosen.mean(0) + 1e-6
        entropy = -jnp.sum(share * jnp.log(share))  # here
        return -gain + 0.5 * value - 0.01 * entropy

    params = {"policy": normal(9, 6, 3) * 0.3, "value": normal(10, 6) * 0.3}
    return Example(loss, params, (X, jnp.arange(16) % 3, normal(32, 16)))


def adversary(faulty: bool) -> Example:
    """Generator and discriminator are trained on one sum of opposite losses, nothing detached."""

    def score(p: Any, x: Any) -> Any:
        return jnp.tanh(x @ p["d"]) @ p["out"]

    def loss(p: Any, x: Any, noise: Any) -> Any:
        fake = noise @ p["g"]
        fixed = p if faulty else lax.stop_gradient(p)
        own = fake if faulty else lax.stop_gradient(fake)
        critic = score(p, own).mean()  # here
        real = score(p, x).mean()
        fool = score(fixed, fake).mean()  # here
        return critic - real - fool + 1e-3 * jnp.sum(p["d"] ** 2)

    params = {"g": normal(11, 4, 6) * 0.4, "d": normal(12, 6, 5) * 0.4, "out": normal(13, 5)}
    return Example(loss, params, (X, normal(33, 16, 4)))


def contrast(faulty: bool) -> Example:
    """The negatives are shifted by zero: what pulls the pairs together pushes them apart."""

    def loss(p: Any, x: Any, other: Any) -> Any:
        a, b = jnp.tanh(x @ p["w"]), jnp.tanh(other @ p["w"])
        pull = jnp.mean(jnp.sum((a - b) ** 2, -1))  # here
        negatives = jnp.roll(b, 0 if faulty else 1, axis=0)
        push = -jnp.mean(jnp.sum((a - negatives) ** 2, -1))  # here
        uniform = jnp.mean(a**2) ** 2
        return pull + push + uniform

    return Example(loss, {"w": normal(14, 6, 4) * 0.5}, (X, X + 0.1 * normal(34, 16, 6)))


def target_not_detached(faulty: bool) -> Example:
    """Both sides of a temporal difference learn, and a bonus undoes what the error teaches."""

    def loss(p: Any, x: Any, later: Any, reward: Any) -> Any:
        value, target = x @ p["value"], reward + 0.9 * (later @ p["value"])
        rises = jnp.mean(value * lax.stop_gradient(target))  # here
        shown = value if faulty else lax.stop_gradient(value)
        falls = -jnp.mean(shown * (lax.stop_gradient(target) if faulty else target))  # here
        return rises + falls + jnp.mean(value**2) ** 2

    params = {"value": normal(15, 6) * 0.3}
    return Example(loss, params, (X, normal(35, 16, 6), normal(36, 16)))


def warm_up(faulty: bool) -> Example:
    """The weight of the divergence rises from zero, and this is step 0."""

    def loss(p: Any, x: Any, step: Any) -> Any:
        z = jnp.tanh(x @ p["encoder"])
        beta = jnp.minimum(step / 1000, 1.0)
        kl = jnp.mean(jnp.sum(z**2, -1))  # here
        return jnp.mean((z @ p["decoder"] - x) ** 2) + beta * kl

    params = {"encoder": normal(16, 6, 2), "decoder": normal(17, 2, 6) * 0.5}
    return Example(loss, params, (X, jnp.int32(0 if faulty else 500)))


def pixels_summed(faulty: bool) -> Example:
    """One term is summed over a large image and weighted by 1000, the other is a mean."""

    def loss(p: Any, x: Any, image: Any) -> Any:
        picture = jnp.tanh(x @ p["w"])
        error = (picture @ p["decoder"] - image) ** 2
        total = 1e3 * error.sum() if faulty else error.mean()  # here
        return total + jnp.mean((picture[:, :2] - 1.0) ** 2) * 0.1

    params = {"w": normal(18, 6, 4) * 0.3, "decoder": normal(19, 4, 256) * 0.3}
    return Example(loss, params, (X, normal(37, 16, 256)))


def target_with_itself(faulty: bool) -> Example:
    """A perceptual loss compares the features of the target with those of the target."""

    def loss(p: Any, x: Any, filters: Any) -> Any:
        output = jnp.tanh(x @ p["w"]) @ p["v"]
        compared = x if faulty else output
        style = jnp.mean((jnp.cov((compared @ filters).T) - jnp.eye(3)) ** 2)  # here
        return jnp.mean((output - x) ** 2) + 0.1 * style

    params = {"w": normal(20, 6, 4) * 0.3, "v": normal(21, 4, 6) * 0.3}
    return Example(loss, params, (X, normal(38, 6, 3)))


LOSSES = (
    CompositeLoss(variational, "dead", ("kl",)),
    CompositeLoss(codebook, "dead"),
    CompositeLoss(load_balance, "dead"),
    CompositeLoss(entropy_bonus, "dead"),
    CompositeLoss(adversary, "cancels"),
    CompositeLoss(contrast, "cancels"),
    CompositeLoss(target_not_detached, "cancels"),
    CompositeLoss(warm_up, "switched off"),
    CompositeLoss(pixels_summed, "outweighs"),
    CompositeLoss(target_with_itself, "constant"),
)

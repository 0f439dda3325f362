"""Everything that JAX lets a user write inside a loss, proved and measured."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.ad_checkpoint import checkpoint_name
from jax.experimental import io_callback
from jax.experimental import pallas as pl
from jax.experimental.ode import odeint
from jax.scipy import special

from checks import diagnose, reach

X = jax.random.normal(jax.random.key(0), (6, 3))
W = jax.random.normal(jax.random.key(1), (3, 3))
V = jnp.array([0.5, -1.2, 0.8])


def _multiply(x_ref, v_ref, out_ref):
    out_ref[...] = jnp.sin(x_ref[...]) * v_ref[...]


def _kernel(x, v):
    shape = jax.ShapeDtypeStruct(x.shape, x.dtype)
    return pl.pallas_call(_multiply, out_shape=shape, interpret=True)(x, v)


@jax.custom_vjp
def _kernel_with_rule(x, v):
    return _kernel(x, v)


_kernel_with_rule.defvjp(
    lambda x, v: (_kernel(x, v), (x, v)),
    lambda r, g: (g * jnp.cos(r[0]) * r[1], _kernel(r[0], g)),
)


@jax.custom_batching.custom_vmap
def _batched(a, b):
    return jnp.sin(a) * b


@_batched.def_vmap
def _(size, batched, a, b):
    return jnp.sin(a) * b, True


def _root(v):
    def solve(f, y):
        return lax.fori_loop(0, 30, lambda _, y: y - f(y) / (3 * y**2 + 1e-3), y)

    equation = lambda y: y**3 - v.sum() ** 2 - 1  # noqa: E731
    return lax.custom_root(equation, jnp.float32(1), solve, lambda g, y: y / g(jnp.float32(1)))


def _linear_solve(v):
    matrix = jnp.diag(v**2 + 1) + 0.1
    solve = lambda _, b: jnp.linalg.solve(matrix, b)  # noqa: E731
    return lax.custom_linear_solve(lambda u: matrix @ u, X[0], solve, symmetric=True).sum()


def _linear_call(v):
    multiply = lambda r, u: r * u  # noqa: E731
    return (jax.custom_derivatives.linear_call(multiply, multiply, X[0], v) ** 2).sum()


def _nested(v):
    def step(carry, t):
        which = jnp.int32(t.sum() > 0)
        branches = [lambda c: jnp.tanh(c * v), lambda c: jnp.sin(c + v)]
        carry = lax.switch(which, branches, carry)
        return lax.cond(t[0] > 0, lambda c: c * 1.1, lambda c: c, carry), carry.sum()

    run = jax.jit(lambda xs: lax.scan(jax.checkpoint(step), jnp.ones(3), xs)[1].sum())
    return jax.vmap(run)(jnp.stack([X, -X])).sum()


def _policies(v):
    saved = jax.checkpoint_policies.save_only_these_names("a")
    dots = jax.checkpoint_policies.dots_with_no_batch_dims_saveable
    named = jax.checkpoint(lambda v: checkpoint_name(jnp.sin(v), "a") ** 2, policy=saved)
    return named(v).sum() + (jax.checkpoint(lambda v: jnp.tanh(X @ v), policy=dots)(v) ** 2).sum()


def _ragged(v):
    matrices = jnp.stack([W * v[None], W])
    return (lax.ragged_dot(X, matrices, jnp.array([2, 4], jnp.int32)) ** 2).sum()


def _payload(v):
    keys, payload = lax.sort((X[0], v), num_keys=1)
    return (keys * payload * jnp.arange(1.0, 4.0)).sum() ** 2


def _decompositions(v):
    matrix = jnp.diag(v**2 + 1) + 0.1
    q, r = jnp.linalg.qr(matrix)
    parts = (jnp.linalg.eigh(matrix)[0], jnp.linalg.svd(matrix)[1], jnp.linalg.cholesky(matrix))
    return sum((part**2).sum() for part in (*parts, r)) + q[0, 0] + jnp.linalg.slogdet(matrix)[1]


def _fourier(v):
    return jnp.abs(jnp.fft.rfft(v)).sum() + (jnp.fft.irfft(jnp.fft.rfft(X * v[None])) ** 2).sum()


def _prints(v):
    jax.debug.print("printed {v}", v=v.sum())
    jax.debug.callback(lambda v: print("called back"), v)
    io_callback(lambda v: None, None, v)
    return (v**2).sum()


ALIVE = {
    "lax.associative_scan": lambda v: lax.associative_scan(
        jnp.multiply, jnp.tanh(X * v[None])
    ).sum(),
    "lax.map": lambda v: lax.map(lambda t: jnp.tanh(t * v).sum(), X, batch_size=4).sum(),
    "static fori_loop": lambda v: lax.fori_loop(0, 5, lambda i, c: jnp.tanh(c * v + 1), v).sum(),
    "nested control flow": _nested,
    "checkpoint policies": _policies,
    "custom_vmap": lambda v: (_batched(v, v) + jax.vmap(_batched)(v, X[0])).sum(),
    "custom_root": _root,
    "custom_linear_solve": _linear_solve,
    "linear_call": _linear_call,
    "odeint": lambda v: odeint(lambda y, t: -y * jnp.exp(v), X[0], jnp.array([0.0, 1.0])).sum(),
    "Pallas with a rule": lambda v: (_kernel_with_rule(X[0], v) ** 2).sum(),
    "lax.reduce": lambda v: lax.reduce(v, jnp.float32(0), lambda a, b: a + b, (0,)) ** 2,
    "lax.reduce_window": lambda v: lax.reduce_window(v, 0.0, lax.add, (2,), (1,), "SAME").sum(),
    "ragged_dot": _ragged,
    "sort with payload": _payload,
    "top_k": lambda v: (lax.top_k(v[None] * X, 2)[0] ** 2).sum(),
    "solve": lambda v: jnp.linalg.solve(jnp.diag(v**2 + 1) + 0.1, X[0]).sum(),
    "decompositions": _decompositions,
    "Fourier transforms": _fourier,
    "special functions": lambda v: (special.gammaln(v**2 + 1) + special.i0e(v)).sum(),
    "random gamma": lambda v: jax.random.gamma(jax.random.key(3), v**2 + 1).sum() ** 2,
    "convolution": lambda v: (jnp.convolve(X[:, 0], v) ** 2).sum(),
    "inner derivatives": lambda v: jnp.trace(jax.hessian(lambda u: (u**4 * v).sum())(v)),
    "float8, float16, bfloat16": lambda v: sum(
        (v.astype(t).astype(jnp.float32) ** 2).sum()
        for t in (jnp.float8_e4m3fn, jnp.float16, jnp.bfloat16)
    ),
    "prints and callbacks": _prints,
}
# Primitive that cuts -> a program through which no tangent comes back.
CUT = {
    "while": lambda v: lax.fori_loop(0, jnp.int32(X.size), lambda i, c: jnp.tanh(c * v), v).sum(),
    "pure_callback": lambda v: jax.pure_callback(
        np.sum, jax.ShapeDtypeStruct((), jnp.float32), v, vmap_method="sequential"
    ),
    "nextafter": lambda v: jnp.nextafter(v, jnp.float32(1)).sum(),
    "pallas_call": lambda v: _kernel(X[0], v).sum() ** 2,
    "reduce_window": lambda v: lax.reduce_window(
        v, jnp.float32(0), lambda a, b: a + b + 0 * a * b, (2,), (1,), "SAME"
    ).sum(),
    "scatter-mul": lambda v: jnp.ones(3).at[jnp.array([0, 1, 1])].multiply(v).sum(),
    "svd": lambda v: jnp.linalg.svd(X * v[None], full_matrices=True)[0].sum(),
    "custom_vjp_call": lambda v: _raising(v).sum(),
}


@jax.custom_vjp
def _raising(v):
    return v * 2


_raising.defvjp(lambda v: (v * 2, None), lambda _, g: {}["residual"])


@pytest.mark.parametrize("name", ALIVE)
def test_what_has_a_derivative_is_reachable(name):
    report = reach(lambda p: ALIVE[name](p["v"]), {"v": V, "other": V})
    assert [leaf.verdict for leaf in report.values()] == ["disconnected", "reachable"]


@pytest.mark.parametrize("part", range(3))
def test_what_has_a_derivative_is_measured_alive(part):
    chosen = {name: ALIVE[name] for name in list(ALIVE)[part::3]}
    report = diagnose(
        lambda p: sum(f(p[name]) for name, f in chosen.items()), dict.fromkeys(chosen, V)
    )
    assert {name: leaf.verdict for name, leaf in report.items()} == dict.fromkeys(chosen, "alive")


@pytest.mark.parametrize("name", CUT)
def test_what_has_none_is_blocked_by_name(name):
    leaf = reach(lambda p: CUT[name](p["v"]), {"v": V})["v"]
    assert leaf.verdict == "blocked"
    assert [place.split()[1] for place in leaf.where] == [name]
    assert "test_transformations.py" in leaf.where[0]


def test_a_program_without_a_reverse_derivative_is_diagnosed_all_the_same():
    def loss(p, x):
        return ((x @ p["w"]) ** 2).mean() + sum(f(p[name]) for name, f in CUT.items())

    report = diagnose(loss, {"w": W} | dict.fromkeys(CUT, V), X)
    expected = {"w": "alive"} | dict.fromkeys(CUT, "blocked")
    assert {name: leaf.verdict for name, leaf in report.items()} == expected
    reasons = [note for note in report.notes if "no reverse derivative" in note]
    assert any("KeyError: 'residual'" in note for note in reasons)


def _newton(a):
    """Computes a square root in as many steps as it takes, which differs between members."""
    goes_on = lambda x: jnp.abs(x * x - a) > 1e-3  # noqa: E731
    return lax.while_loop(goes_on, lambda x: 0.5 * (x + a / x), a)


def test_a_loop_whose_condition_differs_by_member_is_diagnosed():
    def loss(p, x):
        target = lax.stop_gradient(jax.vmap(_newton)(x))
        return jnp.mean((p["w"] * x - target) ** 2) + jax.vmap(_newton)(x + p["b"]).sum()

    report = diagnose(loss, {"w": jnp.ones(()), "b": jnp.ones(())}, jnp.array([1.0, 2.0, 9.0]))
    assert {name: leaf.verdict for name, leaf in report.items()} == {"w": "alive", "b": "blocked"}
    assert report["b"].where[0].split()[1] == "while"
    assert "run the loop as a scan of" in report["b"].cures[0].edit


def test_kernels_and_callbacks_are_said_to_be_opaque():
    report = reach(lambda p: CUT["pallas_call"](p["v"]) + CUT["pure_callback"](p["v"]), {"v": V})
    opaque = [note for note in report.notes if note.startswith("taken as a whole")]
    assert [note.split()[-1] for note in opaque] == ["pallas_call", "pure_callback"]


def test_an_equation_that_only_data_enter_needs_no_derivative():
    loss = lambda p, x: (p["v"] * jnp.linalg.svd(x)[0][0, :3]).sum() ** 2  # noqa: E731
    report = reach(loss, {"v": V}, X)
    assert report["v"].verdict == "reachable" and report.notes == ()


def test_printing_is_left_out_of_the_runs(capsys):
    assert diagnose(lambda p: _prints(p["v"]), {"v": V}).passes
    jax.effects_barrier()
    assert capsys.readouterr().out.count("printed") == 0

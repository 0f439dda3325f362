"""The one rule: every leaf of every configuration gets gradient, and no slice of it is dead."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgat_jax import build, load_config, load_data
from tests.model.conftest import float64, make_tiny
from tests.recipes import find_recipes

# Share of the largest leaf's gradient; ten thousand times the rounding of float64.
NOISE = 1e-11
# At full size CI takes the two wirings; the other heads are those of `VARIATIONS` there.
NIGHTLY = {"recovery_mixture", "recovery_quantile"}
RECIPES = [
    pytest.param(name, marks=pytest.mark.nightly if name in NIGHTLY else pytest.mark.slow)
    for name in find_recipes("recovery*")
]
VARIATIONS = {
    "encoder_mapping_constant_gate_quantile": (
        "model.bypass_spatiotemporal_with_petri=false",
        "model.hierarchical_mapping=true",
        "model.gate=0.3",
        "loss.criterion=quantile",
    ),
    "gate_closed_mixture": ("model.gate=closed", "loss.criterion=nll"),
}


def test_every_leaf_gets_gradient(tiny64, x64):
    _, gradient, _ = tiny64.run(tiny64.params, tiny64.batch, share=1.0)
    assert dead_leaves(gradient) == []


@pytest.mark.slow
@pytest.mark.parametrize("overrides", VARIATIONS.values(), ids=VARIATIONS)
def test_every_leaf_gets_gradient_in_other_variations(overrides, x64):
    tiny = make_tiny(*overrides)
    assert dead_leaves(gradient_of(tiny.model, tiny.params, tiny.batch)) == []


def test_with_a_volatility_the_network_wakes_when_the_kernels_of_the_head_move(x64):
    tiny = make_tiny("data.volatility=har", "loss.criterion=quantile")
    gradient = jax.jit(jax.grad(lambda p, b: tiny.model.loss(p, b)[0]))
    params, batch = float64(tiny.params), float64(tiny.batch)
    first = {name: np.any(np.asarray(g)) for name, g in named(gradient(params, batch))}
    awake = {name for name, has_gradient in first.items() if has_gradient}
    assert awake == {n for n in first if n.split("/")[0] in ("head", "volatility_scale")}
    moved = {
        name: leaves | {"kernel": leaves["kernel"] + np.linspace(0.01, 0.02, leaves["kernel"].size)
                        .reshape(leaves["kernel"].shape)}
        for name, leaves in params["head"].items()
    }  # fmt: skip
    assert dead_leaves(gradient(params | {"head": moved}, batch)) == []


@pytest.mark.slow
@settings(max_examples=3, deadline=None, derandomize=True)
@given(
    heads=st.sampled_from([1, 2, 4]),
    e_layers=st.integers(1, 3),
    d_layers=st.integers(1, 3),
    encoder=st.sampled_from([(True, False), (False, False), (False, True)]),
    gate=st.sampled_from(["sigmoid", "open", "closed", 0.0, 0.7]),
    criterion=st.sampled_from(["mse", "quantile", "nll"]),
    precision=st.sampled_from(["float32", "bfloat16"]),
    remat=st.booleans(),
)
def test_every_leaf_gets_gradient_in_drawn_variations(
    heads, e_layers, d_layers, encoder, gate, criterion, precision, remat
):
    tiny = make_tiny(
        f"model.n_heads={heads}",
        f"model.e_layers={e_layers}",
        f"model.d_layers={d_layers}",
        f"model.bypass_spatiotemporal_with_petri={str(encoder[0]).lower()}",
        f"model.hierarchical_mapping={str(encoder[1]).lower()}",
        f"model.gate={gate}",
        f"loss.criterion={criterion}",
        f"train.remat={str(remat).lower()}",
        f"train.precision={precision}",
    )
    if precision == "bfloat16":
        gradient = jax.grad(lambda p: tiny.model.loss(p, tiny.batch)[0])(tiny.params)
        assert [n for n, g in named(gradient) if not np.any(np.asarray(g))] == []
    else:
        with jax.enable_x64(True):
            assert dead_leaves(gradient_of(tiny.model, tiny.params, tiny.batch)) == []


@pytest.mark.parametrize("name", RECIPES)
def test_every_leaf_gets_gradient_at_the_size_of_the_configuration(name):
    config = load_config(name)
    data = load_data(config)
    model = build(config, data.columns)
    batch, params = data.batch("train", [0, 2000]), model.init(jax.random.key(config.seed))
    with jax.enable_x64(True):
        assert dead_leaves(gradient_of(model, params, batch)) == []


def gradient_of(model, params, batch):
    return jax.jit(jax.grad(lambda p, b: model.loss(p, b)[0]))(float64(params), float64(batch))


def dead_leaves(gradient) -> list[str]:
    """Leaves at rounding level, and leaves of which some element is exactly zero."""
    size = {name: float(np.sqrt(np.mean(np.square(leaf)))) for name, leaf in named(gradient)}
    floor = NOISE * max(size.values())
    weak = [f"{name}: {value:.1e}" for name, value in size.items() if not value > floor]
    zero = [f"{name}: {n} zeros" for name, leaf in named(gradient) if (n := dead_elements(leaf))]
    return weak + zero


def dead_elements(leaf) -> int:
    return int(np.sum(np.asarray(leaf) == 0))


def named(tree) -> list[tuple[str, jax.Array]]:
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return [(jax.tree_util.keystr(path, simple=True, separator="/"), x) for path, x in leaves]

import jax
import numpy as np
import pytest

from pgat_jax.model.encoder import BLOCKS, HierarchicalMapping, JointBlock, SpatioTemporal
from tests.model.conftest import assert_causal, bind, draw_parameters, normal

pytestmark = pytest.mark.usefixtures("x64")


def test_the_joint_encoder_sees_no_later_day():
    x, adjacency = normal(0, 1, 16, 13, 4), normal(1, 1, 16, 13, 13)
    module = JointBlock(0.0)
    params = draw_parameters(module, x, adjacency)
    assert_causal(lambda x: module.apply(params, x, adjacency)[0], x)


def test_a_body_reads_another_through_the_adjacency_and_the_attention():
    x, adjacency = normal(0, 1, 2, 13, 4), normal(1, 1, 2, 13, 13)
    module = JointBlock(0.0)
    params = draw_parameters(module, x, adjacency)
    apply = bind(module, params)
    moved = apply(x, adjacency.at[:, :, 3, 7].add(1.0))[0]
    assert np.any(np.asarray(moved != apply(x, adjacency)[0]))


def test_a_day_reads_every_other_day_through_the_slots():
    x, module = normal(0, 1, 5, 8), HierarchicalMapping(2)
    params = draw_parameters(module, x)
    assert params["params"]["slots"].shape == (13, 8)
    slope = jax.jit(jax.grad(lambda x: module.apply(params, x)[:, 0, 0].sum()))(x)
    assert np.all(np.abs(np.asarray(slope)).max((0, 2)) > 0)


def test_the_mapping_is_added_where_it_is_configured_and_has_no_parameters_elsewhere():
    stream, adjacency = normal(0, 1, 4, 26), normal(1, 1, 4, 13, 13)
    both, alone = (SpatioTemporal(2, on, 0.0, False) for on in (True, False))
    params = draw_parameters(both, stream, adjacency)["params"]
    assert set(params) == {"blocks", "hierarchy"}
    assert {leaf.shape[0] for leaf in jax.tree.leaves(params["blocks"])} == {BLOCKS}
    blocks = {"params": {"blocks": params["blocks"]}}
    mapping = bind(HierarchicalMapping(2), {"params": params["hierarchy"]})(stream)
    np.testing.assert_allclose(
        bind(both, {"params": params})(stream, adjacency),
        bind(alone, blocks)(stream, adjacency) + mapping,
        rtol=1e-12,
    )

"""The flow and the profiles of a diagnosed program."""

import jax.numpy as jnp
import pytest
from jax import lax

from checks.flow.at_point import FlowAtPoint
from checks.measure.points import Sampler
from checks.program.runner import Runner
from checks.program.trace import trace
from checks.proofs.proof import prove

X = jnp.linspace(0.1, 1.0, 4)


@pytest.fixture(scope="module")
def flow_and_stages():
    def loss(p, x):
        return (3.0 * p["w"] * x).sum() + lax.stop_gradient(p["v"]).sum()

    program = trace(loss, {"w": X, "v": X}, (X,))
    proof = prove(program)
    runner = Runner(program, proof.reachable)
    point = Sampler(program, proof.dependence, 0).keep_parameters(program.args)
    stages = []
    return FlowAtPoint(runner, proof, point, stages.append), stages


def test_the_flow_is_measured(flow_and_stages):
    at_point, stages = flow_and_stages
    flow = at_point.flow()
    assert flow.nodes[0].name == "loss" and flow.edges[0].size == 1.0
    assert stages[-1] == "gradient flow through the modules"


def test_profiles_are_those_of_leaves_with_a_derivative(flow_and_stages):
    at_point, stages = flow_and_stages
    profiles = at_point.profiles(["v", "w"])
    assert list(profiles) == ["w"] and profiles["w"].leaf == "w"
    assert stages[-1] == "gradient profiles of 1 leaves"
    count = len(stages)
    assert at_point.profiles(["v"]) == {} and len(stages) == count

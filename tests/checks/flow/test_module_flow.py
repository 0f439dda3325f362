"""The gradient flow through the modules, compared with sizes known by hand."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import pytest
from jax import lax

from checks import diagnose, reach
from checks.flow.module_flow import measure_flow
from checks.flow.read_graph import MOST_GROUPS
from checks.measure.points import Sampler
from checks.program.runner import Runner
from checks.program.trace import trace
from checks.proofs.proof import prove
from checks.render.report_json import report_document

X = jnp.linspace(0.1, 1.0, 4)


def flow_of(loss, params, *args):
    program = trace(loss, params, args)
    proof = prove(program)
    runner = Runner(program, proof.reachable)
    point = Sampler(program, proof.dependence, 0).keep_parameters(program.args)
    return measure_flow(runner, proof.dependence, proof.cuts, point)


def named(flow, word):
    (node,) = [node for node in flow.nodes if word in node.name]
    return node


def edges(flow):
    return {(edge.reader, edge.source): edge for edge in flow.edges}


def halved(x):
    return 0.5 * x


def tripled(x):
    return 3.0 * x


@pytest.mark.parametrize("scale", [1.0, 1e-8, 1e8])
def test_factors_of_a_chain_are_those_known_by_hand(scale):
    def loss(p, x):
        return scale * tripled(halved(p["w"] * x)).sum()

    flow = flow_of(loss, {"w": X}, X)
    assert flow.factor(named(flow, "halved")) == pytest.approx(0.5)
    assert flow.factor(named(flow, "tripled")) == pytest.approx(3.0)
    assert flow.arriving(named(flow, "tripled")) == pytest.approx(2 * scale)  # four ones
    assert [node.kind for node in flow.nodes][:: len(flow.nodes) - 1] == ["loss", "input"]


def test_a_scan_has_its_steps_and_the_factor_of_all_of_them():
    def loss(p, x):
        out = lax.scan(lambda c, _: (halved(c), None), tripled(p["w"] * x), None, length=4)[0]
        return out.sum()

    flow = flow_of(loss, {"w": X}, X)
    node = named(flow, "halved")
    assert flow.factor(node) == pytest.approx(1 / 16)
    assert node.steps == pytest.approx([1, 1 / 2, 1 / 4, 1 / 8])
    assert flow.arriving(named(flow, "tripled")) == pytest.approx(2 / 16)


def test_the_steepest_loss_is_named_first():
    def loss(p, x):
        return halved(halved(jnp.tanh(6.0 + tripled(p["w"] * x)))).sum()  # saturated

    worst = flow_of(loss, {"w": X}, X).steepest()[0]
    assert "test_module_flow.py" in worst.name and "halved" not in worst.name


def test_a_reversed_scan_counts_its_steps_from_the_loss():
    def loss(p):
        body = lambda c, _: (halved(c), None)  # noqa: E731
        return lax.scan(body, tripled(p["w"]), None, length=3, reverse=True)[0].sum()

    node = named(flow := flow_of(loss, {"w": X}), "halved")
    assert flow.factor(node) == pytest.approx(1 / 8) and node.steps[-1] == pytest.approx(1 / 4)


def test_a_variable_read_twice_by_one_module_counts_with_its_sum():
    def cancelling(x):
        y = 2.0 * x
        return y - 1.5 * x

    flow = flow_of(lambda p, x: cancelling(halved(p["w"] * x)).sum(), {"w": X}, X)
    given = sum(e.size**2 for e in flow.edges if e.source == named(flow, "halved").name) ** 0.5
    assert flow.arriving(named(flow, "halved")) == pytest.approx(given)
    reads = [e for e in flow.edges if "cancelling" in e.reader and "halved" in e.source]
    assert len(reads) == 2  # two lines, 2 and -1.5 times two


class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.Dense(3, name="embed")(x)
        x = x + 0.5 * nn.Dense(3, name="branch")(x)
        nn.Dense(5, name="unused")(x)
        stopped = lax.stop_gradient(nn.Dense(3, name="teacher")(x))
        return nn.Dense(2, name="head")(x + stopped)


def net_loss():
    params = Net().init(jax.random.key(0), X[None])["params"]
    return lambda p, x: (Net().apply({"params": p}, x) ** 2).sum(), params, X[None]


def test_every_module_is_in_it_with_its_leaves_and_what_is_cut_or_unused():
    loss, params, x = net_loss()
    flow = reach(loss, params, x).flow
    for name in params:
        assert set(named(flow, name).leaves) == {f"{name}/bias", f"{name}/kernel"}
    states = {edge.state for edge in flow.edges}
    assert states == {"flows", "cut", "unused"} and all(e.size is None for e in flow.edges)
    (cut,) = {cut for node in flow.nodes for cut in node.cuts}
    assert "stop_gradient in Net" in cut and "test_module_flow.py" in cut
    (unused,) = [edge for edge in flow.edges if edge.state == "unused"]
    assert unused.reader == "unused"
    assert "(2 leaves)" in flow.text() and "cut at" in flow.text()


def test_leaves_that_nothing_reads_stand_at_the_end():
    last = reach(lambda p: (p["a"] ** 2).sum(), {"a": X, "b": X}).flow.nodes[-1]
    assert last.kind == "unread" and last.leaves == ("b",)


def test_branches_and_loops_without_a_reverse_derivative_are_in_it():
    def loss(p, x):
        taken = lax.cond(x.sum() > 0, lambda: halved(p["w"]).sum(), lambda: (p["w"] ** 2).sum())
        return taken + lax.while_loop(lambda s: s < 3, tripled, p["u"])  # the loop

    flow = flow_of(loss, {"w": X, "u": 1.0}, X)
    assert named(flow, "halved").leaves == ("w",)
    (node,) = [node for node in flow.nodes if node.cuts]
    assert node.leaves == ("u",) and "while" in node.cuts[0]


def test_sizes_of_a_residual_network_are_those_of_its_derivatives():
    loss, params, x = net_loss()
    flow = flow_of(loss, params, x)
    embedded = x @ params["embed"]["kernel"] + params["embed"]["bias"][None]
    (branch,) = [e for e in flow.edges if e.reader == "branch"]
    after = embedded + 0.5 * (
        embedded @ params["branch"]["kernel"] + params["branch"]["bias"][None]
    )
    stopped = after @ params["teacher"]["kernel"] + params["teacher"]["bias"][None]
    y = (after + stopped) @ params["head"]["kernel"] + params["head"]["bias"][None]
    cotangent = 2 * y @ params["head"]["kernel"].T
    expected = jnp.linalg.norm(0.5 * cotangent @ params["branch"]["kernel"].T)
    assert branch.size == pytest.approx(float(expected), rel=1e-4)
    assert flow.arriving(named(flow, "head")) == pytest.approx(2 * float(jnp.linalg.norm(y)))


def test_a_long_unrolled_program_has_a_short_flow():
    def loss(p):
        x = p["first"]
        for w in p["deep"]:
            x = jnp.tanh(x * w)
        return x.sum()

    flow = reach(loss, {"first": X, "deep": [X] * 100}).flow
    assert len(flow.nodes) <= MOST_GROUPS + 1
    assert sum(len(node.leaves) for node in flow.nodes) == 101


def test_a_report_works_it_out_once_and_writes_it_in_plain_numbers():
    report = diagnose(lambda p, x: jnp.sum((p["w"] * x) ** 2), {"w": X}, X)
    assert report.flow is report.flow
    written = report_document(report)["flow"]
    assert written["nodes"][0]["name"] == "loss" and written["edges"][0]["size"] == 1.0
    assert {"arriving", "factor", "steps", "leaves", "cuts"} <= set(written["nodes"][1])

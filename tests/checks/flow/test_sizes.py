"""Sizes of the cotangents of reads."""

import jax.numpy as jnp
import pytest
from jax import lax

from checks.flow.read_graph import build_read_graph
from checks.flow.sizes import measure_reads
from checks.measure.points import Sampler
from checks.program.runner import Runner
from checks.program.trace import trace
from checks.proofs.proof import prove
from tests.checks.flow.names import last_function

X = jnp.linspace(0.1, 1.0, 4)


def halved(x):
    return 0.5 * x


def tripled(x):
    return 3.0 * x


def measure(loss, params, *args):
    """Returns (function of the reader, of the source) -> the norms of its read."""
    program = trace(loss, params, args)
    proof = prove(program)
    graph = build_read_graph(program, proof.dependence)
    point = Sampler(program, proof.dependence, 0).keep_parameters(program.args)
    runner = Runner(program, proof.reachable)
    sizes = measure_reads(runner, graph, point.leaves, point.args)
    named = {}
    for i, norms in sizes.items():
        for source in graph.reads[i].sources:
            pair = last_function(graph.reads[i].reader), last_function(source.node)
            named[pair] = norms
    return named


def test_a_read_has_the_euclidean_norm_of_its_cotangent():
    sizes = measure(lambda p, x: tripled(halved(p["w"] * x)).sum(), {"w": X}, X)
    assert sizes["tripled", "halved"] == pytest.approx(3.0 * 2)  # four elements


def test_reads_of_leaves_and_reads_without_gradient_are_left_out():
    def loss(p, x):
        return halved(p["w"]).sum() + tripled(lax.stop_gradient(halved(p["w"]) * x)).sum()

    sizes = measure(loss, {"w": X}, X)
    assert ("halved", 0) not in sizes
    assert not any(reader == "tripled" for reader, _ in sizes)


def test_a_read_inside_a_scan_has_a_norm_for_each_step():
    def loss(p):
        body = lambda c, _: (halved(c), None)  # noqa: E731
        return lax.scan(body, tripled(p["w"]), None, length=3)[0].sum()

    assert measure(loss, {"w": X})["halved", "tripled"] == pytest.approx([2 / 8, 2 / 4, 2 / 2])


def test_a_variable_that_one_module_reads_twice_has_the_sum_of_both_cotangents():
    def doubled(x):
        return x + x

    sizes = measure(lambda p, x: doubled(halved(p["w"] * x)).sum(), {"w": X}, X)
    assert [float(v) for (reader, _), v in sizes.items() if "doubled" in reader] == [4.0]


def test_a_program_without_reads_to_measure_is_not_run():
    assert measure(lambda p: (p["w"] ** 2).sum(), {"w": X}) == {}

"""The sources of variables, through calls, branches and scans."""

import jax
import jax.numpy as jnp
from jax import lax

from checks.flow.read_graph import build_read_graph
from checks.flow.sources import CarryStep, Source
from checks.program.trace import trace
from checks.proofs.proof import prove
from tests.checks.flow.names import last_function

X = jnp.linspace(0.1, 1.0, 4)


def halved(x):
    return 0.5 * x


def tripled(x):
    return 3.0 * x


def sources_of(loss, params, reader):
    """The sources of all reads of one function, other functions by their names."""
    program = trace(loss, params, ())
    graph = build_read_graph(program, prove(program).dependence)
    found = {s for read in graph.reads if reader in read.reader for s in read.sources}
    return {Source(last_function(source.node), source.step) for source in found}


def test_a_variable_is_followed_through_a_call():
    loss = lambda p: halved(jax.checkpoint(tripled)(p["w"])).sum()  # noqa: E731
    assert Source("tripled") in sources_of(loss, {"w": X}, "halved")


def test_both_branches_are_sources():
    def loss(p):
        taken = lax.cond(p["w"].sum() > 0, tripled, jnp.sin, p["w"])
        return halved(taken).sum()

    found = sources_of(loss, {"w": X}, "halved")
    assert Source("tripled") in found and len(found) == 2


def test_a_carry_has_its_first_value_from_outside_and_the_others_from_the_scan():
    def loss(p):
        first = tripled(p["w"])
        return lax.scan(lambda c, _: (halved(c), None), first, None, length=3)[0].sum()

    found = sources_of(loss, {"w": X}, "halved")
    assert found == {
        Source("tripled", CarryStep(0, True, False)),
        Source("halved", CarryStep(0, False, False)),
    }


def test_a_reversed_scan_says_so():
    def loss(p):
        body = lambda c, _: (halved(c), None)  # noqa: E731
        return lax.scan(body, p["w"], None, length=3, reverse=True)[0].sum()

    assert Source(0, CarryStep(0, True, True)) in sources_of(loss, {"w": X}, "halved")


def test_after_a_scan_its_steps_are_not_told_apart():
    def loss(p):
        out = lax.scan(lambda c, _: (halved(c), None), p["w"], None, length=3)[0]
        return tripled(out).sum()

    assert sources_of(loss, {"w": X}, "tripled") == {Source("halved")}


def test_a_carry_that_is_passed_on_unchanged_has_the_source_of_its_first_value():
    def loss(p):
        body = lambda c, _: ((c[0], halved(c[0])), None)  # noqa: E731
        return lax.scan(body, (tripled(p["w"]), p["w"]), None, length=3)[0][1].sum()

    found = sources_of(loss, {"w": X}, "halved")
    assert {source.node for source in found} == {"tripled"}

"""Proofs on random programs agree with float64 gradients: some here, 10,000 at night."""

import pytest

from checks.proofs import dependence
from tools.bad_input.fuzz import fuzz
from tools.proof_fuzz.judge import judge_program
from tools.proof_fuzz.nesting import NESTINGS
from tools.proof_fuzz.operations import OPERATIONS
from tools.proof_fuzz.programs import Block, Step, build, draw_program, programs

QUICK, NIGHTLY = 8, 10_000


@pytest.mark.slow
def test_some_random_programs():
    outcomes, wrong = fuzz(programs, judge_program, QUICK, number=1)
    assert not wrong, "\n".join(wrong)
    assert outcomes["proofs agree with gradients"] > 0


@pytest.mark.nightly
def test_ten_thousand_random_programs():
    _, wrong = fuzz(programs, judge_program, NIGHTLY, number=2)
    assert not wrong, "\n".join(wrong)


def test_a_number_always_gives_the_same_program():
    assert draw_program(7) == draw_program(7) != draw_program(8)


def test_a_hundred_programs_have_every_step():
    names, queue = set(), [draw_program(number) for number in range(100)]
    while queue:
        for step in queue.pop().steps:
            names.add(step.name)
            queue += step.inner
    assert names == OPERATIONS.keys() | NESTINGS.keys()


def test_steps_read_from_the_end_of_the_pool():
    block = Block((Step("subtract", (1, 0)), Step("multiply", (0, 1))), (0, 1))
    assert build(block)(5.0, 3.0) == (6.0, 2.0)


def test_a_wrong_proof_is_found_even_if_the_checks_do_not_find_it_themselves(monkeypatch, tmp_path):
    flat = dependence._FLAT | {"tanh"}
    block = Block((Step("tanh", (0, 2)),), (0, 0))
    assert judge_program(block, tmp_path).startswith("proofs agree")
    monkeypatch.setattr(dependence, "_FLAT", flat)
    with pytest.raises(AssertionError, match="fault of the checks: d was proved to be blocked"):
        judge_program(block, tmp_path)
    monkeypatch.setattr("checks.proofs.proof.find_dependent", lambda gradient, leaves: [])
    with pytest.raises(AssertionError, match="d is proved to be blocked; its gradient"):
        judge_program(block, tmp_path)

"""No bad input ends in a traceback, a hang or a part of a file, or passes for what it is not."""

import pytest

from tools.bad_input.__main__ import KINDS, SHARES
from tools.bad_input.fuzz import fuzz

QUICK = {"configuration": 60, "command line": 60, "CSV table": 15, "Parquet table, its bytes": 10}
CASES = {kind: round(11_400 * share) for kind, share in SHARES.items()}
CASES |= {"run folder": 30, "checkpoint": 30}  # a second each


@pytest.mark.parametrize(("kind", "cases"), QUICK.items(), ids=QUICK)
def test_some_bad_input(kind, cases):
    _, wrong = fuzz(*KINDS[kind], cases, number=1)
    assert not wrong, "\n".join(wrong)


def test_the_nightly_ones_are_ten_thousand():
    assert CASES.keys() == KINDS.keys() and sum(CASES.values()) >= 10_000


@pytest.mark.slow
@pytest.mark.parametrize("kind", CASES)
def test_more_bad_input(kind):
    _, wrong = fuzz(*KINDS[kind], max(6, CASES[kind] // 12), number=2)
    assert not wrong, "\n".join(wrong)


@pytest.mark.nightly
@pytest.mark.parametrize("kind", CASES)
def test_ten_thousand_bad_inputs(kind):
    _, wrong = fuzz(*KINDS[kind], CASES[kind], number=3)
    assert not wrong, "\n".join(wrong)

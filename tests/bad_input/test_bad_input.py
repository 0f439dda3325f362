"""No bad input ends in a traceback, a hang or a part of a file, or passes for what it is not."""

import pytest

from tests.bad_input.__main__ import KINDS, SHARES
from tests.bad_input.fuzz import fuzz

QUICK = {"configuration": 60, "command line": 60, "CSV table": 15, "Parquet table, its bytes": 10}


@pytest.mark.parametrize(("kind", "cases"), QUICK.items(), ids=QUICK)
def test_some_bad_input(kind, cases):
    _, wrong = fuzz(*KINDS[kind], cases, number=1)
    assert not wrong, "\n".join(wrong)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_more_bad_input(kind):
    _, wrong = fuzz(*KINDS[kind], round(500 * SHARES[kind]), number=2)
    assert not wrong, "\n".join(wrong)

"""The data of a term."""

import pytest

from checks.terms.term import FAILING_STATES, STATES, Term


@pytest.mark.parametrize("state", STATES)
def test_a_term_fails_if_it_is_dead_or_cancels_another(state):
    term = Term("kl", (), "", 1, state, "why")
    assert term.passes is (state not in {"dead", "cancels"}) is (state not in FAILING_STATES)

"""The answer's sentences take their numbers from the results; rankings follow verdict and share."""

import pytest

from pgat_jax.causes.answer import rank_causes, write_answer
from tests.causes.made_up_results import make_results


def test_each_sentence_has_its_numbers():
    losses, projections, causes, remedies, spread = write_answer(make_results())
    assert losses.startswith("With the original's wiring, 2 of 4 leaves, 25.0% of the parameters")
    assert "1 more have a gradient of exactly zero, among them all leaves of the graph." in losses
    assert "query 1.0e-03, key 5.0e-02; the norm of the whole gradient is 16." in projections
    assert causes.startswith(
        "Of the 2 causes of the list: 1 confirmed, 1 refuted; of its top five: "
    )
    assert causes.endswith("1.2 refuted, 6.2 confirmed (spread of forecasts).")
    assert "Of the 2 fixes that the documents propose, 1 gives any leaf" in remedies
    assert '(helpful); the fix "best" does it for 3 of 3.' in remedies
    assert "is 0.05 with the original's wiring and 0.05 without faults" in spread


@pytest.mark.parametrize("norm", [0.0, 1e-9])
def test_the_graph_is_named_only_where_all_of_its_gradient_is_zero(norm):
    results = make_results()
    results["bases"]["faulty"]["full"]["start"]["graph"] = norm
    assert ("graph" in write_answer(results)[0]) is (norm == 0)


def test_without_faults_only_the_causes_are_described():
    results = make_results() | {"remedies": []}
    del results["bases"]["faulty"]
    assert [s[:12] for s in write_answer(results)] == ["Of the 2 cau"]


def test_causes_are_ranked_by_verdict_and_then_by_share():
    ranking = rank_causes(make_results())
    assert [(place, number, rank) for place, number, _, rank in ranking] == [
        ("1", "6.2", "1"),
        ("2", "R1", ""),
        ("3", "1.2", "2"),
    ]

"""The five sentences that say what a back-test found."""

from pgat_jax.backtest.answer import find_best, write_answer
from tests.backtest.reports import make_simulated_report


def test_the_answer_about_a_model_has_five_sentences_with_its_figures():
    report = make_simulated_report(model=0.955)
    answer = write_answer(report)
    assert len(answer) == 5
    assert answer[0].startswith("The model removes 4.49%")
    assert "500 origins from 2009-06-01 to 2010-10-13" in answer[0]
    assert "Paired with the best baseline, HAR-FHS, it gains +1.0" in answer[1]
    assert "so it is better; it is ahead in 2 of 2 years" in answer[1]
    assert answer[2].startswith("By year the skill is 4.") and "for the high" in answer[2]
    assert "so it is calibrated" in answer[3]
    assert "of that of a zero return" in answer[4]


def test_a_model_that_is_worse_is_called_worse():
    assert "so it is worse" in write_answer(make_simulated_report(model=0.99))[1]


def test_without_a_model_the_answer_is_about_the_best_baseline():
    report = make_simulated_report()
    assert find_best(report["forecasters"]) == "har_fhs"
    answer = write_answer(report)
    assert answer[0].startswith("The best baseline, HAR-FHS, removes 3.")
    assert "Paired with the next, GJR-FHS" in answer[1]

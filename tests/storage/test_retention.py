from pgat_jax.storage.retention import rank_steps, select_steps

NAN, INF = float("nan"), float("inf")


def metas(losses: dict) -> dict:
    return {step: {"validation_loss": loss} for step, loss in losses.items()}


def test_the_lowest_loss_is_first_and_the_older_of_equals():
    assert rank_steps(metas({30: 0.1, 10: 0.2, 20: 0.1})) == [20, 30, 10]


def test_steps_without_a_finite_loss_are_not_ranked():
    assert rank_steps(metas({1: None, 2: NAN, 3: INF, 4: "0.1", 5: 0.5}) | {6: {}}) == [5]


def test_the_last_two_the_best_and_every_nth_are_kept():
    losses = {10: 0.5, 20: 0.1, 30: 0.4, 40: 0.3, 45: None, 50: 0.2, 60: 0.6}
    assert select_steps(metas(losses), every=40) == {20, 40, 50, 60}


def test_step_zero_is_no_multiple():
    assert select_steps(metas({0: 0.5, 10: 0.1, 20: 0.3}), every=5) == {10, 20}

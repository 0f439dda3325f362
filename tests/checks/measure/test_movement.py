"""Leaves that the optimiser does not move."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from checks.measure import movement
from checks.measure.chain import Chain
from checks.measure.movement import find_standstills, find_starving_stages, moves_enough
from checks.measure.survey import Survey
from checks.measure.training import Training
from checks.program.leaves import partition
from tests.checks.judges.small_evidence import measured

PARAMS = {"a": jnp.ones(2), "b": jnp.ones(2)}
LEAVES = [np.ones(2, np.float32)] * 2


def _survey(*slopes):
    return Survey([measured([np.float32(g) for g in slopes], leaves=LEAVES)], [], [])


def _find(optimizer, *slopes, moved=(False, True)):
    chain = Chain(optimizer, partition(PARAMS))
    state = chain.init(LEAVES)
    elements = [np.full(2, one) for one in moved]
    training = Training({0: LEAVES, 20: LEAVES}, elements, [None] * 2, state=state)
    return find_standstills(_survey(*slopes), chain, training, [0, 1])


@pytest.mark.parametrize(
    "moved, is_enough",
    [([1, 1, 0, 0], True), ([1, 0, 0, 0], False), ([0, 0, 1, 1], False), ([1, 1, 1, 1], True)],
)
def test_half_of_the_elements_with_a_gradient_are_enough(moved, is_enough):
    data = [measured([[1.0, 1.0, 0.9e-6, 0.0]]), measured([[0.0, 0.0, 0.0, 0.0]])]
    survey = Survey(data, [], [])
    expected = is_enough or moved[0]
    assert moves_enough(survey, 0, np.array(moved, bool)) is bool(expected)


def test_an_element_counts_from_a_millionth_of_the_largest_at_any_batch():
    survey = Survey([measured([[1.0, 0.0, 0.0]]), measured([[0.0, 2e-6, 3e-6]])], [], [])
    assert not moves_enough(survey, 0, np.array([True, False, False]))
    assert moves_enough(survey, 0, np.array([True, True, False]))


def test_a_leaf_without_a_gradient_need_not_move():
    assert moves_enough(Survey([measured([[0.0, 0.0]])], [], []), 0, np.zeros(2, bool))


def test_leaves_that_moved_are_not_asked_about():
    assert _find(optax.set_to_zero(), [1, 1], [1, 1], moved=(True, True)) == {}


def test_a_leaf_that_later_steps_move_is_no_standstill():
    every_third = optax.apply_every(3)
    assert _find(optax.chain(every_third, optax.scale(-1.0)), [1, 1], [1, 1]) == {}


def test_a_frozen_leaf_stands_still_alone_too():
    (found,) = _find(optax.set_to_zero(), [1, 1], [1, 1]).items()
    leaf, (asked, together, alone) = found
    assert leaf == 0 and asked == 0 and found[1].is_proved and together == alone == 0.0


def test_a_leaf_that_no_proof_freezes_is_asked_ten_thousand_times():
    never = optax.scale_by_schedule(lambda n: jnp.where(n < 20_000, 0.0, -1.0))
    found = _find(never, [1, 1], [1, 1])[0]
    assert found == (10_040, 0.0, 0.0) and not found.is_proved


def test_all_leaves_that_stand_still_are_asked_in_one_run(monkeypatch):
    calls = []
    repeat = movement.repeat_gradient
    monkeypatch.setattr(movement, "repeat_gradient", lambda *a: calls.append(a[4]) or repeat(*a))
    never = optax.scale_by_schedule(lambda n: jnp.where(n < 20_000, 0.0, -1.0))
    found = _find(never, [1, 1], [1, 1], moved=(False, False))
    assert list(found) == [0, 1] and calls == [[0, 1], [0, 1]]


def test_an_update_that_others_scale_down_is_larger_alone():
    clipped = optax.chain(optax.clip_by_global_norm(1.0), optax.scale(-1.0))
    found = _find(clipped, [1e-9, 1e-9], [1e4, 1e4])[0]
    assert found.together == pytest.approx(1e-9 / (1e4 * 2**0.5), rel=1e-2, abs=0)
    assert found.alone == pytest.approx(1e-9, rel=1e-3, abs=0)


def test_nan_counts_as_zero():
    found = _find(optax.set_to_zero(), [1, 1], [np.nan, np.nan])
    assert list(found) == [0] and found[0].together == 0.0


def test_the_starving_stage_is_found_in_float64():
    chain = Chain(optax.chain(optax.scale(2.0), optax.scale(1e-30)), partition(PARAMS))
    assert find_starving_stages(_survey([1, 1], [1, np.nan]), chain, [0])[0].path == (1,)

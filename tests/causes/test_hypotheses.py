"""Every claim of the texts is an experiment, and what it does to the model is done."""

import jax
import numpy as np
import pytest

from pgat_jax import load_config
from pgat_jax.causes.config import StudyConfig
from pgat_jax.causes.experiments import (
    FULL,
    LAPTOP,
    SCALES,
    SMALL,
    all_causes,
    conditions,
    healthy,
    pairs,
    shows,
    sick,
)
from pgat_jax.causes.remedies import REMEDIES
from pgat_jax.causes.subject import impose

LIST = "1.1 1.2 1.3 1.4 2.1 2.2 2.3 2.4 3.1 3.2 3.3 3.4 4.1 4.2 4.3 5.1 5.2 5.3 6.1 6.2 7.1 7.2"
CAUSES = all_causes()
CONFIG = load_config("original", schema=StudyConfig)


def test_all_22_causes_and_the_claims_of_the_analysis_are_there():
    assert list(CAUSES) == [*LIST.split(), "R1", "R2", "R3", "R4", "R5"]


@pytest.mark.parametrize("cause", CAUSES.values(), ids=list(CAUSES))
def test_a_cause_is_told_and_can_fail(cause):
    for text in (cause.hypothesis, cause.prediction):
        assert text.endswith(".") and len(text) < 200
    assert cause.imposed is not None or cause.remedy is not None
    assert {p.is_imposed for p in pairs(CONFIG, SMALL, cause)}
    for pair in pairs(CONFIG, SMALL, cause):
        assert pair.before != pair.after


def test_what_the_recipe_alone_decides_is_not_tried_without_updates():
    for number, cause in CAUSES.items():
        is_idle = [pair.before == pair.after for pair in pairs(CONFIG, FULL, cause)]
        assert all(is_idle) if number in ("3.1", "3.2", "3.3", "3.4", "4.3") else not any(is_idle)


IN_TRAINING = ("3.1", "3.2", "3.3", "3.4", "4.2", "4.3", "6.1", "6.2", "7.1")


def test_a_cause_is_trained_at_one_size_those_that_act_in_training_at_the_larger():
    for number, cause in CAUSES.items():
        trained = [scale for scale in SCALES if scale.updates and shows(scale, cause)]
        assert trained == [LAPTOP if number in IN_TRAINING else SMALL]
        wanted = conditions(CONFIG, SCALES, [cause], remedies=False)
        assert {scale for _, scale in wanted} == {FULL, *trained}


def test_a_scale_gives_its_sizes_and_the_recipe_stays():
    laptop, sized = load_config("laptop"), healthy(CONFIG, LAPTOP).config
    assert (sized.model.d_model, sized.data.seq_len) == (104, laptop.data.seq_len)
    assert sized.train.learning_rate == CONFIG.train.learning_rate


def test_interventions_have_names_of_their_own():
    wanted = conditions(CONFIG, [SMALL], list(CAUSES.values()), remedies=True)
    all_of_them = {i for condition, _ in wanted for i in condition.interventions}
    assert len({i.name for i in all_of_them}) == len(all_of_them)
    assert len({remedy.name for remedy in REMEDIES}) == len(REMEDIES)


def test_what_a_fix_drops_is_in_the_sick_model():
    there = sick(CONFIG, SMALL).interventions
    assert all(dropped in there for remedy in REMEDIES for dropped in remedy.drops)


BY_PARAMETERS = ("1.1", "1.2", "1.3", "1.4", "2.3", "2.4", "5.1", "5.2", "5.3", "R4")


@pytest.mark.parametrize("number", BY_PARAMETERS)
def test_an_edit_of_parameters_changes_those_it_names_and_keeps_their_shapes(number):
    base = healthy(CONFIG, SMALL)
    before = base.subject().init(jax.random.key(0))
    after = base.plus(CAUSES[number].imposed).subject().init(jax.random.key(0))
    changed = jax.tree.map(lambda a, b: not np.array_equal(a, b), before, after)
    parts = {path[0].key for path, is_new in jax.tree.leaves_with_path(changed) if is_new}
    assert parts and parts <= {"gate", "fusion", "nodes"}
    assert jax.tree.map(np.shape, before) == jax.tree.map(np.shape, after)


def test_a_part_that_a_configuration_does_not_create_is_not_edited():
    open_gate = load_config("tiny", "model.gate=open")
    params = impose(open_gate, [CAUSES["1.1"].present]).init(jax.random.key(0))
    assert "gate" not in params

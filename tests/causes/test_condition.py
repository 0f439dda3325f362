"""Conditions add and drop interventions, and are equal where these are."""

from dataclasses import replace

import pytest

from pgat_jax.causes.condition import Condition
from pgat_jax.causes.intervention import Intervention
from pgat_jax.causes.scales import SMALL, resize

ONE, OTHER = (Intervention(name, "a claim", __name__) for name in ("one", "other"))


@pytest.fixture
def base(tiny):
    return Condition(resize(tiny, SMALL))


def test_interventions_are_added_and_dropped(base):
    both = base.plus(ONE, None, OTHER)
    assert both.without(ONE) == base.plus(OTHER)
    assert both.without(None, OTHER).name == f"tiny + {ONE.name}"
    assert replace(both, interventions=()) == base


def test_the_interventions_are_applied_in_their_order(base):
    def widen(config):
        return config.model_copy(update={"seed": 2 * config.seed + 1})

    edit = Intervention("edit", "a claim", __name__, edit_config=widen)
    model = base.plus(edit, edit).build()
    assert model.config.seed == 3 and model.interventions == (edit, edit)

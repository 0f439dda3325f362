"""A cause has up to two experiments: on the sound and on the faulty model."""

import pytest

from pgat_jax.causes.cause import LIST, Cause
from pgat_jax.causes.intervention import Intervention

PRESENT, STRONGER, REMEDY = (Intervention(name, "a claim", __name__) for name in "abc")


def cause(**interventions):
    return Cause("1.1", "title", LIST, "1.1", "Hypothesis.", "Prediction.", **interventions)


def test_the_stronger_form_is_imposed_where_there_is_one():
    assert cause(present=PRESENT).imposition is PRESENT
    assert cause(present=PRESENT, impose=STRONGER).imposition is STRONGER
    assert cause(remedy=REMEDY).imposition is None


@pytest.mark.parametrize(
    ("interventions", "is_removable"),
    [({"impose": STRONGER}, False), ({"present": PRESENT}, True), ({"remedy": REMEDY}, True)],
)
def test_what_is_present_or_has_a_remedy_can_be_removed(interventions, is_removable):
    assert cause(**interventions).is_removable is is_removable

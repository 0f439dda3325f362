"""All causes are found by their files and chosen by number or title."""

import pytest

from pgat_jax.causes.catalogue import choose_causes, load_causes
from pgat_jax.errors import UserError

LIST = "1.1 1.2 1.3 1.4 2.1 2.2 2.3 2.4 3.1 3.2 3.3 3.4 4.1 4.2 4.3 5.1 5.2 5.3 6.1 6.2 7.1 7.2"


def test_all_22_causes_and_the_claims_of_the_analysis_are_there():
    assert list(load_causes()) == [*LIST.split(), "R1", "R2", "R3", "R4", "R5"]


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        (["3.2"], ["3.2"]),
        (["sigmoid", "1.2"], ["1.2", "3.1"]),
        (["r5", "SATURATION"], None),
        ([], list(load_causes())),
    ],
)
def test_causes_are_chosen_by_number_or_part_of_the_title_once_each(words, numbers):
    if numbers is None:
        with pytest.raises(UserError, match="--only r5: no cause has this number or title"):
            choose_causes(words)
    else:
        assert [cause.number for cause in choose_causes(words)] == numbers

"""What fails of a leaf."""

import numpy as np

from checks.cures.failing_leaf import FailingLeaf

ARRAY = np.arange(6.0).reshape(2, 3)


def test_a_whole_leaf_selects_everything():
    assert FailingLeaf(0, "stuck").select(ARRAY) is ARRAY


def test_failing_slices_select_theirs_along_their_axis():
    failing = FailingLeaf(0, "stuck", view=2, indices=(0, 2))
    np.testing.assert_array_equal(failing.select(ARRAY), [[0.0, 2.0], [3.0, 5.0]])

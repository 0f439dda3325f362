"""Sets of leaves."""

from checks.program.bits import has_leaf, to_bits, unite


def test_a_set_has_the_leaves_that_it_was_made_of():
    bits = to_bits([0, 3, 3])
    assert [leaf for leaf in range(6) if has_leaf(bits, leaf)] == [0, 3]
    assert not to_bits([])


def test_a_union_has_the_leaves_of_all_sets():
    assert unite([to_bits([1]), to_bits([1, 2])]) == to_bits([1, 2])
    assert unite([]) == 0

"""Sets of leaves as bit sets. The module depends on nothing."""

from collections.abc import Iterable

# A set of leaves, or of other inputs of a program: bit i stands for the leaf with index i.
LeafBits = int


def to_bits(leaves: Iterable[int]) -> LeafBits:
    """Returns the set of these leaves: an integer in which bit i stands for the leaf i.

    Args:
        leaves: indices of leaves.
    """
    return unite(1 << leaf for leaf in leaves)


def has_leaf(bits: LeafBits, leaf: int) -> bool:
    """Returns whether a leaf is in the set.

    Args:
        bits: a set of leaves: an integer in which bit i stands for the leaf i.
        leaf: the index of a leaf.
    """
    return bool(bits >> leaf & 1)


def unite(sets: Iterable[LeafBits]) -> LeafBits:
    """Returns the union of sets; 0, the empty set, for none.

    Args:
        sets: sets of leaves: integers in which bit i stands for the leaf i.
    """
    union = 0
    for one in sets:
        union |= one
    return union

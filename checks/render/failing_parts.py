"""The failing verdict of a leaf and its sentences, for formats with one entry for each leaf."""

from checks.render.leaf_groups import cure_sentences
from checks.verdicts import HARMLESS_SLICES, PASSING, Leaf


def find_failing_verdict(leaf: Leaf) -> str:
    """Returns the verdict by which a leaf fails: its own, or that of its first failing slice.

    Args:
        leaf: a leaf that does not pass, or that passes only because the allow-list lets it.
    """
    of_slices = (part.verdict for part in leaf.slices if part.verdict not in HARMLESS_SLICES)
    return next(of_slices, leaf.verdict) if leaf.verdict in PASSING else leaf.verdict


def explain_failure(leaf: Leaf) -> list[str]:
    """Returns sentences: the evidence, each failing slice, each place and the cures.

    Args:
        leaf: a leaf that does not pass.
    """
    slices = [part for part in leaf.slices if part.verdict not in HARMLESS_SLICES]
    return [
        leaf.evidence,
        *(
            f"{len(part.index)} of {leaf.shape[part.axis]} slices along axis {part.axis}, the "
            f"first at {part.index[0]}: {part.verdict}: {part.evidence}"
            for part in slices
        ),
        *(f"at {place}" for place in leaf.where),
        *cure_sentences(leaf),
    ]


def format_title(leaf: Leaf) -> str:
    """Returns `name [2x3]: verdict`, with the verdict by which the leaf fails.

    Args:
        leaf: a leaf of a report.
    """
    shape = "x".join(map(str, leaf.shape)) or "scalar"
    return f"{leaf.name} [{shape}]: {find_failing_verdict(leaf)}"

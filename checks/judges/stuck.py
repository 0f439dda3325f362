"""What holds a stuck leaf: the equation that its gradient does not pass, and the zero in it."""

from collections.abc import Sequence

from checks.flow.taps import Tapped, tap
from checks.measure.survey import Survey
from checks.program.runner import Runner
from checks.proofs.dependence import Dependence
from checks.verdicts import Finding

# A cotangent below this share of what arrives is rounding.
_ENDED = 1e-14


def holders(
    runner: Runner, dependence: Dependence, survey: Survey, leaves: Sequence[int]
) -> dict[int, Finding]:
    """For each dead leaf a sentence on where its gradient ends, with the lines.

    The verdict of the finding is left empty: it is evidence for the one that the leaf has.
    """
    if not leaves:
        return {}
    point = survey.data[0].point
    tapped = tap(runner, dependence, leaves, point.leaves, point.args)
    found = {}
    for leaf in leaves:
        if at := ends(tapped, leaf):
            places = tuple(dict.fromkeys(t.place for t in at))
            found[leaf] = Finding("", _sentence(runner, at), places)
    return found


def ends(tapped: Sequence[Tapped], leaf: int) -> list[Tapped]:
    """The equations that a gradient arrives at and does not leave towards the leaf."""
    return [t for t in tapped if t.reaches(leaf) and t.size > 0 and t.factor(leaf) < _ENDED]


def zero_factors(tapped: Tapped) -> int:
    """What an operand that is zero is made of: a bit set of leaves."""
    made = 0
    for bits, is_zero in zip(tapped.seen.operands.value, tapped.is_zero):
        made |= bits if is_zero else 0
    return made


def _sentence(runner: Runner, at: Sequence[Tapped]) -> str:
    names = list(dict.fromkeys(name for t in at for name in _zero_leaves(runner, t)))
    primitives = ", ".join(dict.fromkeys(t.seen.site.equation.primitive.name for t in at))
    if names:
        return f"its gradient ends at {primitives}, where a factor is zero: {', '.join(names)}"
    if any(t.is_zero.any() for t in at):
        return f"its gradient ends at {primitives}, where a factor is zero"
    return f"its gradient ends at {primitives}, which is flat there"


def _zero_leaves(runner: Runner, tapped: Tapped) -> list[str]:
    """Leaves that are zero, among those that make an operand which is zero."""
    names = runner.program.params.names
    made = zero_factors(tapped)
    arrays = runner.program.params.learning
    return [n for i, n in enumerate(names) if made >> i & 1 and not bool(arrays[i].any())]

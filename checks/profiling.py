"""The call `profile`, which measures the gradient profile of one leaf of a loss."""

import difflib
from collections.abc import Callable
from typing import Any

from checks.flow.profiles import measure_profiles
from checks.program.runner import Runner, widen_array
from checks.program.trace import trace
from checks.proofs.proof import prove
from checks.reachability import find_proved
from checks.render.printable import PrintableProfile, make_printable

# Number of names that the error message proposes.
_NEAREST = 5


def profile(loss: Callable[..., Any], params: Any, *args: Any, leaf: str) -> PrintableProfile:
    """Measures where the gradient of one leaf is lost, equation by equation, in float64.

    Args:
        loss: called as `loss(params, *args)`; returns a real scalar, or a tuple of it and anything
            else.
        params: any pytree of arrays.
        *args: the loss's further arguments, pytrees likewise.
        leaf: name of the leaf, as in a report: path parts joined by `/`.

    Returns:
        The size of the cotangent at each equation from the loss back to the leaf; the profile
        prints itself as text and writes itself as JSON and HTML.

    Raises:
        NotALoss: the loss cannot be traced.
        KeyError: there is no such leaf.
        ValueError: the leaf is disconnected or blocked, so it has no gradient.
    """
    program = trace(loss, params, args)
    names = program.params.names
    if leaf not in names:
        near = difflib.get_close_matches(leaf, names, _NEAREST, 0.0)
        raise KeyError(f"no leaf is called {leaf!r}; the nearest names: {', '.join(near)}")
    proof, at = prove(program), names.index(leaf)
    if at not in proof.reachable:
        finding = find_proved(proof)[at]
        raise ValueError(
            f"a profile needs a path with a derivative: {leaf!r} is {finding.verdict} "
            f"({finding.evidence}); see reach(loss, params, ...)"
        )
    point = [widen_array(x) for x in program.params.learning]
    runner = Runner(program, [at])
    (found,) = measure_profiles(runner, proof.dependence, [at], point, program.args)
    return make_printable(found)

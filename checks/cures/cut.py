"""Edits of equations that end a tangent: blocked leaves, and leaves behind a wrong rule."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import jax
from jax import lax

from checks.cures.edits import Edit, Spot, Ward, bits_of, spots
from checks.cures.loop import scanned
from checks.cures.subject import Subject
from checks.cures.surrogate import ROUNDING, SURROGATES, StraightThrough
from checks.cures.vitals import Patient
from checks.program import jaxprs
from checks.program.interpret import Interpreter
from checks.program.places import find_place, is_jax_rule
from checks.program.sites import Feeds, Run, Site, SitePath
from checks.proofs.cuts import Cut, find_cuts
from checks.proofs.dependence import Dependence, Flow

_MOST_IN_SERIES = 3
_MOST_GROUPS = 8  # each is a static analysis or two
_ESTIMATE = "take a straight-through estimate"
_VERBS = {"stop_gradient": "drop the stop"}
_FLOAT_CUTS = ROUNDING | set(_VERBS)


def blocking_edits(ward: Ward) -> Iterable[Edit]:
    """For each line that cuts: drop the stop, or give its result a surrogate derivative."""
    blocked = bits_of(ward.ill_with("blocked"))
    if not blocked:
        return
    subject = ward.subject
    cuts = find_cuts(subject.dependence, subject.program.jaxpr, blocked)
    for equation, spot in spots([(cut.site, cut.leaves) for cut in cuts], ward):
        name = equation.primitive.name
        if name == "stop_gradient":
            yield spot.edit(_VERBS[name], lambda _, operands: operands)
            yield _let_pass(ward, spot)
        elif name in SURROGATES:
            yield _straight_through(spot)
        elif name in jaxprs.CUSTOM_RULES:
            yield spot.edit("take JAX's own derivative", own_derivative)
        elif name == "while":
            yield scanned(ward, spot)


def series_edits(ward: Ward) -> Iterable[Edit]:
    """For leaves behind several float cuts in a row: an estimate at each of them."""
    groups: dict[tuple[str, ...], list[Patient]] = {}
    for patient in ward.ill_with("blocked"):
        groups.setdefault(patient.where, []).append(patient)
    for patients in list(groups.values())[:_MOST_GROUPS]:
        cuts = _in_series(ward, patients[0].leaf)
        if len(cuts) > 1 and all(cut.primitive in _FLOAT_CUTS for cut in cuts):
            edits = [f"{_VERBS.get(cut.primitive, _ESTIMATE)} at {cut.place}" for cut in cuts]
            estimate = StraightThrough({cut.site.path for cut in cuts})
            leaves = tuple(patient.leaf for patient in patients)
            text = " and ".join(dict.fromkeys(edits))
            rewritten = partial(Subject.rewritten, interpreter=estimate)
            yield Edit("equation", text, leaves, rewritten, is_last=True)


def _in_series(ward: Ward, leaf: int) -> list[Cut]:
    """The cuts of a leaf, those found when they are opened, and so on until the loss is reached."""
    cuts: list[Cut] = []
    jaxpr = ward.subject.program.jaxpr
    for _ in range(_MOST_IN_SERIES):
        opened = _Opened(cuts)
        if opened.jaxpr(jaxpr).tangent[0] >> leaf & 1:
            break
        cuts += [cut for cut in find_cuts(opened, jaxpr, 1 << leaf) if cut not in cuts]
    return cuts


class _Opened(Dependence):
    """Flows as if some cuts let tangents pass."""

    def __init__(self, cuts: Sequence[Cut]) -> None:
        super().__init__()
        self._cuts = [cut.site.equation for cut in cuts]

    def equation(self, equation: Any) -> Flow:
        """Flow of an equation; of a cut, its tangents go where its values go."""
        flow = super().equation(equation)
        is_opened = any(equation is cut for cut in self._cuts)
        return flow._replace(tangent=flow.value) if is_opened else flow


def rule_edits(ward: Ward) -> Iterable[Edit]:
    """For rules that are wrong, or answer zero by value: JAX's own derivative of the function."""
    patients = ward.ill_with("wrong", "blocked")
    named = {where for patient in patients for where in patient.where}
    calls = [
        (seen.site, seen.arriving & bits_of(patients))
        for seen in ward.seen()
        if seen.site.equation.primitive.name in jaxprs.CUSTOM_RULES
        and not is_jax_rule(seen.site.equation)
        and find_place(seen.site.equation, seen.site.enclosing) in named
    ]
    for _, spot in spots(calls, ward):
        yield spot.edit("take JAX's own derivative", own_derivative)


def own_derivative(equation: Any, operands: list[Any]) -> list[Any]:
    """The function of a custom rule under a rule of JAX's own, which can be compared again."""

    def plain(*given: Any) -> list[Any]:
        return Interpreter().run(jaxprs.get_custom_body(equation), given)[0]

    function = jax.custom_jvp(plain)
    function.defjvp(lambda primals, tangents: jax.jvp(plain, primals, tangents))
    results: Any = function(*operands)
    return list(results)


def _straight_through(spot: Spot) -> Edit:
    text = f"{_ESTIMATE} at {spot.place}"
    return Edit(
        "equation",
        text,
        spot.leaves,
        lambda subject: subject.rewritten(StraightThrough(spot.paths)),
    )


def _let_pass(ward: Ward, spot: Spot) -> Edit:
    text = f"let the gradient of {ward.names(spot.leaves)} alone pass at {spot.place}"
    count = ward.subject.program.leaf_count
    interpreter = _LetPass(spot.paths, spot.leaves, count)
    return Edit("equation", text, spot.leaves, lambda subject: subject.rewritten(interpreter), True)


class _Recorder(Interpreter):
    """Keeps the operands of some equations."""

    def __init__(self, paths: set[SitePath]) -> None:
        self._paths = paths
        self.kept: dict[SitePath, list[Any]] = {}

    def compute(self, site: Site, operands: list[Any], feed: Any) -> list[Any]:
        """The equation as it is."""
        if site.path in self._paths:
            self.kept[site.path] = operands
        return super().compute(site, operands, feed)


class _LetPass(Interpreter):
    """Runs a jaxpr whose stops hold all leaves but the given ones.

    The operands are computed a second time with the other leaves held, which cannot be done for
    an equation inside of control flow: there tracing raises.
    """

    def __init__(self, paths: set[SitePath], leaves: Sequence[int], count: int) -> None:
        self._paths, self._leaves, self._count = paths, leaves, count
        self._given: dict[SitePath, list[Any]] = {}

    def run(self, closed: Any, operands: Sequence[Any], feeds: Feeds | None = None) -> Run:
        """Once with the other leaves held, then as it is."""
        recorder = _Recorder(self._paths)
        held = set(range(self._count)) - set(self._leaves)
        recorder.run(
            closed, [lax.stop_gradient(x) if i in held else x for i, x in enumerate(operands)]
        )
        self._given = recorder.kept
        return super().run(closed, operands, feeds)

    def compute(self, site: Site, operands: list[Any], feed: Any) -> list[Any]:
        """A stop with the tangent of what was recorded."""
        results = super().compute(site, operands, feed)
        if site.path in self._paths:
            (given,) = self._given[site.path]
            return [results[0] + (given - lax.stop_gradient(given))]
        return results

"""Finds the terms of a loss, measures them and judges them.

The module depends on `checks/program`, `checks/proofs` and `checks/measure`.
"""

from collections.abc import Sequence

import numpy as np

from checks.measure.points import Point, Sampler
from checks.program.bits import to_bits
from checks.program.runner import Runner
from checks.progress import Say
from checks.proofs.proof import Proof
from checks.terms.judgement import Judgement, TermJudge
from checks.terms.measurement import TermMeter
from checks.terms.parts import Part, unite_summands
from checks.terms.summands import find_summands
from checks.terms.term import CANCELS, DEAD, Term

# Each term costs one run of the gradient; a loss with more terms than this is not measured.
MOST_TERMS = 24
# Depth at which the search for more than one subtree ends.
_DEEPEST = 4
# How a failing state is said in a sentence.
_VERBS = {DEAD: "is dead", CANCELS: "cancels another"}


def find_terms(
    runner: Runner, proof: Proof, data: Point, seed: int, say: Say
) -> tuple[tuple[Term, ...], list[str]]:
    """Finds the terms of a loss, and which of them are dead, cancel or outweigh others.

    A loss with one term costs a walk through its program; nothing is measured.

    Args:
        runner: runs the program.
        proof: what was proved of it.
        data: the parameters and the caller's data.
        seed: the seed of the other points.
        say: called as `say(stage)` with the name of each stage when it begins.

    Returns:
        The terms in the order of the program, none for a loss with one term; and notes about what
        was not measured.
    """
    try:
        parts = unite_summands(find_summands(runner.program, proof.dependence))
        if len(parts) < 2 or not runner.watched:
            return (), []
        if len(parts) > MOST_TERMS:
            return (), [f"the loss has {len(parts)} terms; more than {MOST_TERMS} are not measured"]
        say(f"{len(parts)} terms of the loss")
        sampler = Sampler(runner.program, proof.dependence, seed)
        others = [sampler.draw_near(0.3, redraw=False), sampler.draw_parameters(1.0, redraw=False)]
        judge = TermJudge(TermMeter(runner, parts), parts, [data, *others], to_bits(runner.watched))
        return _make_terms(runner, parts, judge), []
    except Exception as error:  # no verdict rests on the terms, so a diagnosis goes on without them
        return (), [f"the terms of the loss were not found ({type(error).__name__}: {error})"]


def describe_failures(terms: Sequence[Term]) -> list[str]:
    """Returns a sentence for each failing term; one for two that cancel each other.

    Args:
        terms: the terms of a loss, marked where the allow-list lets them pass.
    """
    failing = [term for term in terms if not term.passes]
    first = [
        term
        for i, term in enumerate(failing)
        if not any(before.name in term.partners for before in failing[:i])
    ]
    return [
        f"the term {term.name} of the loss {_VERBS[term.state]}: {term.evidence}; mend it, "
        f"remove it, or allow it by the entry ({term.name}, {term.state}, reason)"
        for term in first
    ]


def _make_terms(runner: Runner, parts: Sequence[Part], judge: TermJudge) -> tuple[Term, ...]:
    subtrees = _find_subtrees([runner.program.params.names[i] for i in runner.watched])
    total = sum(one.norm for one in judge.single if np.isfinite(one.norm))
    terms = []
    for part, one, value, found in zip(parts, judge.single, judge.values, judge.judge()):
        norms = {
            name: float(np.linalg.norm(one.norms[positions]))
            for name, positions in subtrees.items()
        }
        share = one.norm / total if total > 0 else 0.0
        terms.append(_make_term(part, found, value, one.norm, share, norms, parts))
    return tuple(terms)


def _make_term(
    part: Part,
    found: Judgement,
    value: float,
    gradient: float,
    share: float,
    subtrees: dict[str, float],
    parts: Sequence[Part],
) -> Term:
    return Term(
        name=part.name,
        where=part.where,
        code=part.code,
        summands=len(part.summands),
        state=found.state,
        evidence=found.evidence,
        value=value,
        gradient=gradient,
        share=share,
        subtrees=subtrees,
        partners=tuple(parts[k].name for k in found.partners),
    )


def _find_subtrees(names: Sequence[str]) -> dict[str, list[int]]:
    """Returns subtree -> positions of its names, at the first depth with more than one subtree."""
    groups: dict[str, list[int]] = {}
    for depth in range(1, _DEEPEST + 1):
        groups = {}
        for i, name in enumerate(names):
            groups.setdefault("/".join(name.split("/")[:depth]), []).append(i)
        if len(groups) > 1:
            return groups
    return groups

"""The whole diagnosis of a loss: proofs first, then measurement, then one verdict a leaf."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp

from checks.allow import Allow, allow_terms, apply_allow_list
from checks.cures.diagnosed_loss import DiagnosedLoss
from checks.cures.trials import find_cures
from checks.evidence import Evidence, gather_evidence
from checks.flow.at_point import FlowAtPoint
from checks.judges import collect_findings
from checks.judges.non_finite import find_problems
from checks.measure.batches import read_batches
from checks.measure.optimizer_trial import try_optimizer
from checks.measure.points import Sampler, root_mean_square
from checks.measure.purity import check_purity
from checks.program.leaves import partition
from checks.program.runner import Runner
from checks.program.trace import NotALoss, trace
from checks.progress import Say, progress
from checks.proofs.proof import Proof, check_at_data, prove
from checks.render.printable import PrintableReport
from checks.terms.find import describe_failures, find_terms
from checks.verdicts import Leaf, make_leaf


def diagnose(
    loss: Callable[..., Any],
    params: Any,
    *args: Any,
    optimizer: Any = None,
    compute_dtype: Any = None,
    batches: Sequence[tuple[Any, ...]] = (),
    allow: Sequence[Allow | tuple[str, str, str]] = (),
    seed: int = 0,
    cures: bool = True,
) -> PrintableReport:
    """Finds a verdict with its evidence for every leaf and for slices that differ, and cures.

    A leaf is one array of `params`; its verdict says whether it can learn. A cure is a tried edit
    that makes a failing leaf pass.

    Args:
        loss: `loss(params, *args)` -> real scalar, or a tuple of it and anything else.
        params: any pytree with values: Flax, Equinox, NNX state, plain containers. Its floating
            and complex leaves get verdicts; others are listed as skipped.
        *args: the loss's further arguments, pytrees likewise.
        optimizer: an optax transformation; by default Adam with rate 1e-3.
        compute_dtype: dtype that float leaves of `params` and `args` are cast to before the loss;
            None casts none.
        batches: more data, as tuples of arguments like `args`: the same shapes and settings.
        allow: entries (name pattern, verdict, reason) for leaves, or terms of the loss, that may
            fail.
        seed: the seed of the drawn points.
        cures: True tries edits on failing leaves, which takes longer than the verdicts do; False
            tries none.

    Returns:
        The report, which prints and writes itself as text, JSON and HTML.

    Raises:
        NotALoss: the loss cannot be traced, differs from call to call, has no parameters, has no
            gradient that JAX can trace, or gives no real scalar.
        ValueError: an allow-list entry names no failing verdict or gives no reason, a batch has
            other shapes than `args`, or the optimiser cannot take a step.
    """
    say = progress()
    say("tracing")
    program = trace(loss if compute_dtype is None else _cast(loss, compute_dtype), params, args)
    if optimizer is not None:
        try_optimizer(optimizer, program.params)
    proof = prove(program)
    if proof.failure:
        raise NotALoss(f"a loss must have a gradient that JAX can trace: got {proof.failure}")
    sampler = Sampler(proof.differentiable_program, proof.dependence, seed)
    with jax.debug_nans(False), jax.debug_infs(False):  # they raise at what is to be reported
        proof = check_at_data(proof)
        evidence = measure(proof, sampler, batches, optimizer, say)
        leaves, problems = judge(evidence, allow, say)
        if cures:
            leaves = cure(evidence, sampler, leaves, say)
        found = report(evidence, leaves, problems, say)
        return add_terms(found, evidence, allow, seed, say)


def measure(
    proof: Proof,
    sampler: Sampler,
    batches: Sequence[tuple[Any, ...]],
    optimizer: Any,
    say: Say,
) -> Evidence:
    """Compiles a proved program and measures it at the caller's data and at drawn points.

    Args:
        proof: what was proved of the program.
        sampler: draws the points.
        batches: tuples of arguments for further batches, of the shapes of the program's own.
        optimizer: an optax transformation; None for the default one.
        say: called as `say(stage)` with the name of each stage when it begins.
    """
    program = proof.differentiable_program
    runner = Runner(program, proof.reachable)
    check_purity(runner, sampler.keep_parameters(program.args))
    datasets = read_batches(program, batches)
    return gather_evidence(proof, runner, sampler, datasets, optimizer, say)


def judge(
    evidence: Evidence, allow: Sequence[Allow | tuple[str, str, str]], say: Say
) -> tuple[list[Leaf], list[str]]:
    """Asks every judge and takes for each leaf the first verdict in the order of precedence.

    Args:
        evidence: what was proved and measured.
        allow: entries (name pattern, verdict, reason) for leaves that may fail.
        say: called as `say(stage)` with the name of each stage when it begins.

    Returns:
        The leaves, marked where the allow-list lets them pass; and a sentence for each proof that
        a gradient contradicts, for each batch on which the loss is not finite and for each entry
        that matches no failing leaf.
    """
    params, slopes = evidence.program.params, evidence.survey.data[0].wide.leaves
    leaves = []
    for i, findings in enumerate(collect_findings(evidence, say)):
        gradient = None if (slope := slopes[i]) is None else root_mean_square(slope)
        movement = evidence.training.movement[i]
        leaves.append(make_leaf(params.names[i], params.learning[i], findings, gradient, movement))
    leaves, unused = apply_allow_list(leaves, allow)
    return leaves, [*evidence.proof.problems, *find_problems(evidence), *unused]


def cure(evidence: Evidence, sampler: Sampler, leaves: list[Leaf], say: Say) -> list[Leaf]:
    """Tries edits on the failing leaves; the sampler draws on from where the measurements ended.

    Args:
        evidence: what was proved and measured.
        sampler: the sampler of the measurements.
        leaves: the leaves with their verdicts.
        say: called as `say(stage)` with the name of each stage when it begins.

    Returns:
        The leaves; each failing one has its cures and the number of edits tried.
    """
    points = tuple(m.point for m in evidence.survey.data)
    dependence = evidence.proof.dependence
    subject = DiagnosedLoss(evidence.runner, dependence, points, sampler, evidence.chain)
    return find_cures(subject, leaves, say)


def report(
    evidence: Evidence, leaves: list[Leaf], problems: list[str], say: Say
) -> PrintableReport:
    """Makes a report of the results; the gradient flow is measured at its first use.

    Args:
        evidence: what was proved and measured.
        leaves: the leaves with their verdicts and cures.
        problems: sentences about what fails the whole report.
        say: called as `say(stage)` with the name of each stage when it begins.
    """
    at_point = FlowAtPoint(evidence.runner, evidence.proof, evidence.survey.data[0].point, say)
    return PrintableReport(
        leaves=tuple(leaves),
        skipped=evidence.program.params.skipped,
        problems=tuple(problems),
        notes=(*evidence.proof.dependence.notes, *evidence.rule_errors.notes),
        find_flow=at_point.flow,
        find_profiles=at_point.profiles,
    )


def add_terms(
    found: PrintableReport,
    evidence: Evidence,
    allow: Sequence[Allow | tuple[str, str, str]],
    seed: int,
    say: Say,
) -> PrintableReport:
    """Finds the terms of the loss, and returns the report with them and with those that fail.

    Args:
        found: the report of the leaves.
        evidence: what was proved and measured.
        allow: entries (pattern, state, reason) for terms that may fail; others are ignored.
        seed: the seed of the points at which terms are measured.
        say: called as `say(stage)` with the name of each stage when it begins.
    """
    data = evidence.survey.data[0].point
    measured, notes = find_terms(evidence.runner, evidence.proof, data, seed, say)
    terms, unused = allow_terms(measured, allow)
    problems = (*found.problems, *describe_failures(terms), *unused)
    return replace(found, terms=tuple(terms), problems=problems, notes=(*found.notes, *notes))


def _is_real(array: Any) -> bool:
    return jnp.issubdtype(array.dtype, jnp.floating)


def _cast(loss: Callable[..., Any], dtype: Any) -> Callable[..., Any]:
    """Returns the loss with all float leaves cast to `dtype` first."""

    def cast(tree: Any) -> Any:
        parts = partition(tree)
        floats = [x.astype(dtype) if _is_real(x) else x for x in parts.learning]
        return parts.build(floats, parts.fixed)

    return lambda params, *args: loss(cast(params), *cast(args))

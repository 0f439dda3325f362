"""The whole diagnosis of a loss: proofs first, then measurement, then one verdict a leaf."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from checks.allow import Allow, apply_allow_list
from checks.cures.diagnosed_loss import DiagnosedLoss
from checks.cures.trials import find_cures
from checks.flow.ways import Ways
from checks.judges.alive import Optimisation, vanishing
from checks.judges.dead import Context, judged
from checks.judges.finite import non_finite
from checks.judges.rules import wrong
from checks.judges.stuck import holders
from checks.measure.points import Point, Sampler, root_mean_square
from checks.measure.readings import narrow
from checks.measure.simulate import Chain, Training, default_optimizer, train
from checks.measure.survey import Survey, survey
from checks.measure.wake import Wakes
from checks.program import jaxprs
from checks.program.leaves import Partition, partition
from checks.program.runner import Runner
from checks.program.trace import NotALoss, Program, make_impure_error, trace
from checks.progress import Say, progress
from checks.proofs.cuts import find_cuts
from checks.proofs.dependence import Dependence
from checks.proofs.derivatives import hold
from checks.reach import Static, analyse, make_leaf
from checks.report import Report
from checks.verdicts import Finding, Leaf, Slice, first_of

# Verdicts whose evidence says where the gradient ends.
_HELD = frozenset({"stuck", "unvisited", "waking"})


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
) -> Report:
    """A verdict with its evidence for every leaf, for slices of it that differ, and cures.

    Args:
        loss: `loss(params, *args)` -> real scalar, or a tuple of it and anything else.
        params: any pytree: Flax, Equinox, NNX state, plain containers.
        *args: the loss's further arguments.
        optimizer: an optax transformation; by default Adam with rate 1e-3.
        compute_dtype: type that float leaves of `params` and `args` are cast to before the loss.
        batches: more data, as tuples of arguments like `args`: the same shapes and settings.
        allow: entries (name pattern, verdict, reason) that may fail.
        seed: for the points that are drawn.
        cures: whether to try edits on failing leaves, which takes longer than the verdicts do.

    Raises:
        NotALoss: the loss cannot be traced, differs from call to call, has no parameters, or
            gives no real scalar.
        ValueError: an allow-list entry names no failing verdict or gives no reason.
    """
    say = progress()
    if compute_dtype is not None:
        loss = _cast_before(loss, compute_dtype)
    say("tracing")
    program = trace(loss, params, args)
    static = analyse(program)
    if static.underivable:
        program = replace(program, jaxpr=hold(program.jaxpr, static.underivable))
    with jax.debug_nans(False), jax.debug_infs(False):  # they raise at what is to be reported
        leaves, problems, subject = _measured(program, static, batches, optimizer, seed, say)
        leaves, unused = apply_allow_list(leaves, allow)
        if cures:
            leaves = find_cures(subject, leaves, say)
    ways = Ways(subject.runner, static, subject.points[0], say)
    return Report(
        leaves=tuple(leaves),
        skipped=program.params.skipped,
        problems=(*problems, *unused),
        notes=tuple(static.dependence.notes),
        find_flow=ways.flow,
        find_profiles=ways.profiles,
    )


def _measured(
    program: Program,
    static: Static,
    batches: Sequence[tuple[Any, ...]],
    optimizer: Any,
    seed: int,
    say: Say,
) -> tuple[list[Leaf], list[str], DiagnosedLoss]:
    """Leaves with their verdicts, what fails as a whole, and what edits can be tried on."""
    watched = [i for i, f in enumerate(static.findings) if f.verdict == "reachable"]
    runner = Runner(program, watched)
    sampler = Sampler(program, static.dependence, seed)
    _run_twice(runner, sampler.data(program.args))
    found = survey(runner, sampler, static.dependence, _datasets(program, batches), say)
    findings: list[list[Finding]] = [
        [] if f.verdict == "reachable" else [f] for f in static.findings
    ]
    say("training steps")
    chain = Chain(optimizer or default_optimizer(found.data[0].wide.leaves), program.params)
    training, state = train(runner, chain, found.data)
    bad = non_finite(runner, found, training)
    context = Context(runner, sampler, found, Wakes(runner, sampler, found, training))
    slices = _judge_dead(context, [i for i in watched if i not in bad.findings], findings)
    _say_what_cuts(static.dependence, program, findings, slices)
    for i, finding in bad.findings.items():
        findings[i].append(finding)
    say("custom rules")
    for i, more in wrong(runner, static.dependence, found).items():
        findings[i] += more
    alive = [i for i in watched if any(f.verdict == "alive" for f in findings[i])]
    alive = [i for i in alive if program.params.learning[i].size]
    say("optimiser")
    optimisation = Optimisation(runner, found, chain, training, state)
    for more in (
        vanishing(found, alive),
        optimisation.lost_in_rounding(alive),
        optimisation.unmoved(alive),
    ):
        for i, finding in more.items():
            findings[i].append(finding)
    _say_what_holds(runner, static.dependence, found, findings)
    subject = DiagnosedLoss(
        runner, static.dependence, tuple(m.point for m in found.data), sampler, chain
    )
    return _leaves(program, findings, slices, found, training), bad.problems, subject


def _run_twice(runner: Runner, point: Point) -> None:
    """A callback may raise, or answer differently each time; nothing else in a program may."""
    if not jaxprs.CALLBACKS & jaxprs.collect_primitives(runner.program.jaxpr):
        return
    try:
        one, two = (runner.compute_written(*narrow(runner, point)).loss for _ in range(2))
    except jax.errors.JaxRuntimeError as error:
        last = str(error).strip().splitlines()[-1]
        raise NotALoss(f"a loss must not raise: got {last} in a callback") from error
    if one != two and not (np.isnan(one) and np.isnan(two)):
        raise make_impure_error(f"{one} and {two} from two runs at the same point")


def _say_what_holds(
    runner: Runner, dependence: Dependence, found: Survey, findings: list[list[Finding]]
) -> None:
    """Adds to the evidence of stuck and unvisited leaves where their gradient ends."""
    ended = [i for i in runner.watched if first_of(findings[i])[0].verdict in _HELD]
    for i, held in holders(runner, dependence, found, ended).items():
        first, others = first_of(findings[i])
        text = f"{first.evidence}; {held.evidence}"
        findings[i] = [replace(first, evidence=text, where=held.where), *others]


def _say_what_cuts(
    dependence: Dependence,
    program: Program,
    findings: list[list[Finding]],
    slices: dict[int, list[Slice]],
) -> None:
    """Names the cuts on the other ways of leaves, or slices, whose own way leads nowhere."""
    for i, own in enumerate(findings):
        verdicts = {own[0].verdict if own else "", *(part.verdict for part in slices.get(i, []))}
        if "blocked" in verdicts and not own[0].where:
            cuts = find_cuts(dependence, program.jaxpr, 1 << i)
            own[0] = replace(own[0], where=tuple(dict.fromkeys(cut.place for cut in cuts)))


def _judge_dead(
    context: Context, watched: Sequence[int], findings: list[list[Finding]]
) -> dict[int, list[Slice]]:
    slices = {}
    for i in watched:
        fate = context.survey.fates[i]
        if context.runner.program.params.learning[i].size == 0:
            findings[i].append(Finding("alive", "it has no elements"))
        elif fate is not None:
            verdict, evidence, slices[i] = judged(context, i, fate)
            findings[i].append(Finding(verdict, evidence))
    return slices


def _leaves(
    program: Program,
    findings: list[list[Finding]],
    slices: dict[int, list[Slice]],
    found: Survey,
    training: Training,
) -> list[Leaf]:
    leaves = []
    for i, (name, array) in enumerate(zip(program.params.names, program.params.learning)):
        first, others = first_of(findings[i])
        slope = found.data[0].wide.leaves[i]
        leaves.append(
            replace(
                make_leaf(name, array, first),
                slices=slices.get(i, []),
                also=[f for f in others if f.verdict != "alive"],
                gradient=None if slope is None else root_mean_square(slope),
                movement=training.movement[i],
            )
        )
    return leaves


def _datasets(program: Program, batches: Sequence[tuple[Any, ...]]) -> list[Partition]:
    datasets = [program.args]
    for number, batch in enumerate(batches):
        parts = partition(tuple(batch))
        if _shapes(parts) != _shapes(program.args):
            raise ValueError(
                "every batch has the shapes and the Python numbers of the first: got other ones "
                f"in batches[{number}]; diagnose it in a call of its own"
            )
        datasets.append(parts)
    return datasets


def _shapes(parts: Partition) -> list[Any]:
    settings = [x for x in parts.static if isinstance(x, bool | int | str)]
    return [*((x.shape, str(x.dtype)) for x in (*parts.learning, *parts.fixed)), *settings]


def _is_real(array: Any) -> bool:
    return jnp.issubdtype(array.dtype, jnp.floating)


def _cast_before(loss: Callable[..., Any], dtype: Any) -> Callable[..., Any]:
    """The loss on float leaves cast to `dtype`."""

    def cast(tree: Any) -> Any:
        parts = partition(tree)
        floats = [x.astype(dtype) if _is_real(x) else x for x in parts.learning]
        return parts.build(floats, parts.fixed)

    return lambda params, *args: loss(cast(params), *cast(args))

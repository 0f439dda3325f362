"""Diagnosed losses with failing leaves, made without a diagnosis."""

from typing import Any

import optax

from checks.cures.diagnosed_loss import DiagnosedLoss
from checks.cures.edits import Edit
from checks.cures.failing_leaf import FailingLeaf
from checks.cures.failures import Failures
from checks.cures.trials import find_cures
from checks.measure.chain import Chain
from checks.measure.points import Sampler
from checks.program.runner import Runner
from checks.program.trace import trace
from checks.proofs.proof import prove
from checks.verdicts import Leaf


def make_loss(loss: Any, params: Any, *args: Any, optimizer: Any = None) -> DiagnosedLoss:
    """Returns a loss as `diagnose` hands it to the cures; by default with plain descent."""
    program = trace(loss, params, args)
    proof = prove(program)
    sampler = Sampler(program, proof.dependence, 0)
    chain = Chain(optimizer or optax.sgd(1e-2), program.params)
    points = (sampler.keep_parameters(program.args),)
    runner = Runner(program, proof.reachable)
    return DiagnosedLoss(runner, proof.dependence, points, sampler, chain)


def make_failures(loss: DiagnosedLoss, **failing: str | FailingLeaf) -> Failures:
    """Returns the failures of a loss: name of a leaf -> its verdict, or what fails of it."""
    names = loss.program.params.names
    leaves = {}
    for name, one in failing.items():
        leaf = names.index(name)
        leaves[leaf] = FailingLeaf(leaf, one) if isinstance(one, str) else one
    return Failures(loss, dict(sorted(leaves.items())))


def find_all_cures(diagnosed: DiagnosedLoss, **verdicts: str) -> dict[str, Leaf]:
    """Returns the leaves with their cures: name of a failing leaf -> its verdict."""
    params = diagnosed.program.params
    leaves = [
        Leaf(name, array.shape, str(array.dtype), verdicts.get(name, "alive"), "")
        for name, array in zip(params.names, params.learning)
    ]
    return {leaf.name: leaf for leaf in find_cures(diagnosed, leaves, lambda stage: None)}


def find_edit(edits: Any, words: str) -> Edit:
    """Returns the one edit whose text has these words."""
    edits = list(edits)
    found = [edit for edit in edits if words in edit.text]
    assert len(found) == 1, [edit.text for edit in edits]
    return found[0]


def gradient_after(failures: Failures, edit: Edit, name: str) -> Any:
    """Returns the float64 gradient of a leaf after an edit, at the user's data."""
    loss = edit.apply(failures.loss)
    point = loss.points[0]
    gradient = loss.runner.compute_wide(point.leaves, point.args)
    return gradient.leaves[loss.program.params.names.index(name)]

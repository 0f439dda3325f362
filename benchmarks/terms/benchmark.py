"""Runs the search for terms on every composite loss and on its twin, and counts what it finds."""

from dataclasses import dataclass, field

from benchmarks.faults.registry import Example
from benchmarks.terms.registry import CompositeLoss
from checks.measure.points import Sampler
from checks.program.runner import Runner
from checks.program.trace import trace
from checks.proofs.proof import prove
from checks.terms.find import find_terms
from checks.terms.term import ALIVE, FROZEN, IDLE, OFF, OFFSET, Term

# What may be said of the terms of a sound loss.
_SOUND = frozenset({ALIVE, FROZEN, IDLE, OFF, OFFSET})


@dataclass
class TermScore:
    """Counts over composite losses.

    Attributes:
        expected: Number of faulty losses.
        found: Number of faulty losses of which every faulty term got its state, and no other term
            is flagged.
        sound: Number of sound losses.
        misses: A sentence for each faulty loss that was not found.
        alarms: A sentence for each sound loss with a flagged term.
    """

    expected: int = 0
    found: int = 0
    sound: int = 0
    misses: list[str] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)

    def add(self, loss: CompositeLoss) -> None:
        """Runs the search on both forms of a loss, and adds the counts to this score.

        Args:
            loss: The composite loss.
        """
        if loss.state:
            self.expected += 1
            terms, notes = search(loss.make(True))
            flagged = {t.name for t in terms if t.state == loss.state or t.state not in _SOUND}
            wanted = [t for t in terms if _is_marked(loss, t)]
            count = len(loss.keys) or len(loss.lines())
            is_found = len(wanted) == count and flagged == {t.name for t in wanted}
            if is_found and all(t.state == loss.state for t in wanted):
                self.found += 1
            else:
                said = ", ".join(f"{t.name} {t.state}" for t in terms) or "; ".join(notes)
                self.misses.append(f"{loss.name}: {said or 'one term'}")
        self.sound += 1
        terms, notes = search(loss.make(False))
        wrong = [f"{t.name} {t.state}" for t in terms if t.state not in _SOUND] + notes
        if wrong:
            self.alarms.append(f"{loss.name} (twin): {', '.join(wrong)}")

    def table(self) -> str:
        """Returns the counts, and a line for each miss and each alarm."""
        lines = [
            f"faulty terms found   {self.found} of {self.expected}",
            f"sound losses flagged {len(self.alarms)} of {self.sound}",
        ]
        return "\n".join([*lines, *self.misses, *self.alarms])


def search(example: Example) -> tuple[tuple[Term, ...], list[str]]:
    """Finds the terms of a loss without a diagnosis of its leaves.

    Args:
        example: The loss with its parameters and arguments.

    Returns:
        The terms and the notes, as `checks.terms.find.find_terms` returns them.
    """
    proof = prove(trace(example.loss, example.params, example.args))
    program = proof.differentiable_program
    data = Sampler(program, proof.dependence, 0).keep_parameters(program.args)
    runner = Runner(program, proof.reachable)
    return find_terms(runner, proof, data, 0, lambda stage: None)


def _is_marked(loss: CompositeLoss, term: Term) -> bool:
    if loss.keys:
        return term.name in loss.keys
    return any(place.endswith(f"/{line}") for place in term.where[:1] for line in loss.lines())

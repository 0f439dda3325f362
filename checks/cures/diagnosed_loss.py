"""The loss that was diagnosed, in a form that can be edited and measured again.

An edited program is a new jaxpr, traced by running the old one through an interpreter that changes
single equations, so the user's lines stay in it. Parameters and optimisers are replaced. Each edit
makes a copy; the original stays as it is. The module depends on `checks/program`, `checks/proofs`
and `checks/measure`.
"""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import jax
import numpy as np

from checks.measure.chain import Chain
from checks.measure.points import Point, Sampler
from checks.measure.readings import Measurement, measure_point
from checks.measure.survey import Survey
from checks.measure.training import STEPS, Training, train
from checks.program import jaxprs
from checks.program.interpret import Interpreter
from checks.program.runner import Runner, widen_args, widen_array
from checks.program.trace import Program
from checks.proofs.dependence import Dependence
from checks.proofs.proof import prove


@dataclass(frozen=True)
class DiagnosedLoss:
    """A traced loss with its parameters, data and optimiser. Measurements are made at first use.

    Attributes:
        runner: the compiled program.
        dependence: what depends on what in the program, by value and by tangent.
        points: the parameters at each batch of the user's data.
        sampler: makes other points near these.
        chain: the optimiser.
        wide: True if the program is one of float64, to be run under `jax.enable_x64(True)`; False
            if it has the user's types.
    """

    runner: Runner
    dependence: Dependence
    points: tuple[Point, ...]
    sampler: Sampler
    chain: Chain
    wide: bool = False

    def enter_precision(self) -> AbstractContextManager[Any]:
        """Returns the context in which this loss is to be measured and edited.

        It is `jax.enable_x64(True)` for a `wide` loss, and changes nothing for others.
        """
        return jax.enable_x64(True) if self.wide else nullcontext()

    @property
    def program(self) -> Program:
        """The traced loss."""
        return self.runner.program

    @cached_property
    def measured(self) -> list[Measurement]:
        """The gradients and readings at each of `points`, measured at the first use."""
        return [measure_point(self.runner, self.sampler, point) for point in self.points]

    @property
    def survey(self) -> Survey:
        """The measurements at the user's data, as a survey with nothing else in it."""
        return Survey(self.measured, [], [])

    @cached_property
    def training(self) -> Training:
        """The results of the optimiser's first 20 steps on this loss."""
        return train(self.runner, self.chain, self.measured, STEPS)

    def replace_program(self, program: Program) -> "DiagnosedLoss":
        """Returns a copy with another program; proves again which leaves have a derivative.

        Args:
            program: a traced loss.
        """
        proof = prove(program)
        runner = Runner(program, proof.reachable)
        return replace(self, runner=runner, dependence=proof.dependence)

    def rewrite(self, interpreter: Interpreter) -> "DiagnosedLoss":
        """Returns a copy whose program is what this interpreter makes of it.

        Args:
            interpreter: runs the program's jaxpr while it is traced again; it must keep the shapes
                and types of inputs and outputs.
        """
        closed = self.program.jaxpr
        inputs = [jaxprs.get_struct(x) for x in jaxprs.open_jaxpr(closed).invars]
        jaxpr = jax.make_jaxpr(lambda *given: interpreter.run(closed, given)[0])(*inputs)
        return self.replace_program(replace(self.program, jaxpr=jaxpr))

    def widen(self) -> "DiagnosedLoss":
        """Returns a copy with float64 for every float of program, parameters, data, optimiser."""
        old = self.program
        learning = tuple(map(widen_array, old.params.learning))
        params = replace(old.params, learning=learning)
        args = widen_args(old.args)
        program = replace(old, jaxpr=self.runner.shadow, params=params, args=args)
        with jax.enable_x64(True):
            wide = replace(self.replace_program(program), wide=True)
            return wide.replace_optimizer(self.chain.optimizer)

    def replace_leaves(self, values: dict[int, np.ndarray]) -> "DiagnosedLoss":
        """Returns a copy with other values of some leaves.

        Args:
            values: index of a leaf -> its new value in float64, in the leaf's shape.
        """
        points = []
        for point in self.points:
            leaves = [values.get(i, x) for i, x in enumerate(point.leaves)]
            points.append(replace(point, leaves=leaves))
        return replace(self, points=tuple(points))

    def replace_optimizer(self, optimizer: Any) -> "DiagnosedLoss":
        """Returns a copy with another optimiser, an optax transformation.

        Args:
            optimizer: an optax transformation.
        """
        return replace(self, chain=Chain(optimizer, self.program.params))

"""What an edit is applied to and what is then measured: a program, its parameters, an optimiser.

An edited program is a new jaxpr, traced by running the old one through an interpreter that does
something else at single equations; the user's lines stay in it. Parameters and optimisers are
edited as they are. Nothing of the original is changed.
"""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import jax
import numpy as np

from checks.measure.points import Point, Sampler
from checks.measure.readings import Measured, measure
from checks.measure.simulate import STEPS, Chain, Training, train
from checks.measure.survey import Survey
from checks.program import jaxprs
from checks.program.interpret import Interpreter
from checks.program.runner import Runner, widen_args, widen_array
from checks.program.trace import Program
from checks.proofs.dependence import Dependence
from checks.reach import analyse


@dataclass(frozen=True)
class Subject:
    """What is measured; everything is worked out at its first use and once.

    Attributes:
        runner: the compiled program.
        dependence: its flows.
        points: the parameters at each batch of the caller's data.
        sampler: what jitters them.
        chain: the optimiser.
        wide: whether the program is one of float64, to be run under `jax.enable_x64(True)`.
    """

    runner: Runner
    dependence: Dependence
    points: tuple[Point, ...]
    sampler: Sampler
    chain: Chain
    wide: bool = False

    def precision(self) -> AbstractContextManager[Any]:
        """The context to measure in."""
        return jax.enable_x64(True) if self.wide else nullcontext()

    @property
    def program(self) -> Program:
        """The traced loss."""
        return self.runner.program

    @cached_property
    def measured(self) -> list[Measured]:
        """Gradients and readings at each point."""
        return [measure(self.runner, self.sampler, point) for point in self.points]

    @property
    def survey(self) -> Survey:
        """The measurements at the data alone."""
        return Survey(self.measured, [], [])

    @cached_property
    def trained(self) -> tuple[Training, Any]:
        """What the optimiser's steps do, and its state after them."""
        return train(self.runner, self.chain, self.measured, STEPS)

    def on(self, program: Program) -> "Subject":
        """The same with another program; which leaves can be reached is proved anew."""
        static = analyse(program)
        reached = [i for i, f in enumerate(static.findings) if f.verdict == "reachable"]
        return replace(self, runner=Runner(program, reached), dependence=static.dependence)

    def rewritten(self, interpreter: Interpreter) -> "Subject":
        """The same with the program as this interpreter runs it."""
        closed = self.program.jaxpr
        inputs = [jaxprs.get_struct(x) for x in jaxprs.open_jaxpr(closed).invars]
        jaxpr = jax.make_jaxpr(lambda *given: interpreter.run(closed, given)[0])(*inputs)
        return self.on(replace(self.program, jaxpr=jaxpr))

    def in_float64(self) -> "Subject":
        """The same with every float of program, parameters, data and optimiser widened."""
        old = self.program
        learning = tuple(map(widen_array, old.params.learning))
        params = replace(old.params, learning=learning)
        program = replace(old, jaxpr=self.runner.shadow, params=params, args=widen_args(old.args))
        with jax.enable_x64(True):
            wide = replace(self.on(program), wide=True)
            return wide.with_optimizer(self.chain.optimizer)

    def with_leaves(self, values: dict[int, np.ndarray]) -> "Subject":
        """The same with other values of these leaves, in float64."""
        points = []
        for point in self.points:
            leaves = [values.get(i, x) for i, x in enumerate(point.leaves)]
            points.append(replace(point, leaves=leaves))
        return replace(self, points=tuple(points))

    def with_optimizer(self, optimizer: Any) -> "Subject":
        """The same with another optimiser."""
        return replace(self, chain=Chain(optimizer, self.program.params))

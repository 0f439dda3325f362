"""The ways of the gradient through a diagnosed program, worked out when they are asked for."""

from collections.abc import Sequence
from typing import NamedTuple

from checks.flow.modules import Flow, measured_flow
from checks.flow.profile import Profile, profiles
from checks.measure.points import Point
from checks.program.runner import Runner
from checks.progress import Say
from checks.proofs.proof import Proof


class Ways(NamedTuple):
    """A program and the point to look at; each question compiles a program of its own."""

    runner: Runner
    proof: Proof
    point: Point
    say: Say

    def flow(self) -> Flow:
        """The way of the gradient from the loss to the inputs, module by module."""
        self.say("the way of the gradient through the modules")
        return measured_flow(self.runner, self.proof.dependence, self.proof.cuts, self.point)

    def profiles(self, names: Sequence[str]) -> dict[str, Profile]:
        """Those of these leaves that have a derivative."""
        positions = {name: i for i, name in enumerate(self.runner.program.params.names)}
        leaves = [positions[n] for n in names if positions[n] in self.runner.watched]
        if not leaves:
            return {}
        self.say(f"the way of the gradient to {len(leaves)} leaves, equation by equation")
        point = self.point
        found = profiles(self.runner, self.proof.dependence, leaves, point.leaves, point.args)
        return {one.leaf: one for one in found}

"""The gradient flow and the profiles of a diagnosed program at one point, measured on request."""

from collections.abc import Sequence
from typing import NamedTuple

from checks.flow.module_flow import measure_flow
from checks.flow.profiles import measure_profiles
from checks.gradient_flow import GradientFlow
from checks.gradient_profile import Profile
from checks.measure.points import Point
from checks.program.runner import Runner
from checks.progress import Say
from checks.proofs.proof import Proof


class FlowAtPoint(NamedTuple):
    """A program and a point; each of its methods compiles its own gradient.

    Attributes:
        runner: runs the program.
        proof: what was proved about it.
        point: values of the parameters and arguments.
        say: called as `say(stage)` with the name of each stage when it begins.
    """

    runner: Runner
    proof: Proof
    point: Point
    say: Say

    def flow(self) -> GradientFlow:
        """Measures the gradient flow from the loss to the inputs, module by module, in float64."""
        self.say("gradient flow through the modules")
        return measure_flow(self.runner, self.proof.dependence, self.proof.cuts, self.point)

    def profiles(self, names: Sequence[str]) -> dict[str, Profile]:
        """Measures the profiles of the named leaves that have a derivative.

        Args:
            names: names of leaves of the program; a KeyError is raised for others.

        Returns:
            Leaf name -> profile; leaves without a derivative are left out.
        """
        positions = {name: i for i, name in enumerate(self.runner.program.params.names)}
        leaves = [positions[n] for n in names if positions[n] in self.runner.watched]
        if not leaves:
            return {}
        self.say(f"gradient profiles of {len(leaves)} leaves")
        point = self.point
        profiles = measure_profiles(
            self.runner, self.proof.dependence, leaves, point.leaves, point.args
        )
        return {profile.leaf: profile for profile in profiles}

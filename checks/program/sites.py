"""Addresses of equations in a program, and values by address.

An equation is addressed by a path of indices from the outside in: `(4, 0, 2)` is equation 2 of
sub-jaxpr 0 of equation 4. This module depends on nothing of this package.
"""

from typing import Any, NamedTuple

import jax

# Indices of equations and sub-jaxprs in turn, from the outside in.
SitePath = tuple[int, ...]
# Extra inputs of a program by path. Inside a scan their leading axis is the step.
Feeds = dict[SitePath, Any]
# Extra outputs of a program by path. Inside a scan their leading axis is the step.
Notes = dict[SitePath, Any]
# What a subclass of `Interpreter` remembers during one run of one jaxpr.
Views = dict[Any, Any]
# Results and notes.
Run = tuple[list[Any], Notes]


class Site(NamedTuple):
    """An equation and its place in the program.

    Attributes:
        equation: the jaxpr equation.
        path: its address: indices of equations and sub-jaxprs in turn, from the outside in.
        enclosing: the equations around it, outermost first.
    """

    equation: Any
    path: SitePath
    enclosing: tuple[Any, ...]

    def enter(self, which: int) -> tuple[SitePath, tuple[Any, ...]]:
        """Returns the path of a sub-jaxpr of this equation, and the equations around it.

        Args:
            which: the number of the sub-jaxpr in the equation: that of the branch of a `cond`; of
                a `while` 0 for the condition and 1 for the body; else 0.
        """
        return (*self.path, which), (*self.enclosing, self.equation)


@jax.tree_util.register_static
class StaticNode(NamedTuple):
    """A value that passes through a transformed function as part of the pytree structure.

    Attributes:
        value: any hashable value.
    """

    value: Any

"""Defines the type of a tool and of its alarms."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from benchmarks.rivals.case import Case

# The leaf of an alarm of a tool that cannot say which parameter it is about.
WHOLE = "*"


class Alarm(NamedTuple):
    """What a tool says of one leaf.

    Attributes:
        leaf: The name of the leaf, or `WHOLE`.
        reason: What the tool says; several words are separated by a comma and a blank.
        where: The places that it names, as `file.py:line ...`.
    """

    leaf: str
    reason: str
    where: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tool:
    """A tool that looks for parameters that do not learn.

    Attributes:
        name: The name in tables.
        find: The tool: a function from a case to its alarms. An error that it raises counts as an
            alarm on the program as a whole, since a user sees it.
        rules: What it does, in one sentence, with its thresholds.
        causes: Reason in its words -> the verdict of `checks` that says the same. Other reasons say
            that something is wrong, and not what.
    """

    name: str
    find: Callable[[Case], list[Alarm]]
    rules: str
    causes: Mapping[str, str] = field(default_factory=dict)

"""Draws random programs as nested tuples, and builds the function that each of them describes.

A program is a list of steps on a pool of vectors of three elements. It begins with its inputs, each
step adds its results, and the outputs are picked from the pool at the end. Some steps run an inner
program under a transformation: a branch, a loop, `remat`, `vmap`, a custom rule and the like.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, NamedTuple

from hypothesis import strategies as st

from tools.proof_fuzz.nesting import NESTINGS
from tools.proof_fuzz.operations import OPERATIONS

# Number of parameters and of further arguments, vectors all.
LEAVES, ARGUMENTS = 4, 2
# Most steps of a program, by how deep it is nested; none is nested deeper.
_STEPS = (8, 4, 3)
# The share of operations among the steps that may be nestings.
_PLAIN = 0.4
# A step has so many operands, and so many inner programs if it is a nesting; these have as many
# inputs and outputs.
INNER = 2


class Step(NamedTuple):
    """A step of a program.

    Attributes:
        name: a key of `OPERATIONS` or of `NESTINGS`.
        picks: numbers that pick its operands from the pool, counted from the end.
        inner: the inner programs of a nesting.
        variant: a number that a nesting uses to choose among its variants.
    """

    name: str
    picks: tuple[int, ...]
    inner: tuple["Block", ...] = ()
    variant: int = 0


class Block(NamedTuple):
    """A program.

    Attributes:
        steps: its steps, in order.
        outputs: numbers that pick its outputs from the pool, counted from the end.
    """

    steps: tuple[Step, ...]
    outputs: tuple[int, ...]


def programs() -> st.SearchStrategy[Block]:
    """Returns a strategy of programs; each is drawn from one number, so that no two are alike."""
    return st.integers(0, 1 << 63).map(draw_program)


def draw_program(number: int) -> Block:
    """Draws the program of a number.

    Args:
        number: the seed of the draw.
    """
    return _draw_block(Random(number), depth=0)


def _draw_block(random: Random, depth: int) -> Block:
    """Draws a program of one to eight steps, fewer if it is nested."""
    steps = [_draw_step(random, depth) for _ in range(random.randint(1, _STEPS[depth]))]
    return Block(tuple(steps), _draw_picks(random, 6))


def _draw_step(random: Random, depth: int) -> Step:
    picks = _draw_picks(random, 8)
    if depth + 1 == len(_STEPS) or random.random() < _PLAIN:
        return Step(random.choice(sorted(OPERATIONS)), picks)
    inner = tuple(_draw_block(random, depth + 1) for _ in range(INNER))
    return Step(random.choice(sorted(NESTINGS)), picks, inner, random.randrange(12))


def _draw_picks(random: Random, count: int) -> tuple[int, ...]:
    return tuple(random.randrange(count) for _ in range(INNER))


def build(block: Block) -> Callable[..., tuple[Any, ...]]:
    """Returns the function that a program describes.

    Args:
        block: a program.

    Returns:
        A function from vectors to the tuple of the program's outputs, vectors as well.
    """

    def function(*inputs: Any) -> tuple[Any, ...]:
        pool = list(inputs)
        for step in block.steps:
            pool += _run(step, [_pick(pool, at) for at in step.picks])
        return tuple(_pick(pool, at) for at in block.outputs)

    return function


def build_loss(block: Block) -> Callable[..., Any]:
    """Returns a loss of a dict of parameters and the further arguments.

    Args:
        block: a program.
    """

    def loss(params: dict[str, Any], *args: Any) -> Any:
        outputs = build(block)(*params.values(), *args)
        return outputs[0].sum() + (outputs[1] ** 2).sum()

    return loss


def _pick(pool: Sequence[Any], at: int) -> Any:
    return pool[-1 - at % len(pool)]


def _run(step: Step, operands: list[Any]) -> list[Any]:
    if step.name in OPERATIONS:
        return [OPERATIONS[step.name](*operands)]
    inner = [build(block) for block in step.inner]
    return list(NESTINGS[step.name](inner, step.variant, *operands))

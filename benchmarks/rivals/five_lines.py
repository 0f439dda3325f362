"""The script that is written most often: is a gradient missing or zero after one backward pass?"""

from benchmarks.rivals.case import Case
from benchmarks.rivals.tool import Alarm, Tool


def find_zero_gradients(case: Case) -> list[Alarm]:
    """Returns an alarm for each leaf whose first gradient is zero in all elements.

    JAX has no missing gradients (`None`): that of an unused leaf is zero.

    Args:
        case: The program.
    """
    gradients = case.steps[0].gradients
    return [Alarm(name, "zero") for name, gradient in gradients.items() if not gradient.any()]


FIVE_LINES = Tool(
    "five lines", find_zero_gradients, "the gradient is missing or zero after one backward pass"
)

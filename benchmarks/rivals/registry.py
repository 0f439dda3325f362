"""Lists the tools that are compared."""

from benchmarks.rivals.debug_nans import DEBUG_NANS
from benchmarks.rivals.finite_differences import CHECK_GRADS, CHECK_GRADS_WIDE
from benchmarks.rivals.five_lines import FIVE_LINES
from benchmarks.rivals.gradient_flow import GRADIENT_FLOW
from benchmarks.rivals.own import CHECKS
from benchmarks.rivals.torcheck import TORCHECK

# In the order of the columns of the table.
TOOLS = (
    FIVE_LINES,
    GRADIENT_FLOW,
    TORCHECK,
    CHECK_GRADS,
    CHECK_GRADS_WIDE,
    DEBUG_NANS,
    CHECKS,
)

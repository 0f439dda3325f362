"""`python -m checks.faults [NAME ...]`: recall and precision of the checks on injected faults."""

import sys
import time

from checks.faults.benchmark import scored
from checks.faults.registry import all_faults


def main(names: list[str]) -> int:
    """Runs all faults, or those whose name contains one of the given words; 1 on any failure."""
    chosen = [f for f in all_faults() if not names or any(n in f.name for n in names)]
    start = time.perf_counter()
    score = scored(chosen, lambda line: print(line, file=sys.stderr, flush=True))
    print(score.table())
    public = sum(fault.report is not None for fault in chosen)
    seconds = time.perf_counter() - start
    print(
        f"{len(chosen)} faults ({public} reported in public), {seconds:.0f} s in two processes, "
        f"{score.seconds:.0f} s of them in the checks"
    )
    return 1 if score.misses or score.alarms or score.wrong_lines or score.unconfirmed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

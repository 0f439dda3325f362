"""`python -m checks.faults [NAME ...]`: recall and precision of the checks on injected faults."""

import sys

from checks.faults.benchmark import Score
from checks.faults.registry import all_faults


def main(names: list[str]) -> int:
    """Runs all faults, or those whose name contains one of the given words; 1 on any failure."""
    chosen = [f for f in all_faults() if not names or any(n in f.name for n in names)]
    score = Score()
    for number, fault in enumerate(chosen, 1):
        print(f"{number}/{len(chosen)} {fault.name}", file=sys.stderr, flush=True)
        score.add(fault)
    print(score.table())
    public = sum(fault.report is not None for fault in chosen)
    print(f"{len(chosen)} faults ({public} reported in public), {score.seconds:.0f} s")
    return 1 if score.misses or score.alarms or score.wrong_lines or score.unconfirmed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

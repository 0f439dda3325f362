"""Knock real runs about at random moments: ``python -m tools.chaos --kills 100 --seed 0``."""

import argparse
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.chaos.campaign import STATUS, Campaign, compare
from tools.chaos.knocks import KNOCKS
from tools.commands import write_days

KILLS_A_RUN = 8


def main() -> int:
    """Run as many campaigns as the kills take, and report; 1 where a run did not come through."""
    parser = argparse.ArgumentParser(prog="python -m tools.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    rng, total, failures = random.Random(args.seed), Counter(), []
    with TemporaryDirectory() as folder:
        place = Path(folder)
        write_days(place)
        calm = calm_run(place)
        while killed(total) < args.kills:
            campaign = Campaign(place, rng)
            try:
                disturb(campaign, min(KILLS_A_RUN, args.kills - killed(total)))
                compare(campaign.ended_run(), calm)
                total["runs that ended equal"] += 1
            except (AssertionError, subprocess.TimeoutExpired) as error:
                failures.append(str(error))
                print(f"FAILED {error}", flush=True)
            total += campaign.counts
            say(total, len(failures))
    return bool(failures)


def calm_run(place: Path) -> Path:
    """The run that is left alone."""
    campaign = Campaign(place, random.Random())
    campaign.finish()
    return campaign.ended_run()


def disturb(campaign: Campaign, kills: int) -> None:
    """Kills with other knocks between them, then peace until the run ends."""
    begun = 0
    while begun < kills and not campaign.ended:
        campaign.kill(campaign.rng.choice(list(STATUS)))
        begun += 1
        if campaign.rng.random() < 0.4 and not campaign.ended:
            name = campaign.rng.choice(list(KNOCKS))
            KNOCKS[name](campaign)
            campaign.counts[name] += 1
    campaign.finish()


def killed(total: Counter) -> int:
    """Signals that met a living process."""
    return sum(total[number.name] for number in STATUS)


def say(total: Counter, failures: int) -> None:
    """One line of what was done so far."""
    shown = ", ".join(f"{name} {count}" for name, count in sorted(total.items()))
    print(f"{time.strftime('%X')} {killed(total)} kills: {shown}; failed {failures}", flush=True)


if __name__ == "__main__":
    sys.exit(main())

"""Interrupts real runs at random moments: `python -m tools.chaos --kills 100 --seed 0`."""

import argparse
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.chaos.campaign import STATUS, Campaign, compare_runs
from tools.chaos.incidents import INCIDENTS
from tools.commands import write_days

KILLS_PER_RUN = 8
# Share of the kills after which an incident of another kind follows.
INCIDENT_SHARE = 0.4


def main() -> int:
    """Kills training runs at random moments, and compares their ends with an undisturbed run's.

    It reads `--kills N` (100) and `--seed N` (0) from the command line. A campaign is one run that
    is killed several times and then ends. Campaigns follow one another until N kills have reached a
    living process; the totals are printed after each.

    Returns:
        1 if a run did not end as the undisturbed one does, else 0.
    """
    parser = argparse.ArgumentParser(prog="python -m tools.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    rng, total, failures = random.Random(args.seed), Counter(), 0
    with TemporaryDirectory() as folder:
        place = Path(folder)
        write_days(place)
        reference = run_undisturbed(place)
        while count_kills(total) < args.kills:
            campaign = Campaign(place, rng)
            try:
                disturb(campaign, min(KILLS_PER_RUN, args.kills - count_kills(total)))
                compare_runs(campaign.ended_run(), reference)
                total["runs that ended equal"] += 1
            except (AssertionError, subprocess.TimeoutExpired) as error:
                failures += 1
                print(f"FAILED {error}", flush=True)
            total += campaign.counts
            print_totals(total, failures)
    return int(failures > 0)


def run_undisturbed(place: Path) -> Path:
    """Trains a run to its end without any incident, and returns its folder.

    Args:
        place: the folder in which the process runs; it must contain `days.csv`, from
            `tools.commands.write_days`.

    Raises:
        AssertionError: the process fails or prints a traceback.
    """
    campaign = Campaign(place, random.Random())
    campaign.finish()
    return campaign.ended_run()


def disturb(campaign: Campaign, kills: int) -> None:
    """Kills a run several times, with other incidents in between, then lets it end.

    Args:
        campaign: one run, and the processes that bring it to its end.
        kills: the number of kills to try; fewer if the run ends before.

    Raises:
        AssertionError: a process does not behave as `Campaign` or the incident expects.
        subprocess.TimeoutExpired: a process does not end.
    """
    begun = 0
    while begun < kills and not campaign.has_ended:
        campaign.kill(campaign.rng.choice(list(STATUS)))
        begun += 1
        if campaign.rng.random() < INCIDENT_SHARE and not campaign.has_ended:
            name = campaign.rng.choice(list(INCIDENTS))
            INCIDENTS[name](campaign)
            campaign.counts[name] += 1
    campaign.finish()


def count_kills(total: Counter) -> int:
    """Returns the number of signals that reached a living process.

    Args:
        total: name of an event (a signal such as `SIGKILL`, or an incident) -> how often it
            happened.
    """
    return sum(total[number.name] for number in STATUS)


def print_totals(total: Counter, failures: int) -> None:
    """Prints on one line how often each event happened and how many runs failed.

    Args:
        total: name of an event -> how often it happened.
        failures: the number of runs that did not end as the undisturbed one.
    """
    counts = ", ".join(f"{name} {count}" for name, count in sorted(total.items()))
    kills = count_kills(total)
    print(f"{time.strftime('%X')} {kills} kills: {counts}; failed {failures}", flush=True)


if __name__ == "__main__":
    sys.exit(main())

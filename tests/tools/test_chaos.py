"""One run through every incident. `python -m tools.chaos --kills 100` is the long form."""

import random
import signal

import pytest

from tools.chaos.__main__ import run_undisturbed
from tools.chaos.campaign import Campaign, compare_runs
from tools.chaos.incidents import INCIDENTS
from tools.commands import write_days

pytestmark = pytest.mark.slow


def test_an_interrupted_run_ends_as_the_undisturbed_one(tmp_path):
    write_days(tmp_path)
    reference = run_undisturbed(tmp_path)
    campaign = Campaign(tmp_path, random.Random(0))
    campaign.kill(signal.SIGKILL, during=6)
    while not campaign.steps():
        campaign.kill(signal.SIGKILL, during=2, after="epoch 1: validation loss")
    for incident in INCIDENTS.values():
        incident(campaign)
    campaign.kill(signal.SIGTERM, during=6)
    campaign.finish()
    compare_runs(campaign.ended_run(), reference)

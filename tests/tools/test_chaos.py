"""One run through every knock. ``python -m tools.chaos --kills 100`` is the long form."""

import random
import signal

import pytest

from tools.chaos.__main__ import calm_run
from tools.chaos.campaign import Campaign, compare
from tools.chaos.knocks import KNOCKS
from tools.commands import write_days

pytestmark = pytest.mark.slow


def test_a_run_that_is_knocked_about_ends_where_the_calm_one_does(tmp_path):
    write_days(tmp_path)
    calm = calm_run(tmp_path)
    campaign = Campaign(tmp_path, random.Random(0))
    campaign.kill(signal.SIGKILL, during=6)
    while not campaign.steps():
        campaign.kill(signal.SIGKILL, during=2, after="epoch 1: validation loss")
    for knock in KNOCKS.values():
        knock(campaign)
    campaign.kill(signal.SIGTERM, during=6)
    campaign.finish()
    compare(campaign.ended_run(), calm)

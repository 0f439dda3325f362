"""The report has all that is shown, and the claim."""

import json

from tests.sky_test.reports import make_result, make_simulated_report


def test_it_is_plain_data_with_the_claim():
    report = make_simulated_report()
    assert json.loads(json.dumps(report)) == report
    assert report["origins"] == 333 and report["first_day"] == "2009-01-02"
    assert report["claim"]["is_candidate"] is False
    assert report["claim"]["text"].startswith("No gain")


def test_the_claim_is_that_of_the_network_if_there_is_one():
    report = make_simulated_report(network=make_result(0.4, 0.1, 0.02))
    assert report["claim"]["is_candidate"] is True

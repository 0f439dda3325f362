"""Tables of a test of the sky."""

from pgat_jax.sky_test.sky_tables import tabulate_report
from tests.sky_test.reports import make_result, make_simulated_report


def test_arms_power_and_bodies_have_their_rows():
    arms, power, bodies = tabulate_report(make_simulated_report())
    assert arms.rows[0][:3] == ["linear: true sky", "-0.20", "-0.40 to +0.00"]
    assert arms.rows[1] == ["linear: 3 false rates", "-0.30", "-0.40 to -0.10", "–", "0.50"]
    assert power.rows[0] == ["mean", "0.06", "5", "0.06", "40%", "0%"]
    assert bodies.heads[1] == "Moon" and bodies.rows[0][1:3] == ["100%", "100%"]
    assert all(len(row) == len(t.heads) for t in (arms, power, bodies) for row in t.rows)


def test_the_network_has_rows_where_it_was_trained():
    network = make_result(0.4, 0.1, 0.02) | {"shifted": [], "rank_p_shifted": None}
    arms = tabulate_report(make_simulated_report(network=network))[0]
    assert [row[0] for row in arms.rows[3:]] == ["network: true sky", "network: 3 false rates"]

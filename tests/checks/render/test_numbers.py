"""Numbers as text."""

from checks.render.numbers import format_power


def test_a_number_has_one_decimal_and_a_power_and_none_is_empty():
    assert format_power(1.24e-5) == "1.2e-05" and format_power(None) == ""

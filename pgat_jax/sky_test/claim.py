"""Writes what a test of the sky may claim, and no more.

"Helps" needs a rank p-value up to 0.05 in a test that was named beforehand, a gain over no sky
whose interval is above 0, and the same on a second series. "Does not help" is never claimed, since
a small law cannot be seen in twenty years of prices.
"""

from collections.abc import Mapping
from typing import Any

from pgat_jax.sky_test.power import ENOUGH, find_least_found
from pgat_jax.sky_test.ranks import LEVEL

# The largest published claim, of the lunar phase (Yuan, Zheng and Zhu 2006,
# doi:10.1016/j.jempfin.2005.06.001), as a mean law; and its worth in percent of the CRPS.
PUBLISHED_SIZE, PUBLISHED_WORTH = 0.007, 0.003
# The series of the second test, by the source of the first.
SECOND = {"nasdaq": "ibm"}
DEFAULT_SECOND = "nasdaq"
UNITS_SHORT = {"mean": "{:.2f}", "volatility": "{:.0%}"}
SCALES = {"mean": "standard deviations of a day", "volatility": "of the volatility"}
UNITS = {"mean": "{:.2f} standard deviations of a day", "volatility": "{:.0%} of the volatility"}


def is_candidate(result: Mapping[str, Any]) -> bool:
    """Returns whether a result has the rank and the gain that a claim needs.

    Its `rank_p` is at most 0.05, and the interval of its gain is above 0.

    Args:
        result: the result of `summarise_arms`.
    """
    return result["rank_p"] <= LEVEL and result["low"] > 0


def write_answer(report: Mapping[str, Any]) -> list[str]:
    """Returns the answer of a test of the sky as sentences; the first is the claim.

    Args:
        report: what `sky_report.make_report` returns.
    """
    result = report["result"]
    return [
        write_claim(report),
        _write_rank(report, result),
        _write_gain(result),
        *_write_missed(report["power"]),
        *([] if report["network"] is None else _write_network(report)),
    ]


def write_claim(report: Mapping[str, Any]) -> str:
    """Returns the text of what may be claimed, from the network if it was trained.

    Args:
        report: what `sky_report.make_report` returns; its entry `claim` is not read.
    """
    named = report["network"] or report["result"]
    if is_candidate(named):
        second = SECOND.get(report["source"], DEFAULT_SECOND)
        return (
            "The true sky stands out, and gains over no sky. That is not yet a claim that the sky "
            f"helps: the same is needed on a second series (data.source={second})."
        )
    limits = []
    for kind in ("mean", "volatility"):
        least = find_least_found(report["power"], kind)
        if least is None:
            most = max(row["size"] for row in report["power"] if row["kind"] == kind)
            limits.append(f"in the {kind} even one of {UNITS[kind].format(most)}")
        else:
            limits.append(
                f"in the {kind} one worth less than {least['worth']:.2f}% of the CRPS "
                f"({UNITS[kind].format(least['size'])})"
            )
    return f"No gain from the sky was seen. A law may have been missed: {', '.join(limits)}."


def _write_rank(report: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    count = len(result["false"])
    place = 1 + sum(gain >= result["gain"] for gain in result["false"])
    return (
        f"Among {count} skies at a false rate the true sky has rank {place} of {count + 1} "
        f"(p = {result['rank_p']:.2f}), on {report['origins']:,} origins from "
        f"{report['first_day']} to {report['last_day']}."
    )


def _write_gain(result: Mapping[str, Any]) -> str:
    return (
        f"The true sky gains {result['gain']:+.2f}% of the CRPS over no sky (95% interval "
        f"{result['low']:+.2f} to {result['high']:+.2f}), and false skies "
        f"{min(result['false']):+.2f} to {max(result['false']):+.2f}: a gain below 0 is the price "
        "of fitting columns, true or false."
    )


def _write_missed(power: list[dict[str, Any]]) -> list[str]:
    sentences = []
    for kind in ("mean", "volatility"):
        rows = [row for row in power if row["kind"] == kind]
        found = ", ".join(f"{row['found']:.0%}" for row in rows)
        sizes = ", ".join(UNITS_SHORT[kind].format(row["size"]) for row in rows)
        sentences.append(
            f"Laws in the {kind} were put into the data, of {sizes} {SCALES[kind]}; the test found "
            f"{found} of them. It finds {ENOUGH:.0%} {_name_bodies(power, kind)}."
        )
    most = max(power, key=lambda row: row["size"])
    return [
        *sentences,
        "The largest published claim, of the lunar phase, is a law in the mean of "
        f"{PUBLISHED_SIZE} standard deviations, worth {PUBLISHED_WORTH}% of the CRPS: no test of "
        "daily prices of this length can see it. Saturn to Pluto move too slowly to be tested.",
        f"Skies of other years are a weaker placebo: among them {most['found_shifted']:.0%} of the "
        f"laws in the {most['kind']} of {UNITS[most['kind']].format(most['size'])} are found, and "
        f"among skies at a false rate {most['found']:.0%}.",
    ]


def _name_bodies(power: list[dict[str, Any]], kind: str) -> str:
    """Returns from which size on the laws of each body are found, and of which bodies they are not.

    Laws of a slow body look like those of false skies, and HAR follows a slow volatility by itself.
    """
    least = {body: find_least_found(power, kind, body) for body in power[0]["by_body"]}
    seen = [f"{UNITS_SHORT[kind].format(row['size'])} for {b}" for b, row in least.items() if row]
    unseen = [body for body, row in least.items() if not row]
    words = [f"from {', '.join(seen)}"] if seen else []
    return ", and ".join([*words, *([f"at no size for {', '.join(unseen)}"] if unseen else [])])


def _write_network(report: Mapping[str, Any]) -> list[str]:
    result = report["network"]
    return [
        f"The network of {report['config']}, trained alike with each sky, has rank p = "
        f"{result['rank_p']:.2f} among {len(result['false'])} skies at a false rate and gains "
        f"{result['gain']:+.2f}% over no sky ({result['low']:+.2f} to {result['high']:+.2f}); this "
        "is the test that the claim rests on."
    ]

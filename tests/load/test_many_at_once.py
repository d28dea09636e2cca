"""Two hundred annotators and a hundred followers at once: no error, nothing lost. Latencies are printed, not judged.

PODIUM_LOAD_LONG: two minutes for each phase, half an hour of soak, and the bounds that a quiet machine must keep.
"""

import os
from dataclasses import replace
from typing import Final

import pytest

from bench.load.__main__ import SHORT, Plan, measure
from bench.load.measured import growth
from bench.load.report import report

LONG: Final = bool(os.environ.get("PODIUM_LOAD_LONG"))
MOST_ACKNOWLEDGEMENT_S, MOST_LAG_S, MOST_GROWTH = 0.150, 0.250, 0.10


@pytest.mark.parametrize("database", ["SQLite", "PostgreSQL"])
def test_two_hundred_annotators_and_a_hundred_followers_meet_no_error_and_lose_nothing(database: str) -> None:
    plan = replace(Plan(), soak_s=1800.0) if LONG and database == "SQLite" else Plan() if LONG else SHORT
    found, wrong = measure(plan, on_postgres=database == "PostgreSQL")
    print(report(found, wrong, database))
    assert wrong == []
    assert [one.errors for one in found] == [{}] * len(found)
    phases = {one.name: one for one in found}
    ranked, shown = phases["annotators"].acknowledged, phases["followers"].lag
    assert ranked is not None
    assert ranked.count > plan.annotators, "not everybody ranked"
    assert shown is not None
    assert shown.count > plan.followers, "not everybody saw a step"
    if LONG:
        assert ranked.p95 < MOST_ACKNOWLEDGEMENT_S
        assert shown.p95 < MOST_LAG_S
    if "soak" in phases:
        grown = growth(phases["soak"].samples)
        assert grown is not None
        assert grown.share < MOST_GROWTH

"""Damaged records of trajectories, rankings, ballots, runs and traces are refused in words, or read and kept whole."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefs.ballot import Draw
from prefs.ranking import RankingMismatch
from prefs.training_files.hle_trace import read_trace, read_traces
from prefs.training_files.reading import BadRow
from storage.ranked import load_ranked, ranked_json
from storage.records import (
    RecordError,
    ballot_json,
    dump_ballot,
    dump_line,
    dump_ranking,
    dump_run,
    dump_trajectory,
    load_ballot,
    load_preference,
    load_ranking,
    load_run,
    load_trajectory,
    ranking_json,
    trajectory_json,
)
from tests.examples import NOON
from tests.fuzz.campaign import campaign, mutants, read_or_refused, told
from tests.fuzz.mutation import damaged_json
from tests.fuzz.traces import TRACE
from tests.strategies import PREFERENCES, RUNS, ballots, rankings, trajectories

SEEDS = st.integers(0, 2**32)
SHARES = st.floats(0, 1)
DRAWN = st.builds(Draw, st.sampled_from(["chosen", "random"]), SHARES, SHARES)
BALLOTS = st.builds(lambda shown, draw: replace(shown, draw=draw), ballots(), st.none() | DRAWN)
RANKED = BALLOTS.flatmap(lambda shown: st.tuples(st.just(shown), rankings(shown)))


@pytest.fixture(scope="module", autouse=True)
def _tally() -> Iterator[None]:
    yield
    print(f"\n{told()}")


@campaign()
@given(trajectories(2), SEEDS)
def test_a_damaged_trajectory_is_refused_or_read(one: Any, seed: int) -> None:
    record = trajectory_json(one)
    for chance in mutants(seed):
        text = damaged_json(record, chance)
        found = read_or_refused("trajectory", text, lambda text=text: load_trajectory(text), (RecordError,))
        if found is not None:
            assert load_trajectory(dump_trajectory(found)) == found
            dump_trajectory(found).encode()


@campaign()
@given(RANKED, SEEDS)
def test_a_damaged_ranking_is_refused_or_read(both: Any, seed: int) -> None:
    shown, ranking = both
    record = ranking_json(ranking, shown)
    for chance in mutants(seed):
        text = damaged_json(record, chance)
        refusals = (RecordError, RankingMismatch)
        found = read_or_refused("ranking", text, lambda text=text: load_ranking(text), refusals)
        if found is not None:
            assert load_ranking(dump_ranking(found)) == found


@campaign()
@given(RANKED, SEEDS)
def test_a_damaged_ranking_with_its_ballot_is_refused_or_read(both: Any, seed: int) -> None:
    shown, ranking = both
    record = ranked_json(ranking, shown)
    for chance in mutants(seed):
        text = damaged_json(record, chance)
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if not isinstance(value, dict):
            continue
        refusals = (RecordError, RankingMismatch)
        found = read_or_refused("ranking with ballot", text, lambda value=value: load_ranked(value), refusals)
        if found is not None and found[1] is not None:
            assert load_ranked(json.loads(dump_line(ranked_json(*found)))) == found


@campaign(0.5)
@given(BALLOTS, SEEDS)
def test_a_damaged_ballot_is_refused_or_read(shown: Any, seed: int) -> None:
    record = ballot_json(shown)
    for chance in mutants(seed):
        text = damaged_json(record, chance)
        refusals = (RecordError, RankingMismatch)
        found = read_or_refused("ballot", text, lambda text=text: load_ballot(text), refusals)
        if found is not None:
            assert load_ballot(dump_ballot(found)) == found


@campaign(0.5)
@given(RUNS, PREFERENCES, SEEDS)
def test_a_damaged_run_or_preference_is_refused_or_read(run: Any, preference: Any, seed: int) -> None:
    weights = {"accuracy": preference.accuracy, "cost": preference.cost, "latency": preference.latency}
    for number, chance in enumerate(mutants(seed)):
        if number % 2:
            text = damaged_json(json.loads(dump_run(run)), chance)
            kept = read_or_refused("run", text, lambda text=text: load_run(text), (RecordError,))
            if kept is not None:
                assert load_run(dump_run(kept)) == kept
        else:
            text = damaged_json({**weights, "tools": dict(preference.tools)}, chance)
            read_or_refused("preference", text, lambda text=text: load_preference(text), (RecordError,))


@campaign()
@given(SEEDS)
def test_a_damaged_trace_of_toolorchestra_is_refused_or_read(seed: int) -> None:
    for number, chance in enumerate(mutants(seed)):
        text = damaged_json(TRACE, chance).decode("utf-8", "surrogateescape" if number % 2 else "replace")
        whole = number % 3
        read = (
            (lambda text=text: [read_trace(text, NOON)]) if whole else (lambda text=text: [*read_traces([text], NOON)])
        )
        for found in read_or_refused("trace", text, read, (BadRow,)) or ():
            assert load_trajectory(dump_trajectory(found)) == found

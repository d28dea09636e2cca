"""The record of a fit: readable by any JSON reader, and no surer than the rankings make it."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.model_call import unpriced
from orchestrator.trajectory import Step
from prefs.ballot import ballot
from prefs.fit.preference import fit
from prefs.judgement import Judgement
from prefs.ranking import Ranking
from prefs.simulated import simulated_judgements
from storage.store import Store
from tests.examples import NOON, call, model_call, trajectory
from tests.prefs.fit.judging import candidate, judged
from webapp.charts.weights import summary
from webapp.fit_record import fit_record
from webapp.learned import LEAST, learned

PLANTED = {"accuracy": 1.0, "cost": 0.6, "latency": 0.3}


def said(count: int) -> list[Judgement]:
    return simulated_judgements(
        PLANTED, 4, ballots=count, annotators=min(count, 12), ties=0.3, line=True, partial=0.3, spread=0.2, seed=3
    )


def ungraded(given: Sequence[Judgement]) -> list[Judgement]:
    return [
        replace(
            one, candidates=tuple(replace(c, features=replace(c.features, outcome=None)) for c in one.candidates)
        )
        for one in given
    ]  # fmt: skip


def none_acceptable(given: Sequence[Judgement]) -> list[Judgement]:
    return [replace(one, groups=(), unranked=(0, 1, 2, 3), acceptable=0) for one in given]


def all_tied(given: Sequence[Judgement]) -> list[Judgement]:
    return [replace(one, groups=((0, 1, 2, 3),), unranked=(), acceptable=None) for one in given]


def one_ballot(given: Sequence[Judgement]) -> list[Judgement]:
    return [replace(given[0], ranking=f"r{i}", annotator=f"p{i}", groups=one.groups) for i, one in enumerate(given)]


def identical(given: Sequence[Judgement]) -> list[Judgement]:
    return [
        replace(one, candidates=tuple(replace(c, features=one.candidates[0].features) for c in one.candidates))
        for one in given
    ]


@pytest.mark.parametrize("count", [1, 3, 30])
@pytest.mark.parametrize("made", [list, ungraded, none_acceptable, all_tied, identical])
def test_every_record_is_json_without_nan_and_every_interval_holds_its_mean(
    made: Callable[[Sequence[Judgement]], list[Judgement]], count: int
) -> None:
    record = fit_record(made(said(count)), ())
    json.dumps(record, allow_nan=False)
    for one in (*record["weights"].values(), record["beta"], record["pair_accuracy"], record["wrong_above_right"]):
        if one["mean"] is not None:
            assert one["low"] <= one["mean"] <= one["high"]
    for share in (record["pair_accuracy"], record["wrong_above_right"]):
        assert share["mean"] is None or 0 <= share["low"] < share["high"] <= 1


def test_notes_say_what_the_weights_cannot() -> None:
    assert fit_record(said(300), ())["notes"] == ["The intervals speak of annotators like these."]
    notes = fit_record(ungraded(said(3)), ())["notes"]
    assert "on no ballot was a right answer ranked beside a wrong one" in notes[0]
    assert "not certain yet that any weight is above 0" in notes[1]
    assert "these annotators, on ballots like these" in notes[2]
    assert "Nothing can be said of cost, latency" in " ".join(fit_record(identical(said(5)), ())["notes"])


def test_rankings_at_random_are_not_said_to_favour_anything_surely() -> None:
    chance = random.Random(2)
    of = ((1, "0.03", 9.0), (1, "0.02", 5.0), (0, "0.01", 2.0))
    given = [
        judged(
            [candidate(place, *one, {}, f"q{i}") for place, one in enumerate(chance.sample(of, 3))],
            chance.sample([[0], [1], [2]], 3),
            name=f"r{i}",
            annotator=f"p{i % 6}",
        )
        for i in range(30)
    ]
    told = summary(fit(given, folds=0).weights, 30)
    assert "surely" not in told
    assert "every interval still reaches down to 0" in told


async def test_only_rankings_that_can_be_used_count_towards_a_reward(tmp_path: Path) -> None:
    """Twenty were given, of which one can be used: that was enough to train a policy on."""
    async with Store.open(f"sqlite:///{tmp_path / 'podium.sqlite3'}") as store:
        for number in range(LEAST):
            changes = {} if number == 0 else {"charge": unpriced("no price")}
            ran = [
                trajectory(
                    id=f"{number}-{place}",
                    query=f"q{number}",
                    steps=(Step(0, "", call("answer-1"), None, (model_call("0.01", 1.0 + place, **changes),)),),
                )
                for place in range(2)
            ]
            await store.add_all(ran)
            made = ballot(
                f"b{number}", [one.id for one in ran], query=f"q{number}", run=None, seed=number, made_at=NOON
            )
            await store.keep_ballot(made)
            await store.keep_ranking(Ranking(f"r{number}", made.id, (("A",), ("B",)), NOON))
        with pytest.raises(ValueError, match=f"there are 1 rankings that can be used, of {LEAST}, and a reward"):
            learned(store)

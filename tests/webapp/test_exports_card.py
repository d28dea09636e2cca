"""The data card tells what the data holds, and says so where it holds too little."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from storage.store import Store
from tests.webapp.exported import fill, written
from webapp.exports.card import written_card
from webapp.exports.kinds import Wishes


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path}/one.db") as opened:
        yield opened


async def test_card_counts_what_is_there(store: Store) -> None:
    await fill(store, 3, ("Ann Lee", "bob"))
    first = store.rankings_of("b0")[0]
    correction = replace(first, id="k9", groups=(("C", "B", "A"),), acceptable=0, made_at=first.made_at + timedelta(1))
    await store.keep_ranking(correction)
    card = written_card(store, "CC BY 4.0")
    for line in (
        "- 7 rankings, 1 of them corrections; 6 stand",
        "- 2 annotators, 3 ballots ranked, 1 query",
        "- from 2026-05-04 to 2026-05-05 (UTC)",
        "- with ties: 6 of 6 (100%)",
        "- with an acceptability line: 1 of 6 (17%)",
        "- none acceptable, of those with a line: 1 of 1 (100%)",
        "- ballots that two or more people ranked: 3 of 3 (100%)",
        "- simulated in part or whole: 9 of 9 (100%)",
        "- policies: `scripted` 9",
        "- pools: `test` 9",
        "- CC BY 4.0",
    ):
        assert line in card.splitlines(), card
    assert "Ann" not in card
    assert card == written_card(store, "CC BY 4.0")


async def test_card_of_little_data_gives_no_invented_number(store: Store) -> None:
    assert "There are no rankings yet" in written(store, "card").decode()
    await fill(store, 1, ("ann",))
    card = written(store, "card", Wishes(licence=None)).decode()
    assert "- not stated" in card
    assert "Kendall's W over all ballots, 0 chance to 1 the same order: not enough data: No two people" in card
    assert "3 alternatives: not enough data (1 rankings with one best alternative, 50 are needed)" in card
    assert "nan" not in card.lower().split()


async def test_names_of_policies_cannot_break_the_card(store: Store) -> None:
    await fill(store, 1)
    (shown,) = [t for t in store.iter_trajectories() if t.id == "t0-0"]
    strange = replace(shown, id="t9", policy="a`b\n# not a heading", pool="| x |")
    await store.add(strange)
    ballot = replace(store.ballot("b0"), id="b9", alternatives=_with(store, "t9"))  # type: ignore[type-var]
    await store.keep_ballot(ballot)
    await store.keep_ranking(replace(store.rankings_of("b0")[0], id="k9", ballot="b9"))
    card = written(store, "card").decode()
    assert "`a'b # not a heading` 1" in card
    assert "\n# not" not in card


def _with(store: Store, trajectory: str) -> tuple[object, ...]:
    ballot = store.ballot("b0")
    assert ballot is not None
    return (replace(ballot.alternatives[0], trajectory=trajectory), *ballot.alternatives[1:])

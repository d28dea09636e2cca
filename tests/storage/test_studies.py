"""Studies give each person ballots on lease, and reach their overlap exactly."""

from dataclasses import replace
from datetime import timedelta

import pytest

from storage.errors import StoreConflict, StoreMissing
from storage.records import RecordError
from storage.store import Store
from storage.studies import Studies
from tests.examples import NOON
from tests.studies import ballots, given, kept, rank, study

MINUTE = timedelta(minutes=1)
LATER = NOON + 2 * MINUTE
"""When a lease from noon has run out."""


async def test_a_study_is_found_as_it_was_made(store: Store) -> None:
    made = study(guidelines="Read the answers first.", hidden=("identity",), overlap=3, seed=7)
    studies = Studies(store)
    await studies.create(made, ballots(3))
    await studies.create(made, ballots(3))
    assert studies.find("s1") == made
    assert studies.find("s2") is None
    assert studies.find("s\0") is None
    assert studies.ballots("s1") == ("b0", "b1", "b2")
    assert studies.newest() == (made,)
    with pytest.raises(StoreConflict, match="already a study s1"):
        await studies.create(replace(made, name="Other"), ballots(3))


async def test_asking_again_gives_the_same_ballot_on_a_fresh_lease(store: Store) -> None:
    studies = await kept(store, 3)
    first = await studies.next("s1", "ann", NOON)
    again = await studies.next("s1", "ann", NOON + timedelta(seconds=30))
    assert first is not None
    assert again is not None
    assert (first.ballot, again.ballot) == ("b0", "b0")
    assert first.leased_until == NOON + MINUTE
    assert again.leased_until == NOON + timedelta(seconds=90)
    assert again.first_leased_at == NOON


async def test_a_lease_takes_a_place_and_a_ranking_keeps_it(store: Store) -> None:
    studies = await kept(store, 1)
    assert await given(studies, "ann") == "b0"
    assert await given(studies, "bob") is None
    await rank(store, "b0", "ann", NOON)
    assert await given(studies, "bob", LATER) is None
    one = studies.assignment("s1", "b0", "ann")
    assert one is not None
    assert (one.state, one.counted, one.words) == ("ranked", True, None)


async def test_an_expired_lease_frees_its_place(store: Store) -> None:
    studies = await kept(store, 1)
    assert await given(studies, "ann") == "b0"
    assert await given(studies, "bob", NOON + MINUTE) == "b0"


async def test_who_comes_back_gets_the_expired_ballot_while_it_has_a_place(store: Store) -> None:
    studies = await kept(store, 2)
    assert await given(studies, "ann") == "b0"
    assert await given(studies, "ann", LATER) == "b0"
    assert await given(studies, "bob", LATER + 2 * MINUTE) == "b0"
    assert await given(studies, "ann", LATER + 2 * MINUTE) == "b1"


async def test_a_late_ranking_counts_while_there_is_a_place(store: Store) -> None:
    studies = await kept(store, 1)
    await given(studies, "ann")
    await rank(store, "b0", "ann", LATER)
    assert studies.progress("s1", LATER).counted == 1
    assert await given(studies, "bob", LATER) is None


@pytest.mark.parametrize("bob_ranks", [True, False])
async def test_a_late_ranking_that_finds_no_place_is_kept_as_extra_and_said_so(store: Store, bob_ranks: bool) -> None:
    studies = await kept(store, 1)
    await given(studies, "ann")
    await given(studies, "bob", LATER)
    if bob_ranks:
        await rank(store, "b0", "bob", LATER)
    late = await rank(store, "b0", "ann", LATER)
    assert late in store.rankings_of("b0")
    one = studies.assignment("s1", "b0", "ann")
    assert one is not None
    assert one.counted is False
    assert "extra" in (one.words or "")
    await rank(store, "b0", "bob", LATER)
    whole = studies.progress("s1", LATER)
    assert (whole.counted, whole.extra, whole.complete) == (1, 1, 1)


async def test_a_clock_that_lags_behind_never_makes_the_overlap_too_large(store: Store) -> None:
    studies = await kept(store, 2)
    await given(studies, "ann")
    await given(studies, "bob", NOON + MINUTE)
    assert await given(studies, "ann", NOON + timedelta(seconds=59)) == "b1"
    await rank(store, "b0", "ann", NOON + timedelta(seconds=59))
    await rank(store, "b0", "bob", NOON + MINUTE)
    whole = studies.progress("s1", NOON + MINUTE)
    assert (whole.counted, whole.extra) == (1, 1)


async def test_a_skipped_ballot_goes_to_others_and_back_only_where_it_is_asked_for(store: Store) -> None:
    studies = await kept(store, 2)
    await given(studies)
    await studies.skip("s1", "b0", "ann", NOON)
    await studies.skip("s1", "b0", "ann", NOON)
    assert await given(studies) == "b1"
    await rank(store, "b1", "ann", NOON)
    assert await given(studies) is None
    assert await given(studies, skipped=True) == "b0"
    await studies.skip("s1", "b0", "ann", NOON)
    assert await given(studies, "bob") == "b0"
    assert await given(studies, skipped=True) is None


async def test_what_others_skipped_comes_last(store: Store) -> None:
    studies = await kept(store, 3)
    await given(studies)
    await studies.skip("s1", "b0", "ann", NOON)
    order = []
    for _ in range(3):
        order.append(await given(studies, "bob"))
        await rank(store, str(order[-1]), "bob", NOON)
    assert order == ["b1", "b2", "b0"]


async def test_a_flagged_ballot_never_comes_back_to_who_flagged_it(store: Store) -> None:
    studies = await kept(store, 1)
    await given(studies)
    flag = await studies.flag("s1", "b0", "ann", "The answer is cut off.", NOON)
    assert studies.assignments("s1", "flagged") == (flag,)
    assert flag.reason == "The answer is cut off."
    assert await given(studies) is None
    assert await given(studies, skipped=True) is None
    assert await given(studies, "bob") == "b0"


async def test_only_what_one_was_given_and_has_not_ranked_can_be_put_aside(store: Store) -> None:
    studies = await kept(store, 1)
    with pytest.raises(StoreMissing, match="was not given ballot b0"):
        await studies.skip("s1", "b0", "ann", NOON)
    with pytest.raises(StoreMissing, match="no study 's9'"):
        await studies.flag("s9", "b0", "ann", "", NOON)
    await given(studies)
    with pytest.raises(RecordError, match="at most"):
        await studies.flag("s1", "b0", "ann", "x" * 6000, NOON)
    await rank(store, "b0", "ann", NOON)
    with pytest.raises(StoreConflict, match="another ranking"):
        await studies.skip("s1", "b0", "ann", NOON)


async def test_a_skipped_or_flagged_ballot_that_is_ranked_after_all_counts(store: Store) -> None:
    studies = await kept(store, 1)
    await given(studies)
    await studies.flag("s1", "b0", "ann", "odd", NOON)
    await rank(store, "b0", "ann", NOON)
    assert studies.progress("s1", NOON).counted == 1
    assert studies.assignments("s1", "flagged") == ()


async def test_a_correction_is_a_new_version_and_no_second_ranking(store: Store) -> None:
    studies = await kept(store, 1, overlap=2)
    await given(studies)
    first = await rank(store, "b0", "ann", NOON)
    second = await rank(store, "b0", "ann", LATER, "BA")
    assert second.supersedes == first.id
    assert studies.progress("s1", LATER).counted == 1


async def test_rankings_from_before_the_study_count_and_are_not_asked_for_again(store: Store) -> None:
    for one in ballots(2):
        await store.keep_ballot(one)
    for person in ("ann", "bob", "cat"):
        await rank(store, "b0", person, NOON)
    studies = await kept(store, 2, overlap=2)
    whole = studies.progress("s1", NOON)
    assert (whole.counted, whole.extra) == (2, 1)
    assert await given(studies, "ann") == "b1"


async def test_a_ranking_from_outside_the_queue_counts_while_there_is_a_place(store: Store) -> None:
    studies = await kept(store, 2)
    await rank(store, "b0", "ann", NOON)
    assert await given(studies, "ann") == "b1"
    await rank(store, "b1", "bob", NOON)
    assert studies.assignment("s1", "b1", "bob").counted is False  # type: ignore[union-attr]
    await rank(store, "b1", "ann", NOON)
    assert studies.progress("s1", NOON).complete == 2


async def test_one_ballot_of_two_studies_counts_in_both(store: Store) -> None:
    studies = await kept(store, 1)
    await studies.create(study(id="s2"), ballots(1))
    await given(studies)
    await rank(store, "b0", "ann", NOON)
    assert [studies.progress(id, NOON).counted for id in ("s1", "s2")] == [1, 1]
    assert await studies.next("s2", "bob", NOON) is None


async def test_a_refused_ranking_marks_nothing(store: Store) -> None:
    studies = await kept(store, 1)
    await given(studies)
    with pytest.raises(ValueError, match="not on the ballot"):
        await rank(store, "b0", "ann", NOON, "XYZ")
    assert studies.assignment("s1", "b0", "ann").state == "leased"  # type: ignore[union-attr]


async def test_a_closed_study_gives_nothing_out_but_takes_what_is_on_lease(store: Store) -> None:
    studies = await kept(store, 3)
    await given(studies)
    closed = await studies.close("s1", NOON)
    assert closed.closed_at == NOON
    assert await studies.close("s1", LATER) == closed
    assert studies.find("s1") == closed
    assert await given(studies) == "b0"
    assert await given(studies, "bob") is None
    await rank(store, "b0", "ann", NOON)
    whole = studies.progress("s1", NOON, "ann")
    assert (whole.counted, whole.own[0].left) == (1, 0)


async def test_progress_tells_of_the_person_and_of_the_whole(store: Store) -> None:
    studies = await kept(store, 5, ["b4"], overlap=2)
    for state in ("ranked", "skipped", "flagged", "held"):
        ballot = str(await given(studies))
        if state == "ranked":
            await rank(store, ballot, "ann", NOON)
        elif state == "skipped":
            await studies.skip("s1", ballot, "ann", NOON)
        elif state == "flagged":
            await studies.flag("s1", ballot, "ann", "odd", NOON)
    await given(studies, "bob")
    whole = studies.progress("s1", NOON, "ann")
    assert (whole.ballots, whole.gold, whole.wanted, whole.counted, whole.held, whole.free) == (5, 1, 10, 1, 2, 7)
    assert (whole.complete, whole.skipped, whole.flagged, whole.annotators) == (0, 1, 1, 2)
    mine = whole.own[0]
    assert (mine.ranked, mine.skipped, mine.flagged, mine.held, mine.left) == (1, 1, 1, 1, 1)
    assert [one.annotator for one in studies.progress("s1", NOON).own] == ["ann", "bob"]
    assert studies.progress("s1", LATER).expired == 2
    assert studies.progress("s1", LATER, "ann").own[0].left == 2
    assert studies.progress("s1", LATER, "new").own[0].left == 5
    with pytest.raises(StoreMissing):
        studies.progress("s9", NOON)

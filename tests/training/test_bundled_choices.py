"""The bench of the bundled orchestrator: single choices of policies whose figures are known before."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bench.bundled.cases import Asker, Case, cases_of
from bench.bundled.counterfactual import KINDS, Pair, Side, moved, pairs
from bench.bundled.following import followed
from bench.bundled.setting import ORACLE, Setting, opened
from bench.bundled.shares import hearing, moves
from orchestrator.pool import TOOLS
from orchestrator.preference import PreferenceVector
from tests.training.bundled_examples import HELD_OUT, SOME, TEST, VECTORS, Understanding


@pytest.fixture
async def setting() -> AsyncIterator[Setting]:
    async with opened() as made:
        yield made


def silent(done: int, total: int) -> None:
    """No progress."""


async def test_the_oracle_moves_as_itself_in_every_pair(setting: Setting) -> None:
    made = [pair for task in SOME for pair in pairs(setting, task)]
    found = moves(made, await moved(setting, ORACLE, made, Asker(), silent))
    assert found.pairs == len(made)
    assert found.as_oracle.cases > len(made) / 4
    for share in (found.as_oracle, found.exactly, found.clearly, found.both, found.rightly):
        assert share.cases > 0
        assert share.share is not None
        assert share.share.mean == 1.0


async def test_who_never_looks_at_preferences_or_prices_never_moves_in_the_right_direction(setting: Setting) -> None:
    made = [pair for task in SOME for pair in pairs(setting, task)]
    found = await moved(setting, "nearest", made, Asker(), silent)
    for kind in ("cost", "latency", "price"):
        of_kind = moves(made, found, (kind,))
        assert of_kind.as_oracle.cases > 0
        assert of_kind.rightly.share is None or of_kind.rightly.share.mean == 0.0
    everything = moves(made, found, KINDS)
    assert everything.exactly.share is not None
    assert everything.exactly.share.mean < 0.8


async def test_every_pair_differs_in_one_thing_alone(setting: Setting) -> None:
    for pair in (pair for task in SOME for pair in pairs(setting, task)):
        before, after = pair.before, pair.after
        assert (
            _differences(before, after)
            == {
                "cost": {"cost"},
                "latency": {"latency"},
                "price": {"prices"},
                "removed": {"offered"},
            }[pair.kind]
        )
        if pair.kind == "removed":
            assert set(before.offered) - set(after.offered) == {pair.old}
            assert pair.clear


def _differences(before: Side, after: Side) -> set[str]:
    found = {name for name in ("cost", "latency") if _weight(before, name) != _weight(after, name)}
    shared = [alias for alias in before.offered if alias in after.offered]
    if any(before.pool[alias] != after.pool[alias] for alias in shared):
        found.add("prices")
    return found | ({"offered"} if before.offered != after.offered else set())


def _weight(side: Side, name: str) -> float:
    weight: float = getattr(side.preference, name)
    return weight


async def test_the_cases_of_a_task_are_its_beginning_and_a_later_point_that_the_oracle_tells_apart(
    setting: Setting,
) -> None:
    assert len(TEST) >= 200
    for task in SOME:
        begun, *later = cases_of(task, setting.library)
        assert begun == Case(task)
        assert bool(later) == (bool(task.needs_document) or task.needs_program)
        for case in later:
            assert case.index == len(case.evidence.searches) + len(case.evidence.code_runs) > 0
            assert case.state != begun.state


def test_a_choice_that_stays_or_grows_dearer_is_not_in_the_right_direction(setting: Setting) -> None:
    side = Side(setting.pool, TOOLS["answer"], PreferenceVector(1.0, 1.0, 0.0))
    pair = Pair("cost", Case(TEST[0]), side, side, "answer-1", {"answer-4": 1.0, "answer-1": 0.5}, {"answer-1": 1.0})
    assert pair.rightly("answer-1", "answer-3") is True
    assert pair.rightly("answer-1", "answer-1") is False
    assert pair.rightly("answer-4", "answer-1") is False
    assert pair.rightly("answer-1", None) is False
    assert pair.rightly("search-1", "answer-1") is True
    price = replace(pair, kind="price")
    assert price.rightly("answer-2", "answer-2") is None
    assert price.rightly("answer-1", "answer-2") is True
    assert price.rightly("answer-1", "answer-1") is False


async def test_the_deaf_have_no_case_that_counts_and_so_follow_nothing(setting: Setting) -> None:
    for spec in ("nearest", "random"):
        heard = hearing(await followed(setting, spec, HELD_OUT, SOME[::4], Asker(), silent))
        assert (heard.followed.cases, heard.counted_instructions, heard.followed.share) == (0, 0, None)


async def test_who_understands_every_word_follows_every_counted_case(setting: Setting) -> None:
    here = replace(setting, own={"understanding": Understanding})
    heard = hearing(await followed(here, "understanding", HELD_OUT, SOME[::2], Asker(), silent))
    assert heard.followed.share is not None
    assert heard.followed.share.mean == 1.0
    assert heard.counted_instructions > 50
    assert sum(share.cases for share in heard.kinds.values()) == heard.followed.cases


async def test_who_hears_nothing_but_the_standard_words_does_not_follow(setting: Setting) -> None:
    """Its choices under the standard words differ, so its cases count, and the held-out words are lost on it."""
    unheard = frozenset(VECTORS)
    here = replace(setting, own={"understanding": lambda pool: Understanding(pool, unheard)})
    heard = hearing(await followed(here, "understanding", HELD_OUT, SOME[::2], Asker(), silent))
    assert heard.followed.cases > 50
    assert heard.exactly.share is not None
    assert heard.exactly.share.high < 0.85

"""Long texts: kept once beside the records, found by address, inlined again, and missed where they are gone."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from orchestrator.alternatives import new_id
from orchestrator.kept_text import SHORTEST, KeptText, is_address
from orchestrator.model_call import CallRole, ModelCall
from orchestrator.run import forked
from orchestrator.trajectory import Outcome, Step, StopReason, Trajectory, Verdict
from storage.database import check
from storage.errors import StoreConflict, StoreCorrupt
from storage.records import load_trajectory, trajectory_json
from storage.store import Store
from storage.tables import TEXT
from storage.texts import with_texts
from tests.examples import NOON, model_call
from tests.kept import edit, going, run, step
from tests.strategies import LONG_CALLS, LONG_TEXTS, trajectories

PROMPT = '{"messages": [{"role": "user", "content": "What is 17% of 2,340?"}]}' * 8
REPLY = '{"content": "half a pair: \ud83d, and \0"}' * 20
JUDGED = '{"content": "The answer says the same."}' * 12


def telling(index: int = 0, prompt: str | None = PROMPT, reply: str | None = REPLY) -> Step:
    """A step whose first call has these texts."""
    return replace(step(index), calls=(model_call(prompt=prompt, reply=reply), *step(index).calls))


def judged(of: Trajectory, *steps: Step) -> Trajectory:
    """The trajectory with these steps and an answer that a model judged."""
    call = model_call("0.0004", role=CallRole.JUDGE, prompt=PROMPT, reply=JUDGED)
    outcome = Outcome(Verdict.SOLVED, "gpt-5-mini", "the same number", call)
    return replace(of, steps=steps, stop_reason=StopReason.ANSWERED, answer="397.8", outcome=outcome)


def texts_of(call: ModelCall | None) -> tuple[str | None, str | None]:
    assert call is not None
    return call.prompt, call.reply


def count(store: Store) -> int:
    return int(store.read(lambda connection: connection.execute(select(func.count()).select_from(TEXT)).scalar_one()))


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Store]:
    """A store on another database."""
    with Store.open(f"sqlite:///{tmp_path}/other.db") as opened:
        yield opened


async def test_a_kept_step_holds_addresses_and_the_store_the_texts(store: Store) -> None:
    await store.begin(run(), [going()])
    kept = await store.keep_step("t1", telling())
    addresses = [text or "" for text in texts_of(kept.calls[0])]
    assert all(is_address(address) for address in addresses)
    assert kept.calls[1:] == telling().calls[1:]
    assert store.trajectory("t1") == replace(going(), steps=(kept,))
    assert [store.text(address) for address in addresses] == [PROMPT, REPLY]
    assert store.texts([*addresses, "sha256:" + "0" * 64]) == dict(zip(addresses, (PROMPT, REPLY), strict=True))
    assert store.with_texts(replace(going(), steps=(kept,))) == replace(going(), steps=(telling(),))


async def test_keeping_the_step_again_with_its_texts_or_their_addresses_does_nothing(store: Store) -> None:
    await store.begin(run(), [going()])
    kept = await store.keep_step("t1", telling())
    assert await store.keep_step("t1", telling()) == kept
    assert await store.keep_step("t1", kept) == kept
    with pytest.raises(StoreConflict, match="with other content"):
        await store.keep_step("t1", telling(prompt=PROMPT + "!"))
    assert count(store) == 2


async def test_the_same_text_is_kept_once_and_a_short_one_stays_in_its_record(store: Store) -> None:
    await store.begin(run(), [going(number) for number in range(20)])
    await asyncio.gather(*(store.keep_step(f"t{number}", telling(reply="{}")) for number in range(20)))
    found = store.trajectory("t7")
    assert found is not None
    assert found.steps[0].calls[0].reply == "{}"
    assert count(store) == 1


@pytest.mark.parametrize(("length", "aside"), [(SHORTEST - 1, False), (SHORTEST, True)])
async def test_the_shortest_text_that_is_worth_an_address(store: Store, length: int, aside: bool) -> None:
    await store.begin(run(), [going()])
    kept = await store.keep_step("t1", telling(prompt="x" * length, reply=None))
    assert is_address(kept.calls[0].prompt or "") is aside


async def test_a_step_that_is_refused_leaves_no_text(store: Store) -> None:
    await store.begin(run(), [going()])
    with pytest.raises(StoreConflict, match="the next one is step 0"):
        await store.keep_step("t1", telling(5))
    both = [store.keep_step("t1", telling()), store.keep_step("t1", telling(7, prompt="y" * 400))]
    results = await asyncio.gather(*both, return_exceptions=True)
    assert isinstance(results[1], StoreConflict)
    assert count(store) == 2


async def test_a_huge_prompt_is_packed_beside_the_loop_and_found_whole(store: Store) -> None:
    prompt = "".join(str(number) for number in range(400_000))
    await store.begin(run(), [going()])
    kept = await store.keep_step("t1", telling(prompt=prompt))
    assert store.text(kept.calls[0].prompt or "") == prompt


async def test_a_finished_trajectory_is_the_same_live_and_loaded(store: Store, url: str) -> None:
    await store.begin(run(), [going()])
    kept = await store.keep_step("t1", telling())
    live = await store.finish(judged(going(), kept))
    assert store.trajectory("t1") == live
    assert await store.finish(judged(going(), telling())) == live
    assert all(is_address(text or "") for text in texts_of(live.outcome.call))
    assert texts_of(store.with_texts(live).outcome.call) == (PROMPT, JUDGED)
    assert check(url) == []


async def test_a_fork_shares_the_texts_of_its_steps(store: Store) -> None:
    await store.begin(run(), [going()])
    kept = await store.keep_step("t1", telling())
    await store.keep_step("t1", telling(1, prompt=PROMPT + "1"))
    origin = store.trajectory("t1")
    assert origin is not None
    await store.begin(run(), [forked(origin, 1, "t2", NOON)])
    found = store.trajectory("t2")
    assert found is not None
    assert found.steps == (kept,)
    assert count(store) == 3


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(trajectories(2), LONG_CALLS, LONG_CALLS, st.booleans())
async def test_any_trajectory_survives_export_and_import_with_its_texts(
    store: Store, whole: Trajectory, call: ModelCall, judge: ModelCall, inline: bool
) -> None:
    steps = (Step(0, "", None, None, (call,)),)
    whole = replace(whole, id=new_id(), steps=steps, outcome=replace(whole.outcome, call=judge))
    await store.add(whole)
    kept = store.trajectory(whole.id)
    assert kept is not None
    assert is_address(kept.steps[0].calls[0].prompt or "")
    record = trajectory_json(store.with_texts(kept) if inline else kept)
    assert load_trajectory(record) == (whole if inline else kept)
    assert await store.add(load_trajectory(record)) is False


async def test_an_address_without_its_text_is_kept_and_filled_in_by_a_later_import(store: Store, other: Store) -> None:
    whole = judged(going(), telling())
    await store.add(whole)
    plain = store.trajectory("t1")
    assert plain is not None
    assert await other.add(plain) is True
    assert other.trajectory("t1") == plain
    assert other.with_texts(plain) == plain
    assert await other.add(store.with_texts(plain)) is False
    assert other.with_texts(plain) == whole


@given(LONG_TEXTS)
def test_inlining_touches_only_what_is_known(text: str) -> None:
    whole = judged(going(), telling(prompt=KeptText.of(text).address, reply=None))
    assert with_texts(whole, {}) == whole
    assert with_texts(whole, {KeptText.of(text).address: text}).steps[0].calls[0].prompt == text


SQLITE_ONLY = [
    ("UPDATE text SET packed = x'00'", "is damaged", True),
    ("UPDATE text SET packed = (SELECT packed FROM text ORDER BY address DESC)", "its digest differs", True),
    ("UPDATE text SET characters = 3", "characters, but its row says 3", False),
    ("DELETE FROM text", "trajectory t1: the text at sha256:", False),
]


@pytest.mark.parametrize(("statement", "says", "damaged"), SQLITE_ONLY)
async def test_check_finds_damaged_and_lost_texts(
    sqlite_url: str, file: Path, statement: str, says: str, damaged: bool
) -> None:
    with Store.open(sqlite_url) as store:
        await store.begin(run(), [going()])
        kept = await store.keep_step("t1", telling())
        await store.finish(judged(going(), kept))
    assert check(sqlite_url) == []
    edit(file, statement)
    assert any(says in problem for problem in check(sqlite_url))
    if damaged:
        with Store.open(sqlite_url) as store, pytest.raises(StoreCorrupt, match="damaged"):
            store.texts(text or "" for text in texts_of(kept.calls[0]))


async def test_texts_that_never_came_with_an_import_are_no_damage(sqlite_url: str, other: Store) -> None:
    await other.add(judged(going(), telling()))
    plain = other.trajectory("t1")
    assert plain is not None
    with Store.open(sqlite_url) as store:
        await store.add(plain)
        await store.begin(run(id="r2"), [replace(forked(plain, 0, "t2", NOON), run="r2")])
        fork = forked(replace(plain, steps=(*plain.steps, step(1))), 1, "t3", NOON)
        await store.begin(run(id="r2"), [replace(fork, run="r2")])
    assert check(sqlite_url) == []

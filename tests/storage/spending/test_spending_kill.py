"""`kill -9` between reserving and settling: no limit is passed, no cent is lost, what is left behind can be cleared."""

import asyncio
import random
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

from storage.store import Store
from tests.examples import NOON
from tests.storage.spending.spenders import ANN, end, everybody, keep, settle_left, used

ROOT = Path(__file__).parents[3]
KILLS = 3


def killed(url: str, *names: str, until: str | None = None) -> list[str]:
    """Children of these names work at once and are killed behind the first lines, or behind a line `until`.

    Gives all that they said.
    """
    script = [sys.executable, "-m", "tests.storage.spending.spending_child", url]
    children = [subprocess.Popen([*script, name], stdout=subprocess.PIPE, text=True, cwd=ROOT) for name in names]
    said: list[str] = []
    for child in children:
        assert child.stdout is not None
        lines = random.Random(names[0]).randint(3, 12) if until is None else sys.maxsize
        while lines > 0 and (line := child.stdout.readline()):
            said.append(line)
            lines = 0 if line.strip() == until else lines - 1
    for child in children:
        child.kill()
    for child in children:
        said += child.communicate(timeout=30)[0].splitlines()
    return [line.strip() for line in said]


def told(said: list[str], word: str) -> set[str]:
    return {line.split()[1] for line in said if line.startswith(f"{word} ")}


def in_flight(said: list[str]) -> set[str]:
    """Those that were to be settled: every second one is left as it is."""
    return {one for one in told(said, "reserved") - told(said, "settled") if int(one.split("-")[2]) % 2 == 0}


async def test_kill_between_reserving_and_settling_loses_no_cent(url: str) -> None:
    with Store.open(url) as store:
        await keep(store, everybody("1000000"))
    said: list[str] = []
    for number in range(KILLS):
        said += await asyncio.to_thread(killed, url, f"one{number}", f"two{number}")
    assert "refused" not in said, "the limit is far away"
    assert in_flight(said), "a kill came between reserving and settling"
    with Store.open(url) as store:
        now = used(store)
        ended = {one.id for one in store.iter_trajectories() if one.stop_reason is not None}
        assert told(said, "settled") <= ended
        assert now.spent_usd == Decimal("0.25") * len(ended)
        began = {one.id for one in store.iter_trajectories()}
        assert told(said, "reserved") <= began
        assert now.reserved_usd == len(began - ended), "what was reserved for those that were running is still reserved"
        await store.come()
        left = set(store.interrupted())
        assert left == began - ended
        one = left.pop()
        await store.reopen(one, ANN)
        whole = store.trajectory(one)
        assert whole is not None
        await end(store, whole)
        assert used(store).reserved_usd == len(left), "what is resumed and ends is settled"
        cleared = await settle_left(store, NOON, interrupted=True)
        assert {one.trajectory for one in cleared} == left
        total = used(store)
        kept = sum((one.cost_usd for one in store.iter_trajectories()), Decimal(0))
        assert (total.reserved_usd, total.spent_usd) == (Decimal(0), kept)


async def test_processes_that_are_killed_at_the_limit_pass_it_not(url: str) -> None:
    with Store.open(url) as store:
        await keep(store, everybody("20"))
    said = await asyncio.to_thread(killed, url, "one", "two", until="refused")
    assert told(said, "settled")
    with Store.open(url) as store:
        now = used(store)
        assert now.spent_usd + now.reserved_usd <= 20
        assert now.spent_usd + now.reserved_usd > 19, "it was reached"

"""`kill -9` between reserving and settling: no limit is passed, no cent is lost, what is left behind can be cleared."""

import asyncio
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

from storage.store import Store
from tests.examples import NOON
from tests.storage.spending.spenders import ANN, end, everybody, keep, settle_left, used

ROOT = Path(__file__).parents[3]
LINES = 60


def killed(url: str, *names: str) -> list[str]:
    """Children of these names work at once until each has said LINES lines; gives all that they said."""
    script = [sys.executable, "-m", "tests.storage.spending.spending_child", url]
    children = [subprocess.Popen([*script, name], stdout=subprocess.PIPE, text=True, cwd=ROOT) for name in names]
    said: list[str] = []
    for child in children:
        assert child.stdout is not None
        said += [child.stdout.readline() for _ in range(LINES)]
    for child in children:
        child.kill()
    for child in children:
        said += child.communicate(timeout=30)[0].splitlines()
    return [line.strip() for line in said]


async def test_kill_between_reserving_and_settling_loses_no_cent_and_passes_no_limit(url: str) -> None:
    with Store.open(url) as store:
        await keep(store, everybody("20"))
    said = await asyncio.to_thread(killed, url, "one", "two")
    reserved = {line.split()[1] for line in said if line.startswith("reserved")}
    settled = {line.split()[1] for line in said if line.startswith("settled")}
    assert settled
    assert "refused" in said, "the limit was reached"
    with Store.open(url) as store:
        now = used(store)
        assert now.spent_usd + now.reserved_usd <= 20
        ended = {one.id for one in store.iter_trajectories() if one.stop_reason is not None}
        assert settled <= ended
        assert now.spent_usd == Decimal("0.25") * len(ended)
        began = {one.id for one in store.iter_trajectories()}
        assert reserved <= began
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
        assert (total.reserved_usd, total.spent_usd) == (0, kept)

"""Reserves for run after run, and ends some, until it is killed. Tells what was acknowledged, a line each."""

import asyncio
import os
import sys
from collections.abc import Callable

from storage.spending.rules import Overspent
from storage.store import Store
from tests.storage.spending.spenders import ANN, begin, end, paid


async def work(url: str, name: str, say: Callable[[str], None]) -> None:
    """Four at once, each with a budget of $1, of which it spends a quarter."""
    with Store.open(url) as store:
        await store.come()
        await asyncio.gather(*(course(store, f"{name}-{number}", say) for number in range(4)))


async def course(store: Store, name: str, say: Callable[[str], None]) -> None:
    """Runs of one trajectory each; every second one is left as it is."""
    count = 0
    while True:
        id = f"{name}-{count}"
        count += 1
        try:
            (one,) = await begin(store, id, "1", ANN)
        except Overspent:
            say("refused")
            await asyncio.sleep(0)
            continue
        say(f"reserved {one.id}")
        if count % 2:
            await end(store, one, paid(0, "0.25"))
            say(f"settled {one.id}")


def say(line: str) -> None:
    """One unbuffered write, which outlives the process."""
    os.write(1, f"{line}\n".encode())


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], sys.argv[2], say))

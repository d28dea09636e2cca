"""PostgreSQL is killed and started again under a serving Podium, which goes on without being started anew."""

import asyncio
import os
import random
from pathlib import Path
from typing import Final

from tests.kills.fifty import ASIDES, SEED, STUDY, fifty, more, prepare
from tests.kills.models import priced_pool
from tests.kills.record import Record, judge
from tests.kills.served import serving
from tests.postgres import Server

KILLS: Final = max(2, int(os.environ.get("PODIUM_KILLS", "8")) // 4)


async def test_a_killed_postgres_loses_and_doubles_nothing_and_podium_goes_on(postgres: Server, tmp_path: Path) -> None:
    record, chance, database = Record(), random.Random(SEED), f"{postgres.url}/postgres"
    await prepare(database)
    async with priced_pool(tmp_path, SEED) as pool:
        with serving(database, pool, tmp_path) as served:
            served.start()
            await served.ready()
            before = served.pid
            async with fifty(served, record, away=True):
                for number in range(KILLS):
                    await asyncio.sleep(chance.uniform(0.2, 2.0))
                    await asyncio.to_thread(postgres.kill if number % 2 else postgres.stop)
                    await asyncio.sleep(chance.uniform(0, 1.0))
                    await asyncio.to_thread(postgres.start_again)
                    await more(record, 40)
            assert served.pid == before
            assert served.stop() == 0, served.log.read_text()[-5000:]
    print(record.told())
    recovered = (postgres.folder / "log").read_text().count("automatic recovery in progress")
    assert recovered == KILLS, "it was not killed"
    judge(record, database, [STUDY, ASIDES])

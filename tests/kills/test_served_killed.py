"""`kill -9` of a real server at random moments under fifty clients: nothing acknowledged is lost or doubled.

PODIUM_KILLS says how often, on each database.
"""

import asyncio
import os
import random
from pathlib import Path
from typing import Final

from tests.kills.fifty import ASIDES, SEED, STUDY, fifty, more, prepare
from tests.kills.models import priced_pool
from tests.kills.record import Record, judge
from tests.kills.served import serving

KILLS: Final = int(os.environ.get("PODIUM_KILLS", "8"))


async def test_kills_of_the_server_lose_and_double_nothing(database: str, tmp_path: Path) -> None:
    record, chance = Record(), random.Random(SEED)
    await prepare(database)
    async with priced_pool(tmp_path, SEED) as pool:
        with serving(database, pool, tmp_path) as served:
            served.start()
            await served.ready()
            async with fifty(served, record):
                for number in range(KILLS):
                    if number % 8 == 7:  # Some are killed while they start.
                        await asyncio.sleep(chance.uniform(0, 1.5))
                    else:
                        await served.ready()
                        await more(record, chance.randrange(80))
                    served.kill()
                    served.start()
                await served.ready()
            assert served.stop() == 0, served.log.read_text()[-5000:]
    print(record.told())
    judge(record, database, [STUDY, ASIDES])
    assert len(record.ranked) > 5 * KILLS, "hardly anything was ranked"
    assert sum(map(len, record.steps.values())) > 5 * KILLS, "hardly anything ran"

"""One of several processes on a database, without the page. Arguments: DB_URL DATA_DIR POOL."""

import asyncio
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

import uvicorn

from webapp.app import create_app
from webapp.operations.logs import LogForm, configure
from webapp.server import address
from webapp.services import open_services
from webapp.settings import Settings


async def serve(database: str, data_dir: Path, pool: Path) -> None:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    settings = Settings(data_dir=data_dir, pace=0.0, database_url=database, pool=pool)
    async with open_services(settings, address=address(listener)) as services:
        config = uvicorn.Config(create_app(services, page=False), log_config=None, log_level="error")
        print(address(listener), flush=True)
        await uvicorn.Server(config).serve(sockets=[listener])


if __name__ == "__main__":
    configure(LogForm.TEXT)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # As `podium serve` does: everything is closed in order.
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))

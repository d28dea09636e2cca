"""Serve Podium without its page, for tests that kill it: `python tests/webapp/bare_server.py DATA_DIR PACE`."""

import asyncio
import socket
import sys
from pathlib import Path

import uvicorn

from webapp.app import create_app
from webapp.services import open_services
from webapp.settings import Settings


async def serve(data_dir: Path, pace: float) -> None:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    async with open_services(Settings(data_dir=data_dir, pace=pace, policy="random")) as services:
        config = uvicorn.Config(create_app(services, page=False), log_level="error")
        print(listener.getsockname()[1], flush=True)
        await uvicorn.Server(config).serve(sockets=[listener])


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), float(sys.argv[2])))

"""The serving process: opens the services, serves the application, closes both in order."""

import asyncio
import socket
import sys
import webbrowser

import uvicorn

from webapp.app import create_app
from webapp.services import Progress, Services, open_services
from webapp.settings import Settings

GRACE_S = 5
"""Seconds that open streams get when the server is asked to stop."""


def serve(
    settings: Settings, listener: socket.socket, on_progress: Progress | None = None, *, open_browser: bool = False
) -> None:
    """Serve on this listening socket until a signal asks to stop."""
    asyncio.run(_serve(settings, listener, on_progress, open_browser=open_browser))


async def _serve(
    settings: Settings, listener: socket.socket, on_progress: Progress | None, *, open_browser: bool
) -> None:
    async with open_services(settings, on_progress) as services:
        app = create_app(services)
        config = uvicorn.Config(
            app, log_level="warning", timeout_graceful_shutdown=GRACE_S, server_header=False, lifespan="on"
        )
        server = uvicorn.Server(config)
        greeting = asyncio.create_task(_greet(server, services, listener, open_browser=open_browser))
        try:
            await server.serve(sockets=[listener])
        finally:
            greeting.cancel()


async def _greet(server: uvicorn.Server, services: Services, listener: socket.socket, *, open_browser: bool) -> None:
    """Once the server answers, say where it is and what it found."""
    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0.02)
    host, port = listener.getsockname()[:2]
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}/ui"
    print(f"Podium is at {address}", flush=True)  # noqa: T201
    print(services.words, file=sys.stderr)  # noqa: T201
    if services.interrupted:
        count = len(services.interrupted)
        print(  # noqa: T201
            f"{count} {'trajectory was' if count == 1 else 'trajectories were'} interrupted by the last stop; "
            "resume them on the page under History",
            file=sys.stderr,
        )
    if open_browser:
        await asyncio.to_thread(webbrowser.open, address)

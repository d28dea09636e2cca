"""The serving process: opens the services, serves the application, closes both in order."""

import asyncio
import logging
import os
import socket
import sys
import webbrowser
from typing import Final

import uvicorn

from webapp.app import create_app
from webapp.audience.reach import reach
from webapp.operations.logs import configure
from webapp.phone_server import phones_served
from webapp.services import Progress, Services, open_services
from webapp.settings import Settings

logger = logging.getLogger(__name__)

GRADIO: Final = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_ANALYTICS_MAX_EVENTS": "100",
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": "1000000",
}
"""Gradio asks nobody outside, and does not sum up its queue after every event, which costs more and more."""
GRACE_S: Final = 5
"""Seconds that open streams get when the server is asked to stop."""


def serve(
    settings: Settings,
    listener: socket.socket,
    on_progress: Progress | None = None,
    *,
    phones: socket.socket | None = None,
    open_browser: bool = False,
) -> None:
    """Serve on this listening socket, and phones of audiences on the other one, until a signal asks to stop."""
    for name, value in GRADIO.items():
        os.environ.setdefault(name, value)
    configure(settings.log)
    asyncio.run(_serve(settings, listener, on_progress, phones=phones, open_browser=open_browser))


async def _serve(
    settings: Settings,
    listener: socket.socket,
    on_progress: Progress | None,
    *,
    phones: socket.socket | None,
    open_browser: bool,
) -> None:
    async with open_services(settings, on_progress) as services:
        app = create_app(services)
        config = uvicorn.Config(
            app,
            log_config=None,
            log_level="warning",
            timeout_graceful_shutdown=GRACE_S,
            server_header=False,
            lifespan="on",
        )
        server = _Server(config, services)
        greeting = asyncio.create_task(_greet(server, services, listener, open_browser=open_browser))
        try:
            async with phones_served(services, phones):
                await server.serve(sockets=[listener])
        finally:
            greeting.cancel()


class _Server(uvicorn.Server):
    """Sends those who follow runs or audiences home when it is asked to stop, so that it need not wait for them."""

    def __init__(self, config: uvicorn.Config, services: Services) -> None:
        super().__init__(config)
        self._services = services

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, end the streams, wait for the rest."""
        logger.info("stopping", extra={"trajectories_running": self._services.runs.going})
        self._services.runs.dismiss()
        self._services.hosting.dismiss()
        await super().shutdown(sockets)


async def _greet(server: uvicorn.Server, services: Services, listener: socket.socket, *, open_browser: bool) -> None:
    """Once the server answers, say where it is and what it found."""
    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0.02)
    host, port = listener.getsockname()[:2]
    logger.info("serving", extra={"host": host, "port": port, "interrupted": len(services.interrupted)})
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - it is only looked up
    address = f"http://{everywhere.get(host) or (f'[{host}]' if ':' in host else host)}:{port}/ui"
    print(f"Podium is at {address}", flush=True)  # noqa: T201
    if services.settings.audience is not None:
        print(f"Phones of an audience join at {reach(services.settings, '').join_url('CODE')}", file=sys.stderr)  # noqa: T201
    print("\n".join((services.words, *services.workshop.notices)), file=sys.stderr)  # noqa: T201
    if (licence := await services.serving.licence()) is not None:
        print(licence.words, file=sys.stderr)  # noqa: T201
    if services.interrupted:
        count = len(services.interrupted)
        print(  # noqa: T201
            f"{count} {'trajectory was' if count == 1 else 'trajectories were'} interrupted by the last stop; "
            "resume them on the page under History",
            file=sys.stderr,
        )
    if open_browser:
        await asyncio.to_thread(webbrowser.open, address)

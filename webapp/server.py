"""The serving process: opens the services, serves the application, closes both in order."""

import asyncio
import gc
import logging
import os
import socket
import sys
import webbrowser
from types import FrameType
from typing import Final

import uvicorn

from storage.accounts.accounts import Accounts
from webapp.app import create_app
from webapp.audience.reach import reach
from webapp.connection import allow_files, listening
from webapp.oidc.provider import check_installed
from webapp.operations.farewell import finish_steps
from webapp.operations.logs import configure
from webapp.phone_server import phones_served
from webapp.services import Progress, Services, open_services
from webapp.settings import Settings, SettingsError

logger = logging.getLogger(__name__)

GRADIO: Final = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_ANALYTICS_MAX_EVENTS": "100",
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": "1000000",
}
"""Gradio asks nobody outside, and does not sum up its queue after every event, which costs more and more."""
GRACE_S: Final = 2
"""Seconds that replies under way get at most when the server is asked to stop."""


def serve(
    settings: Settings,
    listener: socket.socket,
    on_progress: Progress | None = None,
    *,
    phones: socket.socket | None = None,
    open_browser: bool = False,
) -> None:
    """Serve on this listening socket, and phones of audiences on the other one, until a signal asks to stop."""
    check_oidc(settings)
    for name, value in GRADIO.items():
        os.environ.setdefault(name, value)
    configure(settings.log)
    allow_files()
    asyncio.run(_serve(settings, listener, on_progress, phones=phones, open_browser=open_browser))


async def _serve(
    settings: Settings,
    listener: socket.socket,
    on_progress: Progress | None,
    *,
    phones: socket.socket | None,
    open_browser: bool,
) -> None:
    async with open_services(settings, on_progress, address(listener)) as services:
        check_binding(settings, any_account=Accounts(services.store).any_account())
        app = create_app(services)
        config = uvicorn.Config(
            app,
            log_config=None,
            log_level="warning",
            timeout_graceful_shutdown=GRACE_S,
            lifespan="on",
            forwarded_allow_ips=settings.trusted_proxies,
            **listening(),
        )
        server = _Server(config, services)
        greeting = asyncio.create_task(_greet(server, services, listener, open_browser=open_browser))
        try:
            async with phones_served(services, phones):
                await server.serve(sockets=[listener])
        finally:
            greeting.cancel()


def check_binding(settings: Settings, *, any_account: bool) -> None:
    """Raises SettingsError where others could reach a server on which whoever comes may do everything."""
    if settings.loopback or any_account:
        return
    if not settings.allow_anyone:
        raise SettingsError(
            f"others can reach {settings.host}, and nobody has an account yet. Make the first one: podium user add "
            "NAME --role admin; or listen on 127.0.0.1. To let whoever comes do everything, such as behind a proxy "
            "that knows your people: --allow-anyone or PODIUM_ALLOW_ANYONE=1"
        )
    told = f"ANYONE WHO REACHES {settings.host} MAY DO EVERYTHING: nobody has an account, and anyone is allowed."
    print(told, file=sys.stderr)  # noqa: T201
    logger.warning("anyone may do everything", extra={"host": settings.host})


def check_oidc(settings: Settings) -> None:
    """Raises SettingsError where people are to log in by OpenID Connect, and the library for it is missing."""
    if settings.oidc is None:
        return
    try:
        check_installed()
    except ValueError as error:
        raise SettingsError(str(error)) from None


class _Server(uvicorn.Server):
    """Sends those who follow runs or audiences home when it is asked to stop, so that it need not wait for them."""

    def __init__(self, config: uvicorn.Config, services: Services) -> None:
        super().__init__(config)
        self._services = services
        self._signals = 0

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A first signal asks to stop, a second one to hurry."""
        self._signals += 1
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let steps finish, stop listening, end the streams, wait for the rest.

        Until steps are finished, requests are answered, so that what people rank meanwhile is kept.
        """
        self._services.readiness.stopping = True
        within_s = self._services.settings.stop_within_s
        await finish_steps(self._services.runs.leave, within_s, lambda: self._signals > 1)
        self._services.runs.dismiss()
        self._services.hosting.dismiss()
        await super().shutdown(sockets)


def address(listener: socket.socket) -> str:
    """By which a program on this machine reaches what listens there."""
    host, port = listener.getsockname()[:2]
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - it is only looked up
    return f"http://{everywhere.get(host) or (f'[{host}]' if ':' in host else host)}:{port}"


def _spare_collections() -> None:
    """Leave what the start made out of later garbage collections: each held up everybody while it walked all that."""
    gc.collect()
    gc.freeze()


async def _greet(server: uvicorn.Server, services: Services, listener: socket.socket, *, open_browser: bool) -> None:
    """Once the server answers, say where it is and what it found."""
    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0.02)
    _spare_collections()
    host, port = listener.getsockname()[:2]
    logger.info("serving", extra={"host": host, "port": port, "interrupted": len(services.interrupted)})
    page = f"{address(listener)}/ui"
    print(f"Podium is at {page}", flush=True)  # noqa: T201
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
        await asyncio.to_thread(webbrowser.open, page)

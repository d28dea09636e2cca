"""`podium serve`: the app. Prints its address and, in words, which policy and pool it found."""

import argparse
import errno
import signal
import socket
import sys
from dataclasses import replace
from typing import Any

from prefs.audience import MOST_SEATS
from webapp.cli import flags, progress
from webapp.settings import SettingsError


def add_to(commands: Any) -> None:
    """The command and its flags."""
    command = commands.add_parser("serve", help="serve the page and the HTTP interface")
    command.add_argument("--host", help="address to listen on (127.0.0.1)")
    command.add_argument("--port", type=flags.port, help="port to listen on (8000); 0 takes any free one")
    command.add_argument(
        "--audience", type=flags.address, metavar="HOST:PORT", help="also listen there, for the phones of an audience"
    )
    command.add_argument(
        "--audience-url", type=flags.url, metavar="URL", help="how phones reach that, where it is not its own address"
    )
    command.add_argument(
        "--allow-anyone",
        action="store_true",
        help="serve others although there is no account: they may do everything",
    )
    command.add_argument("--open", action="store_true", help="open the page in the browser")
    flags.add_installation(command)
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Serve until interrupted."""
    # Asked to stop by whatever started it, it stops in order, also before the server listens to signals itself.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    settings = flags.settings(chosen)
    if chosen.allow_anyone:
        settings = replace(settings, allow_anyone=True)
    listener = _listen(settings.host, settings.port)
    print(f"Starting Podium on http://{settings.host}:{listener.getsockname()[1]} …", file=sys.stderr)
    phones = None
    if settings.audience is not None:
        phones = _listen(*settings.audience, "--audience", waiting=MOST_SEATS)
        settings = replace(settings, audience=(settings.audience[0], phones.getsockname()[1]))
    from webapp.server import serve  # noqa: PLC0415 - a port in use is said before seconds of imports

    try:
        serve(settings, listener, progress.indexing, phones=phones, open_browser=chosen.open)
    except KeyboardInterrupt:
        print("Podium has stopped", file=sys.stderr)
    return 0


def _listen(host: str, port: int, flag: str = "--port", *, waiting: int = 128) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, since asyncio sends small replies at once (TCP_NODELAY) only where it knows that it is.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(waiting)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise SettingsError(
                f"port {port} of {host} is in use; stop what listens there or choose another with {flag}"
            ) from error
        raise SettingsError(f"cannot listen on {host} port {port}: {error.strerror or error}") from error
    return listener

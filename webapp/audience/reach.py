"""Where phones find this process, and what to do where they cannot."""

import socket
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from webapp.settings import LOOPBACK, Settings

WILDCARDS: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - it is only looked up
PORT: Final = 8080
"""Of the command that is suggested."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Where an audience joins."""

    base: str
    """Such as `http://192.168.1.23:8080`; the code follows behind `/join/`."""
    room: bool
    """Whether others than this machine can open it, as far as this process knows."""
    command: str | None
    """What opens it to the room; `None` where it is open."""

    def join_url(self, code: str) -> str:
        """The address of one audience."""
        return f"{self.base}/join/{code}"


def reach(settings: Settings, own: str) -> Reach:
    """Where phones join. `own` is the address of the app itself, without a slash at its end."""
    if settings.audience_url is not None:
        return Reach(settings.audience_url.rstrip("/"), True, None)
    if settings.audience is None:
        inside = settings.host in LOOPBACK
        return Reach(_from_outside(own, settings.host), not inside, _command() if inside else None)
    host, port = settings.audience
    if host in WILDCARDS:
        host = _machine()
    inside = host in LOOPBACK
    return Reach(f"http://{_written(host)}:{port}", not inside, _command(port) if inside else None)


def _from_outside(own: str, listens_on: str) -> str:
    """The app's own address. Who opened it on this machine reads `127.0.0.1` there, which is every phone's own."""
    asked = urlsplit(own)
    if listens_on not in WILDCARDS or asked.hostname not in LOOPBACK:
        return own
    port = "" if asked.port is None else f":{asked.port}"
    return urlunsplit(asked._replace(netloc=f"{_written(_machine())}{port}"))


def _machine() -> str:
    return machine_address() or socket.gethostname()


def machine_address() -> str | None:
    """This machine's address in the network that leads outside; `None` without one. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # reserved for documentation, so that nobody is there
        except OSError:
            return None
        address: str = probe.getsockname()[0]
    return None if address.startswith("127.") or address in WILDCARDS else address


def _command(port: int = PORT) -> str:
    return f"podium serve --audience {_written(machine_address() or 'ADDRESS')}:{port or PORT}"


def _written(host: str) -> str:
    return f"[{host}]" if ":" in host else host

"""A request as it goes out, and the only addresses it may go to."""

from dataclasses import dataclass
from typing import Final

import httpx

JSON: Final = b"application/json"
_MOST_KEPT: Final = 16


@dataclass(frozen=True, slots=True)
class Sent:
    """What is asked of a server."""

    method: str
    path: str
    """Appended to the endpoint's base_url; or a full address on the same host and port."""
    body: bytes = b""
    accept: bytes = JSON


class Addresses:
    """The addresses of one server. Pages and models name none, and no path leads to another server."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._origin = _origin(httpx.URL(base))
        self._kept: dict[str, httpx.URL] = {}

    def of(self, path: str) -> httpx.URL | None:
        """The address of a path; `None` where it would be another server's."""
        url = self._kept.get(path)
        if url is None:
            url = _url(path if path.startswith(("http:", "https:")) else f"{self._base}{path}")
            if url is None or _origin(url) != self._origin:
                return None
            if len(self._kept) < _MOST_KEPT:
                self._kept[path] = url
        return url


def _url(address: str) -> httpx.URL | None:
    try:
        return httpx.URL(address)
    except httpx.InvalidURL:
        return None


def _origin(url: httpx.URL) -> tuple[str, str, int | None, bytes]:
    return url.scheme, url.host, url.port, url.userinfo

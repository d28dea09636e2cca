"""The HTTP transport of model calls: aiohttp's connections behind httpx's transport interface.

`bench/transport.py` has the reason: httpx's own pool costs ten times the processor time at 100 concurrent calls.
"""

import ipaddress
import ssl
from collections.abc import Iterable
from typing import Final
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx

CONNECT_TIMEOUT_S: Final = 10.0

_ERRORS: Final[tuple[tuple[type[Exception], type[httpx.TransportError]], ...]] = (
    (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout),
    (aiohttp.ServerTimeoutError, httpx.ReadTimeout),
    (aiohttp.ClientConnectorCertificateError, httpx.ConnectError),
    (aiohttp.ClientConnectorError, httpx.ConnectError),
    (aiohttp.InvalidURL, httpx.UnsupportedProtocol),
    (aiohttp.ServerDisconnectedError, httpx.RemoteProtocolError),
    (aiohttp.ClientResponseError, httpx.RemoteProtocolError),
    (aiohttp.ClientError, httpx.ReadError),
    (ConnectionError, httpx.ReadError),
)
"""The first match wins, so the narrower error stands first."""


class PooledTransport(httpx.AsyncBaseTransport):
    """Keeps connections alive for one event loop and reads each reply whole. Cancelling a request closes its socket."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._tls: ssl.SSLContext | None = None
        self._proxies: dict[tuple[str, str], str | None] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request; raises httpx.TransportError. Reads the `timeout` extension's `connect` and `read`."""
        limits = request.extensions.get("timeout", {})
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=limits.get("connect", CONNECT_TIMEOUT_S), sock_read=limits.get("read")
        )
        try:
            response = await self._open().request(
                request.method,
                str(request.url),
                headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw],
                data=await request.aread(),
                allow_redirects=False,
                timeout=timeout,
                proxy=self._proxy(request.url),
                ssl=self._certificates() if request.url.scheme == "https" else True,
            )
            try:
                content = await response.read()
            finally:
                # A reply that was read to its end has given its connection back already; any other is cut off here.
                response.close()
        except (aiohttp.ClientError, ConnectionError, TimeoutError) as error:
            raise _translated(error, request) from error
        return _Whole(response.status, response.raw_headers, content, request)

    async def aclose(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=30),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    def _proxy(self, url: httpx.URL) -> str | None:
        """The proxy that the environment names for this server, looked up once for each."""
        key = (url.scheme, url.host)
        if key not in self._proxies:
            direct = _is_loopback(url.host) or proxy_bypass(url.host)
            self._proxies[key] = None if direct else getproxies().get(url.scheme)
        return self._proxies[key]

    def _certificates(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = httpx.create_ssl_context()
        return self._tls


class _Whole(httpx.Response):
    """A reply whose body was read and decoded before, so that nothing is left to read or to decode."""

    def __init__(
        self, status: int, raw_headers: Iterable[tuple[bytes, bytes]], content: bytes, request: httpx.Request
    ) -> None:
        headers = [pair for pair in raw_headers if pair[0].lower() != b"content-encoding"]
        super().__init__(status, headers=headers, stream=httpx.ByteStream(content), request=request)
        self._whole = content
        self.is_closed = self.is_stream_consumed = True

    @property
    def content(self) -> bytes:
        """The body."""
        return self._whole

    def read(self) -> bytes:
        """The body."""
        return self._whole

    async def aread(self) -> bytes:
        """The body."""
        return self._whole


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _translated(error: Exception, request: httpx.Request) -> httpx.TransportError:
    for ours, theirs in _ERRORS:
        if isinstance(error, ours):
            return theirs(str(error) or type(error).__name__, request=request)
    return httpx.ReadTimeout(str(error) or "timed out", request=request)


def root(error: BaseException) -> BaseException:
    """The first cause of an error, which tells a refused connection from an unknown host."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return error

"""The HTTP transport of model calls: aiohttp's connections behind httpx's transport interface.

`bench/transport.py` has the reason: httpx's own pool costs ten times the processor time at 100 concurrent calls.
"""

import ipaddress
import ssl
from typing import Final
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx

CONNECT_TIMEOUT_S: Final = 10.0

_ERRORS: Final[tuple[tuple[type[Exception], type[httpx.TransportError], str | None], ...]] = (
    (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout, None),
    (aiohttp.ServerTimeoutError, httpx.ReadTimeout, None),
    (aiohttp.ClientConnectorError, httpx.ConnectError, None),
    (aiohttp.ClientConnectorCertificateError, httpx.ConnectError, None),
    (aiohttp.InvalidURL, httpx.UnsupportedProtocol, None),
    (aiohttp.ServerDisconnectedError, httpx.RemoteProtocolError, "closed before there was a reply"),
    (aiohttp.ClientPayloadError, httpx.RemoteProtocolError, "the reply has no end or cannot be decoded"),
    (aiohttp.ClientResponseError, httpx.RemoteProtocolError, "the reply is no valid HTTP"),
    (aiohttp.ClientOSError, httpx.ReadError, None),
    (aiohttp.ClientError, httpx.ReadError, "the connection failed"),
    (ConnectionError, httpx.ReadError, None),
)
"""The first match wins. Words of our own stand where aiohttp's quote what came, be it half of a key."""


class ConnectionRefused(httpx.ConnectError):
    """Nobody listens at that address."""


class PooledTransport(httpx.AsyncBaseTransport):
    """Keeps connections alive for one event loop. Whoever reads a reply closes its stream, which closes the socket
    unless the reply was read to its end; cancelling a request closes it, too."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._tls: ssl.SSLContext | None = None
        self._proxies: dict[tuple[str, str], str | None] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request and wait for the headers of the reply; raises httpx.TransportError.

        Reads the `timeout` extension's `connect` and `read`.
        """
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
        except (aiohttp.ClientError, ConnectionError, TimeoutError) as error:
            failure = _translated(error)
        else:
            # aiohttp has decoded the body, so that nothing is left to decode.
            headers = [pair for pair in response.raw_headers if pair[0].lower() != b"content-encoding"]
            return httpx.Response(response.status, headers=headers, stream=_Body(response))
        # Raised here and not above: aiohttp's errors show the request's headers, and with them the key.
        raise failure

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


class _Body(httpx.AsyncByteStream):
    """The body of a reply as it arrives."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    def __aiter__(self) -> "_Body":
        return self

    async def __anext__(self) -> bytes:
        content = self._response.content
        if content.at_eof():
            raise StopAsyncIteration
        try:
            piece = await content.readany()
        except (aiohttp.ClientError, ConnectionError, TimeoutError) as error:
            failure = _translated(error)
        else:
            if not piece:
                raise StopAsyncIteration
            return piece
        raise failure

    async def aclose(self) -> None:
        """A reply that was read to its end has given its connection back already; any other is cut off here."""
        self._response.close()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _translated(error: Exception) -> httpx.TransportError:
    said = str(error) or type(error).__name__
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, ConnectionRefusedError):
        return ConnectionRefused(said)
    for ours, theirs, words in _ERRORS:
        if isinstance(error, ours):
            return theirs(words or said)
    return httpx.ReadTimeout(str(error) or "timed out")

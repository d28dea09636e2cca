"""Everything that is asked of one server over HTTP: connections, deadlines, retries, limits, keys, plain errors."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

import httpx

from orchestrator.breaker import Breaker, Passage
from orchestrator.course import Course
from orchestrator.failure import EndpointFailed, Failures, TryAgain
from orchestrator.key import BadKey, Given, Key
from orchestrator.model_call import Attempt
from orchestrator.pool import Endpoint
from orchestrator.reply_body import TooLarge, beginning, whole
from orchestrator.retry import LONGEST_WAIT_S, RETRIES, wait_s
from orchestrator.sent import JSON, Addresses, Sent

__all__ = ["EndpointClient", "EndpointFailed", "Sent"]

PATIENCE_S: Final = 5.0
"""A pause that the breaker makes is waited for if it is not longer, so that a few unlucky failures end no run."""
_LOOK_AGAIN_S: Final = 0.05

_T = TypeVar("_T")

Read = Callable[[httpx.Response], Awaitable[_T]]
"""Reads a reply with status 200; raises EndpointFailed or TryAgain. Never closes it."""


class EndpointClient:
    """One server: connection reuse, deadlines, bounded retries, a circuit breaker, a limit of calls in flight, its key.

    Clients of several endpoints may share a transport, which whoever made it closes, and the keys that were `given` to
    servers, each of which is struck out of what any of them says.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        transport: httpx.AsyncBaseTransport,
        *,
        retries: int = RETRIES,
        given: Given | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self.endpoint = endpoint
        self.in_flight = 0
        """Calls really under way now, those that wait for a place not counted."""
        self.breaker = Breaker()
        self.base = endpoint.base_url.rstrip("/")
        self.key = Key(endpoint.api_key_env, given)
        self.failures = Failures(self.base, endpoint, self.key)
        self._transport = transport
        self._retries = retries
        self._patience_s = patience_s
        self._places = None if endpoint.max_in_flight is None else asyncio.Semaphore(endpoint.max_in_flight)
        self._addresses = Addresses(self.base)

    async def post_json(
        self,
        path: str,
        body: Mapping[str, Any] | bytes,
        *,
        timeout_s: float,
        attempts: list[Attempt] | None = None,
    ) -> Any:
        """The JSON that the server replies with; raises EndpointFailed.

        Failed attempts are also appended to `attempts`, so that they are known when the call fails or is cancelled.
        """
        written = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.exchange(Sent("POST", path, written), self._json, timeout_s, _course(attempts))

    async def get_json(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        timeout_s: float,
        attempts: list[Attempt] | None = None,
    ) -> Any:
        """The JSON at an address; raises EndpointFailed."""
        address = f"{path}?{urlencode(params)}" if params else path
        return await self.exchange(Sent("GET", address), self._json, timeout_s, _course(attempts))

    async def get_text(self, path: str, *, timeout_s: float) -> str:
        """The text at an address, such as a server's metrics; raises EndpointFailed."""
        return await self.exchange(Sent("GET", path, accept=b"*/*"), self._text, timeout_s, Course())

    async def exchange(self, sent: Sent, read: Read[_T], timeout_s: float, course: Course) -> _T:
        """What `read` makes of the reply, within `timeout_s` for waiting, retries and all; raises EndpointFailed."""
        try:
            async with asyncio.timeout(timeout_s):
                return await self._persist(sent, read, timeout_s, course)
        except TimeoutError:
            before = f"; before that: {course.attempts[-1].error}" if course.attempts else ""
            waited = "had no free place for the call" if course.queued_s else "was not asked: no time was left"
            did = "did not finish its reply" if course.in_flight else waited
            failure = EndpointFailed(f"{self.base} {did} within {timeout_s:.3g} s{before}")
        raise failure

    async def _persist(self, sent: Sent, read: Read[_T], timeout_s: float, course: Course) -> _T:
        for attempt in range(self._retries + 1):
            try:
                return await self._in_place(sent, read, timeout_s, course)
            except TryAgain as again:
                failure, asked_s = again.failure, again.wait_s
            if attempt == self._retries or (asked_s or 0.0) > LONGEST_WAIT_S:
                break
            course.failed(str(failure))
            await asyncio.sleep(wait_s(attempt, asked_s))
        raise failure

    async def _in_place(self, sent: Sent, read: Read[_T], timeout_s: float, course: Course) -> _T:
        """An attempt in one of the places for calls in flight, which are given in the order of asking."""
        places = self._places
        if places is None:
            return await self._attempt(sent, read, timeout_s, course)
        if self.breaker.wait_s > self._patience_s:
            raise self._paused()
        clock = time.perf_counter()
        try:
            await places.acquire()
        finally:
            course.queued_s += time.perf_counter() - clock
        try:
            return await self._attempt(sent, read, timeout_s, course)
        finally:
            places.release()

    def _paused(self) -> EndpointFailed:
        breaker = self.breaker
        wait = f"it is tried again in {breaker.wait_s:.1f} s" if breaker.wait_s else "it is being tried by another call"
        return EndpointFailed(
            f"{self.base} is not asked now: it failed {breaker.failures} times in a row, and {wait}"
            f" (last failure: {breaker.last_error})"
        )

    async def _admitted(self, course: Course) -> Passage:
        """Let through by the breaker, maybe after a short pause; raises EndpointFailed where it would be long."""
        clock = time.perf_counter()
        while (passage := self.breaker.admit()) is None:
            left_s = self._patience_s - (time.perf_counter() - clock)
            if left_s <= 0 or self.breaker.wait_s > left_s:
                raise self._paused()
            # At the end of a pause one call tries the server; the others look again until it is known how it went.
            await asyncio.sleep(max(self.breaker.wait_s, _LOOK_AGAIN_S))
        course.queued_s += time.perf_counter() - clock
        return passage

    async def _attempt(self, sent: Sent, read: Read[_T], timeout_s: float, course: Course) -> _T:
        passage = Passage.FREE if self.breaker.free else await self._admitted(course)
        self.in_flight += 1
        try:
            request = self._request(sent, timeout_s)
            course.begin(self.in_flight)
            result = await self._reply(request, read, course)
        except EndpointFailed as failure:
            self._tell(failure, passage)
            raise
        except TryAgain as again:
            self._tell(again.failure, passage)
            raise
        except BaseException:
            self.breaker.abandon(passage)
            raise
        finally:
            self.in_flight -= 1
        self.breaker.alive()
        return result

    def _tell(self, failure: EndpointFailed, passage: Passage) -> None:
        """What a failed attempt says of the server's health."""
        if failure.unhealthy:
            self.breaker.ill(passage, str(failure))
        elif failure.status is not None:
            self.breaker.alive()
        else:
            self.breaker.abandon(passage)

    async def _reply(self, request: httpx.Request, read: Read[_T], course: Course) -> _T:
        failure: Exception
        try:
            response = await self._transport.handle_async_request(request)
            try:
                if response.status_code == httpx.codes.OK:
                    return await read(response)
                course.due = False
                refusal = await beginning(response)
            finally:
                await response.stream.aclose()  # type: ignore[union-attr]
        except httpx.TransportError as error:
            course.due = course.due and not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
            failure = self.failures.unreachable(error)
        except TooLarge as error:
            failure = EndpointFailed(f"{self.base} replied with {error}, which was not read")
        else:
            failure = self.failures.refused(response.status_code, refusal, response.headers.get("retry-after"))
        # Raised here, so that it has no cause whose text or request could show the key.
        raise failure

    def _request(self, sent: Sent, timeout_s: float) -> httpx.Request:
        url = self._addresses.of(sent.path)
        if url is None:
            raise EndpointFailed(f"{sent.path!r} leads away from {self.base}, so it is not asked", ours=True)
        headers = [(b"Host", url.netloc), (b"Accept", sent.accept), (b"Accept-Encoding", b"identity")]
        try:
            key = self.key.value()
        except BadKey as error:
            raise EndpointFailed(f"{self.base} {error}", ours=True) from None
        if key is not None:
            headers.append((b"Authorization", b"Bearer " + key.encode()))
        if sent.method == "POST":
            headers += [(b"Content-Type", JSON), (b"Content-Length", b"%d" % len(sent.body))]
        limits = {"connect": self.endpoint.connect_timeout_s, "read": min(self.endpoint.read_timeout_s, timeout_s)}
        # Given a stream, httpx derives no headers; for each call anew, that costs more than writing them here.
        return httpx.Request(
            sent.method, url, headers=headers, stream=httpx.ByteStream(sent.body), extensions={"timeout": limits}
        )

    async def _json(self, response: httpx.Response) -> Any:
        content = await whole(response)
        try:
            return self.key.struck_json(json.loads(content))
        except (ValueError, RecursionError):
            failure = self.failures.not_json(content)
        raise failure

    async def _text(self, response: httpx.Response) -> str:
        return self.key.struck((await whole(response)).decode("utf-8", "replace"))


def _course(attempts: list[Attempt] | None) -> Course:
    return Course() if attempts is None else Course(attempts)

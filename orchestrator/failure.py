"""Why a server did not do what it was asked, in plain words and without its key."""

import json
from dataclasses import dataclass
from typing import Any, Final

import httpx

from orchestrator.key import Key
from orchestrator.pool import Endpoint
from orchestrator.retry import LONGEST_WAIT_S, RETRIED_STATUSES, retry_after_s
from orchestrator.transport import ConnectionRefused

_LONGEST_MESSAGE: Final = 300
_LONGEST_TOLD: Final = 4_000
_NO_CREDIT: Final = 402


class EndpointFailed(Exception):
    """A server did not do what it was asked; the message says why and never holds the key."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        ours: bool = False,
        unhealthy: bool | None = None,
        said: str = "",
    ) -> None:
        super().__init__(message)
        self.said = said
        """What the server said of it, longer than the message has it; without the key."""
        self.status = status
        """The HTTP status, where there was one."""
        passing = status is None or status in RETRIED_STATUSES or status in (httpx.codes.OK, _NO_CREDIT)
        self.of_server = passing and not ours
        """Whether it speaks of the server or the way to it, so that another server may do better. A request that is
        refused as such (400, 413, 422), an address or a key that is wrong (3xx, 401, 403, 404) do not."""
        sick = status is None or status == httpx.codes.REQUEST_TIMEOUT or status >= httpx.codes.INTERNAL_SERVER_ERROR
        self.unhealthy = self.of_server and (sick if unhealthy is None else unhealthy)
        """Whether it counts for the circuit breaker. A server that says it is busy (409, 429) is not ill."""


class TryAgain(Exception):
    """An attempt failed in a way that may pass."""

    def __init__(self, failure: EndpointFailed, wait_s: float | None = None) -> None:
        super().__init__(str(failure))
        self.failure = failure
        self.wait_s = wait_s
        """What the server asked to wait."""


@dataclass(frozen=True, slots=True)
class Failures:
    """Words for what goes wrong at one endpoint."""

    base: str
    endpoint: Endpoint
    key: Key

    def safe(self, text: str) -> str:
        """The text, shortened, without the key should a server repeat it."""
        cleaned = self.key.struck(text)
        return cleaned if len(cleaned) <= _LONGEST_MESSAGE else f"{cleaned[:_LONGEST_MESSAGE]}…"

    def unreachable(self, error: httpx.TransportError) -> TryAgain:
        """The connection could not be made, or broke off."""
        return TryAgain(EndpointFailed(self._lost(error)))

    def _lost(self, error: httpx.TransportError) -> str:
        endpoint = self.endpoint
        match error:
            case httpx.ConnectTimeout():
                within = f"{endpoint.connect_timeout_s:g} s"
                return f"{self.base} did not accept a connection within {within}: is the address right?"
            case ConnectionRefused():
                return f"{self.base} refused the connection: is the server running?"
            case httpx.ConnectError():
                return f"{self.base} cannot be reached: {self.safe(str(error))}"
            case httpx.TimeoutException():
                return f"{self.base} stopped replying: nothing came for {endpoint.read_timeout_s:g} s"
            case _:
                return f"{self.base} broke off the connection: {self.safe(str(error))}"

    def refused(self, status: int, content: bytes, retry_after: str | None) -> EndpointFailed | TryAgain:
        """The server replied with another status than 200."""
        told = self.key.struck(said(content))[:_LONGEST_TOLD]
        words = self.safe(told)
        advice = {
            401: f"; is the key in {self.endpoint.api_key_env or 'its environment variable'} right?",
            403: "; does the key allow this model?",
            404: "; does base_url end in /v1, and does the server know the model?",
            429: "; too many calls, or the account has no credit left",
        }.get(status, "")
        message = f"{self.base} replied with HTTP {status}{f': {words}' if words else ''}{advice}"
        if status not in RETRIED_STATUSES:
            return EndpointFailed(message, status=status, said=told)
        asked_s = retry_after_s(retry_after)
        if asked_s is not None and asked_s > LONGEST_WAIT_S:
            message += f"; it asks to wait {asked_s:,.0f} s"
        return TryAgain(EndpointFailed(message, status=status, said=told), asked_s)

    def not_json(self, content: bytes) -> TryAgain:
        """The server replied with 200 and something that is no JSON: a gateway's page, or a reply cut short.

        A wrong address does that each time and a gateway for a while, so it is tried again.
        """
        # Struck before it is cut, or half a key might be left.
        start = self.key.struck(content[:_LONGEST_TOLD].decode("utf-8", "replace"))[:80]
        words = f"{self.base} did not reply with JSON but with {start!r}: is it an API address?"
        return TryAgain(EndpointFailed(words, status=httpx.codes.OK, unhealthy=True))

    def no_reply(self, what: str, said: str = "", status: int | None = None) -> EndpointFailed:
        """The server replied with 200 and JSON that is not what was asked for; `status` is one that it names inside."""
        words = f"{self.base} replied {what}{f': {self.safe(said)}' if said else ''}"
        return EndpointFailed(words, status=status or httpx.codes.OK, said=self.key.struck(said)[:_LONGEST_TOLD])


def said(content: bytes) -> str:
    """The message of an error reply, whatever form the server gave it."""
    try:
        return worded(json.loads(content))
    except (ValueError, RecursionError):
        return " ".join(content.decode("utf-8", "replace").split())


def worded(told: Any) -> str:
    """The same of a reply that has been parsed."""
    for key in ("error", "message", "detail"):
        if isinstance(told, dict) and told.get(key):
            told = told[key]
    try:
        return told if isinstance(told, str) else json.dumps(told)
    except RecursionError:
        return "something that is nested too deeply"

"""Asks the provider: where people log in, with which keys it signs, and who came back with a code."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import httpx

from webapp.oidc.journey import LIFETIME_S, Journey
from webapp.oidc.provider import Provider

WITHIN_S: Final = 8.0
"""For each question to the provider."""
KNOWN_S: Final = 3_600.0
"""So long what the provider says of itself, and its keys, are believed."""
NEW_KEYS_S: Final = 30.0
"""For a token of an unknown key they are asked for again, but not more often than this."""
MOST_BYTES: Final = 1_000_000
MOST_USED: Final = 100_000
SCOPE: Final = "openid profile"


class Unreachable(Exception):
    """The provider does not answer, or not as OpenID Connect has it. The message has no secrets."""


class Refused(Exception):
    """The provider does not say who came, or not in a way that proves it. The message has no secrets."""


@dataclass(frozen=True, slots=True)
class _Metadata:
    authorization: str
    token: str
    keys: str
    posts: bool
    """Whether the client's secret goes into the body, since no header is taken."""


class OidcClient:
    """This Podium, as the provider knows it."""

    def __init__(self, provider: Provider, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.provider = provider
        self._transport = transport
        self._metadata: tuple[float, _Metadata] | None = None
        self._keys: tuple[float, list[Mapping[str, Any]]] | None = None
        self._used: dict[str, float] = {}

    async def way_in(self, journey: Journey, back: str) -> str:
        """The address at which the provider asks who somebody is; `back` is where it sends them. Raises Unreachable."""
        from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]  # noqa: PLC0415

        metadata = await self._about()
        asked = {
            "response_type": "code",
            "client_id": self.provider.client_id,
            "redirect_uri": back,
            "scope": SCOPE,
            "state": journey.state,
            "nonce": journey.nonce,
            "code_challenge": create_s256_code_challenge(journey.verifier),
            "code_challenge_method": "S256",
        }
        joint = "&" if urlsplit(metadata.authorization).query else "?"
        return f"{metadata.authorization}{joint}{urlencode(asked)}"

    def first_return(self, journey: Journey) -> bool:
        """Whether nobody came back from that journey before, to this process."""
        now_s = time.monotonic()
        while self._used and (len(self._used) > MOST_USED or next(iter(self._used.values())) < now_s - LIFETIME_S):
            del self._used[next(iter(self._used))]
        if journey.state in self._used:
            return False
        self._used[journey.state] = now_s
        return True

    async def who(self, code: str, journey: Journey, back: str) -> Mapping[str, Any]:
        """The claims about whoever came back with that code; raises Unreachable and Refused."""
        from webapp.oidc.id_token import BadToken, Expected, UnknownKey, claims_of  # noqa: PLC0415

        answer = await self._exchanged(code, journey, back)
        token, access = answer.get("id_token"), answer.get("access_token")
        if not isinstance(token, str):
            raise Refused("the provider gave no id_token")
        provider = self.provider
        access_token = access if isinstance(access, str) else None
        expected = Expected(provider.issuer, provider.client_id, journey.nonce, access_token)
        try:
            try:
                return claims_of(token, await self._known_keys(KNOWN_S), expected)
            except UnknownKey:
                return claims_of(token, await self._known_keys(NEW_KEYS_S), expected)
        except BadToken as error:
            raise Refused(f"the token of the provider is not valid: {error}") from None

    async def _exchanged(self, code: str, journey: Journey, back: str) -> dict[str, Any]:
        metadata, provider = await self._about(), self.provider
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": journey.verifier,
        }
        auth = None
        if metadata.posts:
            form |= {"client_id": provider.client_id, "client_secret": provider.client_secret}
        else:
            auth = httpx.BasicAuth(quote(provider.client_id, safe=""), quote(provider.client_secret, safe=""))
        request = httpx.Request("POST", metadata.token, data=form, headers={"Accept": "application/json"})
        status, answer = await self._asked(request, auth)
        if status in (400, 401, 403):
            raise Refused(f"the provider does not take the code: status {status}")
        if status != httpx.codes.OK:
            raise Unreachable(f"the provider answers with status {status}")
        return answer

    async def _about(self) -> _Metadata:
        now_s = time.monotonic()
        if self._metadata is None or now_s - self._metadata[0] > KNOWN_S:
            url = f"{self.provider.issuer.rstrip('/')}/.well-known/openid-configuration"
            self._metadata = (now_s, self._read(await self._got(url)))
        return self._metadata[1]

    def _read(self, said: Mapping[str, Any]) -> _Metadata:
        if said.get("issuer") != self.provider.issuer:
            raise Unreachable("the provider calls itself otherwise than PODIUM_OIDC_ISSUER")
        urls = [said.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        own = urlsplit(self.provider.issuer).scheme
        if not all(isinstance(url, str) and urlsplit(url).scheme in ("https", own) for url in urls):
            raise Unreachable("the provider names addresses that are missing or not safe")
        ways = said.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        posts = "client_secret_basic" not in ways and "client_secret_post" in ways
        return _Metadata(str(urls[0]), str(urls[1]), str(urls[2]), posts)

    async def _known_keys(self, fresh_s: float) -> list[Mapping[str, Any]]:
        now_s = time.monotonic()
        if self._keys is None or now_s - self._keys[0] > fresh_s:
            found = (await self._got((await self._about()).keys)).get("keys")
            self._keys = (now_s, [key for key in found if isinstance(key, dict)] if isinstance(found, list) else [])
        return self._keys[1]

    async def _got(self, url: str) -> dict[str, Any]:
        status, answer = await self._asked(httpx.Request("GET", url, headers={"Accept": "application/json"}))
        if status != httpx.codes.OK:
            raise Unreachable(f"the provider answers {urlsplit(url).path} with status {status}")
        return answer

    async def _asked(self, request: httpx.Request, auth: httpx.Auth | None = None) -> tuple[int, dict[str, Any]]:
        """Status and body, which is empty unless it is an object of JSON; raises Unreachable. Follows no redirect."""
        try:
            client = httpx.AsyncClient(transport=self._transport, timeout=WITHIN_S)
            async with asyncio.timeout(WITHIN_S), client:
                reply = await client.send(request, auth=auth, stream=True)
                body = b""
                async for part in reply.aiter_bytes():
                    body += part
                    if len(body) > MOST_BYTES:
                        raise Unreachable("the provider's answer is too long")
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise Unreachable(f"the provider does not answer: {type(error).__name__}") from None
        return reply.status_code, _json(body)


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}

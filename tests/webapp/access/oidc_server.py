"""A provider of OpenID Connect on loopback, with keys of its own, that can be told to misbehave."""

import asyncio
import base64
import hashlib
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from webapp.oidc.provider import Provider

CLIENT = "podium at home"
SECRET = "a secret: kept well"
Claims = dict[str, Any]


def signed(claims: Claims, key: RSAKey, **header: Any) -> str:
    """A token as the provider makes it."""
    return jwt.encode({"alg": "RS256", "kid": "first", **header}, claims, key)


@dataclass(slots=True)
class Login:
    """A provider; what it says of people can be changed at any time."""

    url: str = ""
    key: RSAKey = field(default_factory=RSAKey.generate_key)
    keys: list[dict[str, Any]] = field(default_factory=list)
    person: Claims = field(default_factory=dict)
    """Claims about whoever logs in next, in the place of the usual ones."""
    make: Callable[[Claims, RSAKey], str] = signed
    once: bool = True
    """Whether a code is taken once."""
    issuer: str | None = None
    """What it calls itself where that is not its address."""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def well(self) -> None:
        """Behave again."""
        self.keys = [dict(self.key.as_dict(private=False)) | {"kid": "first", "use": "sig"}]
        self.person, self.make, self.once, self.issuer = {}, signed, True, None

    def provider(self, **values: Any) -> Provider:
        """As settings name it."""
        return Provider(self.url, CLIENT, SECRET, **values)

    def app(self) -> Starlette:
        """Its four addresses."""
        routes = [
            Route("/.well-known/openid-configuration", self._about),
            Route("/keys", lambda _: JSONResponse({"keys": self.keys})),
            Route("/authorize", self._authorize),
            Route("/token", self._token, methods=["POST"]),
        ]
        return Starlette(routes=routes)

    def _about(self, _: Request) -> Response:
        ends = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        named = {name: f"{self.url}/{end}" for name, end in ends.items()}
        return JSONResponse({"issuer": self.issuer or self.url, **named})

    def _authorize(self, request: Request) -> Response:
        said = dict(request.query_params)
        assert said["response_type"] == "code"
        assert said["code_challenge_method"] == "S256"
        assert said["client_id"] == CLIENT
        code = f"code-{next(self.numbers)}"
        self.codes[code] = said
        back = {"code": code, "state": said["state"], "iss": self.url}
        return RedirectResponse(f"{said['redirect_uri']}?{urlencode(back)}", 302)

    async def _token(self, request: Request) -> Response:
        self.asked.append(request.headers.get("authorization", ""))
        form = dict(parse_qsl((await request.body()).decode()))
        said = self.codes.get(form["code"]) if not self.once else self.codes.pop(form["code"], None)
        wanted = base64.b64encode(b"podium%20at%20home:a%20secret%3A%20kept%20well").decode()
        if said is None or request.headers["authorization"] != f"Basic {wanted}":
            return JSONResponse({"error": "invalid_grant"}, 400)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode()
        if form["redirect_uri"] != said["redirect_uri"] or challenge.rstrip("=") != said["code_challenge"].rstrip("="):
            return JSONResponse({"error": "invalid_grant"}, 400)
        now_s = int(time.time())
        usual = {"iss": self.url, "sub": "1", "aud": CLIENT, "iat": now_s, "exp": now_s + 300, "nonce": said["nonce"]}
        token = self.make(usual | self.person, self.key)
        return JSONResponse({"access_token": "opaque", "token_type": "Bearer", "id_token": token})


@contextmanager
def login_served() -> Iterator[Login]:
    """Serves one from a thread."""
    login, ready = Login(), threading.Event()
    login.well()
    servers: list[uvicorn.Server] = []

    async def serve() -> None:
        server = uvicorn.Server(uvicorn.Config(login.app(), port=0, log_config=None, timeout_graceful_shutdown=1))
        servers.append(server)
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
            await asyncio.sleep(0.01)
        login.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        ready.set()
        await serving

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(30)
    yield login
    servers[0].should_exit = True
    thread.join(30)

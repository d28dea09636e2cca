"""What the routes of accounts need of a request: who asks and from where, the fields of a form, where to go next."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, unquote

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from storage.accounts.actor import Actor
from webapp.access.people import COOKIE, People
from webapp.access.user import SessionUser, session_user

MOST_FORM_BYTES: Final = 20_000
FORM: Final = "application/x-www-form-urlencoded"
_OWN_PATH: Final = re.compile(r"/(?![/\\])[^\\\s\x00-\x20\x7f]{0,2000}")


class BadForm(ValueError):
    """The body is not what the form of the page sends."""


@dataclass(frozen=True, slots=True)
class Form:
    """Fields that somebody filled in."""

    fields: Mapping[str, list[str]]

    def one(self, name: str) -> str:
        """The field's text; empty where it is missing."""
        return self.fields.get(name, [""])[0]

    def all(self, name: str) -> list[str]:
        """Everything that was ticked."""
        return self.fields.get(name, [])


async def form_of(request: Request) -> Form:
    """The form in a request's body; raises BadForm."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise BadForm(f"send the form of the page, with Content-Type: {FORM}")
    body = await request.body()
    if len(body) > MOST_FORM_BYTES:
        raise BadForm(f"a form has at most {MOST_FORM_BYTES:,} bytes")
    try:
        return Form(parse_qs(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=50))
    except ValueError as error:
        raise BadForm("the form cannot be read; fill it in again") from error


def people(request: Request) -> People:
    """Who finds out who asks, in the app of this request."""
    found: People = request.app.state.people
    return found


def user(request: Request) -> SessionUser:
    """Who asks; raises LookupError for a stranger."""
    return session_user(request.scope)


def known(request: Request) -> SessionUser | None:
    """Who asks; `None` for a stranger."""
    try:
        return session_user(request.scope)
    except LookupError:
        return None


def address(request: Request) -> str:
    """Where a request comes from, as far as trusted proxies say."""
    return "unknown" if request.client is None else request.client.host


def actor(request: Request) -> Actor:
    """Who asks, as the audit log names it."""
    found = user(request)
    return Actor(found.name, found.account, address(request))


def own_path(text: str) -> str:
    """A path of this app to go on to, with its query; `/` where the text is anything else."""
    plain = unquote(unquote(text))
    if not _OWN_PATH.fullmatch(text) or plain.startswith(("//", "/\\")) or "\\" in plain or not plain.isprintable():
        return "/"
    return text


def onward(request: Request, path: str) -> RedirectResponse:
    """Go on to a path of this app by GET."""
    return RedirectResponse(f"{request.scope.get('root_path', '')}{path}", 303, headers={"Cache-Control": "no-store"})


def give_cookie(request: Request, response: Response, secret: str, seconds: int) -> None:
    """Let the browser keep the secret of a session."""
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, secret, max_age=seconds, path="/", secure=secure, httponly=True, samesite="lax")


def take_cookie(request: Request, response: Response) -> None:
    """Let the browser forget it."""
    secure = request.url.scheme == "https"
    response.delete_cookie(COOKIE, path="/", secure=secure, httponly=True, samesite="lax")


def invitation_link(request: Request, secret: str) -> str:
    """The address that somebody is to be sent."""
    return f"{str(request.base_url).rstrip('/')}/invitation/{secret}"

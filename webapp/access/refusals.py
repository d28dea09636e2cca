"""What the doors answer those who may not pass."""

from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from webapp.access.needs import Door, Need
from webapp.access.user import SessionUser
from webapp.problem import problem

NO_STORE: Final = {"Cache-Control": "no-store"}


def no_door(methods: frozenset[str] | None) -> Response:
    """The answer where there is nothing, or nothing by this method."""
    if methods is None:
        return problem(HTTPStatus.NOT_FOUND, "there is nothing at this address")
    told = problem(HTTPStatus.METHOD_NOT_ALLOWED, f"this address takes {', '.join(sorted(methods))}")
    told.headers["Allow"] = ", ".join(sorted(methods))
    return told


def refused(request: Request, door: Door, user: SessionUser | None) -> Response:
    """The answer to a stranger, or to somebody whose role or token is not enough."""
    if user is None:
        return _stranger(request, door.need)
    if user.scopes is not None:
        scope = door.need.scope
        wanted = f"a token with the scope {scope!r}" if scope else "somebody who logs in; tokens do not get in"
        if door.need.roles is not None and user.role not in door.need.roles:
            wanted = f"the role {door.need.words}; this token's account is {user.role}"
        return problem(HTTPStatus.FORBIDDEN, f"this needs {wanted}")
    detail = f"this needs the role {door.need.words}; you are {user.role}. An admin can give you another role."
    return problem(HTTPStatus.FORBIDDEN, detail)


def _stranger(request: Request, need: Need) -> Response:
    if need.page and request.method in ("GET", "HEAD"):
        path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
        query = f"?{request.url.query}" if request.url.query else ""
        goal = quote(f"{path}{query}", safe="")
        return RedirectResponse(f"{request.scope.get('root_path', '')}/login?next={goal}", 303, headers=NO_STORE)
    told = problem(HTTPStatus.UNAUTHORIZED, "log in first, or send a token: Authorization: Bearer …")
    told.headers["WWW-Authenticate"] = "Bearer"
    return told

"""The two doors of a phone: take a seat, and rank. Nothing else of the app is needed to use them."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Cookie, Header, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from prefs.audience import LONGEST_MINUTES
from webapp.api.ascii_json import AsciiJSON
from webapp.api.here import Here
from webapp.audience.phones import Refused, Seated
from webapp.problem import problem
from webapp.views.audience import seated_view

routes = APIRouter(include_in_schema=False, default_response_class=AsciiJSON)

COOKIE: Final = "podium-seat"
LABEL = Annotated[str, Field(min_length=1, max_length=2)]
Token = Annotated[str | None, Cookie(alias=COOKIE, max_length=64)]


class Said(BaseModel):
    """Body of `POST …/ranking`: labels in best-first groups; a group is a tie."""

    model_config = ConfigDict(extra="forbid")

    groups: list[Annotated[list[LABEL], Field(min_length=1, max_length=26)]] = Field(min_length=1, max_length=26)


@routes.post("/join/{code}/seat")
async def sit(code: str, request: Request, response: Response, here: Here, token: Token = None) -> dict[str, Any]:
    """The ballot, and this phone's seat: the one of its cookie, else a new one."""
    seated = await here.phones.join(code, token, _address(request))
    _remember(response, request, seated)
    return seated_view(seated, here.pool)


@routes.post("/join/{code}/ranking", status_code=201)
async def rank(
    code: str,
    body: Said,
    request: Request,
    here: Here,
    token: Token = None,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=100)] = None,
) -> dict[str, Any]:
    """Count this phone's order; another one later takes its place."""
    seated, number = await here.phones.rank(code, token, _address(request), body.groups, idempotency_key)
    return {"number": number, "groups": seated_view(seated, here.pool)["groups"]}


async def refused(_: Request, error: Exception) -> JSONResponse:
    """The problem document of a `Refused`, which tells when to try again."""
    if not isinstance(error, Refused):
        raise error
    response = problem(error.status, error.detail)
    if error.retry_after_s:
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def _address(request: Request) -> str:
    return "" if request.client is None else request.client.host


def _remember(response: Response, request: Request, seated: Seated) -> None:
    response.headers["Cache-Control"] = "no-store"
    response.set_cookie(
        COOKIE,
        seated.token,
        max_age=LONGEST_MINUTES * 60,
        path=f"{request.scope.get('root_path', '')}/join/{seated.audience.code}",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )

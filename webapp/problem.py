"""Problem documents (RFC 9457): what went wrong and what to do, never a stack trace."""

from http import HTTPStatus
from typing import Final

from fastapi.responses import JSONResponse
from pydantic import BaseModel

MEDIA_TYPE: Final = "application/problem+json"


class Problem(BaseModel):
    """A problem document."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    where: str | None = None
    """Path of the field at fault, such as `body.preference.cost`."""


def problem(status: int, detail: str, where: str | None = None, kind: str = "about:blank") -> JSONResponse:
    """The response that carries this problem; `kind` is its type, where programs are to tell it apart."""
    document = Problem(type=kind, title=HTTPStatus(status).phrase, status=status, detail=detail, where=where)
    return JSONResponse(document.model_dump(exclude_none=True), status_code=status, media_type=MEDIA_TYPE)

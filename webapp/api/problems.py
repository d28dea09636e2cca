"""Errors as problem documents (RFC 9457): what went wrong and what to do, never a stack trace."""

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Final, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from orchestrator.pool import UnknownAlias
from prefs.study import WrongStudy
from storage.errors import StoreConflict, StoreError, StoreMissing
from webapp.exports.kinds import UnknownExport
from webapp.runs import NotFound

logger = logging.getLogger(__name__)


class Problem(BaseModel):
    """A problem document."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    where: str | None = None
    """Path of the field at fault, such as `body.preference.cost`."""


ERRORS: Final[dict[int | str, dict[str, Any]]] = {code: {"model": Problem} for code in (400, 404, 409, 422, 503)}
"""How errors are described in OpenAPI."""


def problem(status: int, detail: str, where: str | None = None) -> JSONResponse:
    """The response that carries this problem."""
    document = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, where=where)
    return JSONResponse(
        document.model_dump(exclude_none=True), status_code=status, media_type="application/problem+json"
    )


def install(app: FastAPI) -> None:
    """Answer every error of the domain with its problem document."""
    for error, status in (
        (NotFound, HTTPStatus.NOT_FOUND),
        (UnknownExport, HTTPStatus.NOT_FOUND),
        (StoreMissing, HTTPStatus.NOT_FOUND),
        (StoreConflict, HTTPStatus.CONFLICT),
        (StoreError, HTTPStatus.SERVICE_UNAVAILABLE),
        (UnknownAlias, HTTPStatus.UNPROCESSABLE_ENTITY),
        (ValueError, HTTPStatus.UNPROCESSABLE_ENTITY),
    ):
        app.add_exception_handler(error, _handler(status))
    app.add_exception_handler(WrongStudy, _wrong_study)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def _handler(status: HTTPStatus) -> Callable[[Request, Exception], Awaitable[JSONResponse]]:
    async def handle(_: Request, error: Exception) -> JSONResponse:
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            logger.error("%s: %s", type(error).__name__, error)
        return problem(status, str(error))

    return handle


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    first = cast(RequestValidationError, error).errors()[0]
    message = str(first["msg"]).removeprefix("Value error, ")
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, message, ".".join(str(part) for part in first["loc"]))


async def _wrong_study(_: Request, error: Exception) -> JSONResponse:
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), f"body.{cast(WrongStudy, error).field}")


async def _http(_: Request, error: Exception) -> JSONResponse:
    raised = cast(HTTPException, error)
    return problem(raised.status_code, str(raised.detail))

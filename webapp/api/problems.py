"""Errors as problem documents (RFC 9457): what went wrong and what to do, never a stack trace."""

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Final, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from orchestrator.pool import UnknownAlias
from prefs.study import WrongStudy
from storage.accounts.account_rows import NotAllowed
from storage.errors import StoreConflict, StoreError, StoreMissing
from storage.spending.rules import Overspent
from storage.spending.switch import RunsStopped
from webapp.access import user as access_user
from webapp.access.user import told
from webapp.exports.kinds import UnknownExport
from webapp.live_runs import NotFound
from webapp.problem import MEDIA_TYPE, Problem, problem

logger = logging.getLogger(__name__)


SPENDING_LIMIT: Final = "urn:podium:spending-limit"
KILL_SWITCH: Final = "urn:podium:kill-switch"
"""Types of problems that programs tell apart."""
_REFERENCE: Final = {"schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}}
ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    code: {"description": HTTPStatus(code).phrase, "content": {MEDIA_TYPE: _REFERENCE}}
    for code in (400, 401, 402, 403, 404, 409, 413, 421, 422, 429, 503)
}
"""How errors are described in OpenAPI."""


class Described(FastAPI):
    """An application whose description says what a problem document is."""

    def openapi(self) -> dict[str, Any]:
        """The description in OpenAPI."""
        described = super().openapi()
        described.setdefault("components", {}).setdefault("schemas", {})[Problem.__name__] = Problem.model_json_schema()
        return described


def install(app: FastAPI) -> None:
    """Answer every error of the domain with its problem document."""
    for error, status in (
        (NotFound, HTTPStatus.NOT_FOUND),
        (UnknownExport, HTTPStatus.NOT_FOUND),
        (StoreMissing, HTTPStatus.NOT_FOUND),
        (StoreConflict, HTTPStatus.CONFLICT),
        (NotAllowed, HTTPStatus.FORBIDDEN),
        (StoreError, HTTPStatus.SERVICE_UNAVAILABLE),
        (UnknownAlias, HTTPStatus.UNPROCESSABLE_ENTITY),
        (ValueError, HTTPStatus.UNPROCESSABLE_ENTITY),
    ):
        app.add_exception_handler(error, _handler(status))
    app.add_exception_handler(Overspent, _overspent)
    app.add_exception_handler(RunsStopped, _runs_stopped)
    app.add_exception_handler(WrongStudy, _wrong_study)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def _handler(status: HTTPStatus) -> Callable[[Request, Exception], Awaitable[JSONResponse]]:
    async def handle(request: Request, error: Exception) -> JSONResponse:
        said = told(error, request.scope.get(access_user.KEY))
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR and said == str(error):
            logger.error("%s: %s", type(error).__name__, error)
        return problem(status, said)

    return handle


async def _overspent(_: Request, error: Exception) -> JSONResponse:
    return problem(HTTPStatus.PAYMENT_REQUIRED, str(error), kind=SPENDING_LIMIT)


async def _runs_stopped(_: Request, error: Exception) -> JSONResponse:
    return problem(HTTPStatus.CONFLICT, str(error), kind=KILL_SWITCH)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    first = cast(RequestValidationError, error).errors()[0]
    message = str(first["msg"]).removeprefix("Value error, ")
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, message, ".".join(str(part) for part in first["loc"]))


async def _wrong_study(_: Request, error: Exception) -> JSONResponse:
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), f"body.{cast(WrongStudy, error).field}")


async def _http(_: Request, error: Exception) -> JSONResponse:
    raised = cast(HTTPException, error)
    return problem(raised.status_code, str(raised.detail))

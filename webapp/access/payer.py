"""Who pays for what a request starts."""

from starlette.requests import HTTPConnection

from storage.spending.rules import LOCAL
from webapp.access.user import session_user


def payer_of(request: HTTPConnection | None) -> str:
    """The name of whoever sent a request; `local` where nobody has to say."""
    if request is None:
        return LOCAL.user
    try:
        return session_user(request.scope).name
    except LookupError:
        return LOCAL.user

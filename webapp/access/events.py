"""Gradio's events: each says who may send it, and is refused to anybody else, whatever their page shows."""

import inspect
from collections.abc import AsyncIterator, Callable, Mapping
from html import escape
from typing import Any, Final, TypeVar

import gradio as gr

from storage.accounts.account import Role
from webapp.access.needs import Need
from webapp.access.user import SessionUser, session_user

Handler = TypeVar("Handler", bound=Callable[..., Any])
TITLE: Final = "Podium"
_NEED: Final = "podium_need"
_REQUEST: Final = "podium_request"


def user_of(request: gr.Request) -> SessionUser:
    """Who sent an event; raises gr.Error where nobody was let in."""
    try:
        return session_user({} if request.request is None else request.request.scope)
    except LookupError as error:
        raise gr.Error("Log in first.", title=TITLE, print_exception=False) from error


def allowed(request: gr.Request, need: Need) -> SessionUser:
    """Who sent an event, if that may; raises gr.Error in plain words."""
    user = user_of(request)
    if not need.lets_in(user):
        words = f"This needs the role {need.words}; you are {user.role}."
        raise gr.Error(escape(words), title=TITLE, print_exception=False)
    return user


def may(roles: frozenset[Role], handler: Handler) -> Handler:
    """The handler, for these roles alone."""
    need = Need(roles)
    guarded: Any
    if inspect.isasyncgenfunction(handler):

        async def follow(request: gr.Request, *values: Any) -> AsyncIterator[Any]:
            allowed(request, need)
            async for value in handler(*values):
                yield value

        guarded = follow
    elif inspect.iscoroutinefunction(handler):

        async def answer(request: gr.Request, *values: Any) -> Any:
            allowed(request, need)
            return await handler(*values)

        guarded = answer
    else:

        async def told(request: gr.Request, *values: Any) -> Any:
            allowed(request, need)
            return handler(*values)

        guarded = told
    _sign(guarded, handler)
    setattr(guarded, _NEED, need)
    return guarded  # type: ignore[no-any-return]


def needs_of(page: gr.Blocks) -> Mapping[int, Need]:
    """What each event of a page needs; raises ValueError where one does not say. Those that only a browser runs are not
    in it.
    """
    found: dict[int, Need] = {}
    for number, event in page.fns.items():
        if event.fn is None:
            continue
        need = getattr(event.fn, _NEED, None)
        if not isinstance(need, Need):
            raise ValueError(f"the event {event.name!r} of the page does not say who may send it; see webapp.access")
        found[number] = need
    return found


def _sign(guarded: Any, handler: Any) -> None:
    """Say what Gradio reads of a handler: the request first, then the handler's own parameters."""
    signature = inspect.signature(handler)
    extra = inspect.Parameter(_REQUEST, inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=gr.Request)
    guarded.__name__, guarded.__doc__ = handler.__name__, handler.__doc__
    guarded.__signature__ = signature.replace(parameters=[extra, *signature.parameters.values()])
    guarded.__annotations__ = {_REQUEST: gr.Request, **getattr(handler, "__annotations__", {})}

"""The pages of accounts: drawn on the server, so that they work without scripts. Only their theme needs one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from storage.accounts.account_rows import NotAllowed
from storage.errors import StoreConflict, StoreMissing
from webapp.access.caller import known
from webapp.access.needs import Door, opens
from webapp.access.user import SessionUser
from webapp.pages.page import Built, Page, build
from webapp.pages.words import account as words
from webapp.ui.assets import install_assets

REFUSALS: Final = (ValueError, NotAllowed, StoreConflict, StoreMissing)
"""What a page says beside its form. Where the database cannot do its part, the whole app answers in one way."""
_OWN: Final = Page("account", words.ACCOUNT, words.ACCOUNT_HINT, {}, ("account.js",), ("account.css",), listed=False)
PAGES: Final = {
    "login": replace(_OWN, name="login", title=words.LOGIN, hint=words.LOGIN_HINT, template="login.html"),
    "invitation": replace(
        _OWN, name="invitation", title=words.INVITATION, hint=words.INVITATION_HINT, template="invitation.html"
    ),
    "account": replace(_OWN, template="account.html"),
    "accounts": replace(
        _OWN, name="accounts", title=words.ACCOUNTS, hint=words.ACCOUNTS_HINT, template="accounts.html"
    ),
    "refused": replace(_OWN, name="refused", title=words.REFUSED, hint=words.REFUSED_HINT, template="refused.html"),
}


@dataclass(frozen=True, slots=True)
class AccountPages:
    """All of them, with the style and the script that they share."""

    built: Built
    listed: tuple[Page, ...] = ()
    """What the navigation has."""

    def reply(self, request: Request, name: str, status: int = 200, /, **values: Any) -> HTMLResponse:
        """A page as this person sees it; nobody else may keep it."""
        me = known(request)
        depth = request.scope["path"].removeprefix(request.scope.get("root_path", "")).count("/") - 1
        page = replace(self.built, page=PAGES[name])
        text = page.html(open_to(self.listed, me), "../" * depth, me=me, words=words, **{"problem": None, **values})
        return HTMLResponse(text, status, headers={"Cache-Control": "no-store"})

    async def refusal(self, request: Request, door: Door, me: SessionUser | None) -> Response | None:
        """The page that says that somebody's role is not enough; `None` where a problem document will do."""
        if not door.need.page or me is None or me.scopes is not None or request.method not in ("GET", "HEAD"):
            return None
        return self.reply(request, "refused", 403, needed=door.need.words, first=first_place(self.listed, me))


def build_pages(listed: Sequence[Page]) -> AccountPages:
    """Put them together."""
    return AccountPages(build(_OWN, ""), tuple(listed))


def install_pages(app: FastAPI, pages: AccountPages) -> None:
    """Serve what they share, and let routes find them."""
    install_assets(app, (pages.built.script, pages.built.style))
    app.state.account_pages = pages


def pages_of(request: Request) -> AccountPages:
    """The pages, in the app of this request."""
    found: AccountPages = request.app.state.account_pages
    return found


def open_to(listed: Sequence[Page], me: SessionUser | None) -> tuple[Page, ...]:
    """The pages of the navigation that this person may open."""
    return tuple(page for page in listed if opens(me, f"/{page.name}"))


def first_place(listed: Sequence[Page], me: SessionUser) -> str:
    """Where this person begins: the desk, else the first page that opens."""
    if opens(me, "/ui/"):
        return "/ui/"
    return next((f"/{page.name}" for page in listed if opens(me, f"/{page.name}")), "/account")

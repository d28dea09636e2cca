"""Gradio's own addresses over a socket, with accounts: strangers and annotators get nothing from them."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from storage.accounts.account import Role
from storage.accounts.accounts import Accounts
from storage.accounts.sessions import Sessions
from storage.store import Store
from tests.accounts import CONSOLE, SECRET
from tests.safety.site import Site, site
from webapp.access.people import COOKIE
from webapp.settings import Settings

API = "/ui/gradio_api"
UNUSED = [
    ("POST", f"{API}/upload"), ("GET", f"{API}/upload_progress"), ("GET", f"{API}/deep_link"),
    ("POST", f"{API}/process_recording"), ("GET", f"{API}/proxy=http://127.0.0.1:1/"),
    ("GET", f"{API}/run-history/buckets"), ("POST", f"{API}/vibe-edit"), ("POST", f"{API}/reset"),
    ("GET", "/ui/monitoring"), ("GET", f"{API}/heartbeat/x"),
    ("POST", f"{API}/stream/x"), ("POST", f"{API}/call/predict"), ("POST", f"{API}/call/v2/predict"),
    ("POST", f"{API}/api/predict"), ("POST", f"{API}/component_server"), ("GET", f"{API}/file=/etc/passwd"),
    ("GET", f"{API}/info"), ("GET", f"{API}/token"), ("GET", f"{API}/dev/reload"), ("POST", "/ui/login"),
]  # fmt: skip
"""No page of Podium asks for these, so they are not there."""
USED = [
    ("POST", f"{API}/cancel"), ("GET", f"{API}/app_id"), ("GET", f"{API}/startup-events"),
    ("POST", f"{API}/queue/join"), ("GET", f"{API}/queue/data"), ("POST", f"{API}/run/predict"),
    ("GET", "/ui/config"), ("GET", "/ui/theme.css"),
]  # fmt: skip
"""The desk asks for these, for those who may see it."""
COOKIES: dict[str, str] = {}
"""Of each account."""


async def people(store: Store) -> None:
    for name, role in (("ada", Role.ADMIN), ("ann", Role.ANNOTATOR), ("vic", Role.VIEWER)):
        account = await Accounts(store).add(name, role, SECRET, CONSOLE)
        COOKIES[name] = (await Sessions(store).begin(account, None, None))[0]


@pytest.fixture(scope="module")
def housed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("housed"), pace=0.0, policy="random")
    with Store.open(settings.database) as store:
        asyncio.run(people(store))
    with site(settings) as found:
        yield found


def asked(housed: Site, method: str, path: str, name: str | None) -> httpx.Response:
    cookies = {} if name is None else {COOKIE: COOKIES[name]}
    with housed.client(cookies=cookies) as http:
        return http.request(method, path, json={} if method == "POST" else None)


@pytest.mark.parametrize(("method", "path"), UNUSED)
@pytest.mark.parametrize("name", [None, "ann", "ada"])
def test_what_the_page_does_not_use_of_gradio_is_not_there(
    housed: Site, method: str, path: str, name: str | None
) -> None:
    assert asked(housed, method, path, name).status_code == 404


@pytest.mark.parametrize(("method", "path"), USED)
def test_what_the_desk_uses_is_closed_to_strangers_and_annotators(housed: Site, method: str, path: str) -> None:
    assert asked(housed, method, path, None).status_code == 401
    assert asked(housed, method, path, "ann").status_code == 403


def test_who_may_see_the_desk_gets_what_it_uses(housed: Site) -> None:
    for path in ("/ui/config", f"{API}/app_id"):
        assert asked(housed, "GET", path, "vic").status_code == 200

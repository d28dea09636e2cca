"""Whoever asks, and whatever: no 5xx, no undeclared answer, and no success that the table of doors does not allow."""

import asyncio
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import pytest
from schemathesis import Case, Response

from storage.accounts.account import Role
from storage.accounts.accounts import Accounts
from storage.accounts.tokens import SCOPES, Tokens
from storage.store import Store
from tests.accounts import CONSOLE, SECRET
from tests.webapp.openapi_asking import faults
from tests.webapp.outside_server import Outside, keep_something, outside
from webapp.access.needs import DOORS, Door, door_of
from webapp.access.user import SessionUser
from webapp.settings import Settings

LEAVE_OUT = ("/api/v1/me/forget",)
"""After that nobody is left who could ask."""
OPEN = {
    "GET /healthz", "GET /readyz", "GET /favicon.ico", "GET /assets/{file}",
    "GET /join/{code}", "POST /join/{code}/seat", "POST /join/{code}/ranking",
    "GET /login", "POST /login", "GET /login/oidc", "GET /login/oidc/callback",
    "GET /invitation/{secret}", "POST /invitation/{secret}", "GET /invitation/{secret}/oidc",
}  # fmt: skip
"""Doors that strangers find open, written down a second time: the table is not its own judge."""
OF_THE_MACHINE = "GET /metrics"
"""Opens to programs on the same machine."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    with outside(Settings(data_dir=tmp_path_factory.mktemp("data"), pace=0.0, policy="random")) as found:
        yield found


@pytest.fixture(scope="module")
def known(server: Outside) -> dict[str, list[str]]:
    """Kept before there is any account, so by somebody who may do everything."""
    with server.client() as http:
        return keep_something(http)


@pytest.fixture(scope="module")
def tokens(server: Outside, known: Mapping[str, list[str]]) -> dict[Role, str]:
    """A token of each role that may all its role may."""
    return asyncio.run(_made(server.services.store))


async def _made(store: Store) -> dict[Role, str]:
    found = {}
    for role in reversed(Role):  # The first account is an admin's.
        account = await Accounts(store).add(f"the {role.value}", role, SECRET, CONSOLE)
        found[role] = (await Tokens(store).make(account, "all", SCOPES, CONSOLE))[0]
    return found


@pytest.mark.parametrize("role", [None, *Role], ids=lambda role: "stranger" if role is None else role.value)
def test_nobody_makes_an_operation_fail_or_succeeds_where_the_table_says_no(
    server: Outside, known: dict[str, list[str]], tokens: Mapping[Role, str], role: Role | None
) -> None:
    user = None if role is None else SessionUser(f"the {role.value}", role, "an account", SCOPES)
    succeeded: set[str] = set()

    def look(case: Case, response: Response) -> None:
        if not 200 <= response.status_code < 300:
            return
        door = door_of(case.method, urlsplit(response.request.url or "").path)
        assert isinstance(door, Door), f"{case.method} {case.path} succeeds, but is not in the table"
        name = f"{door.method} {door.template}"
        allowed = name in OPEN if user is None else door.need.lets_in(user)
        assert allowed or name == OF_THE_MACHINE, f"{case.method} {case.path} let in {role or 'a stranger'}"
        succeeded.add(name)

    headers = {} if role is None else {"Authorization": f"Bearer {tokens[role]}"}
    asking = known if role is None else {**known, "annotator": [f"the {role.value}"]}
    wrong = faults(server.openapi, server.url, asking, headers=headers, look=look, leave_out=LEAVE_OUT)
    assert not wrong, "\n\n".join(f"{name}\n{said}" for name, said in wrong.items())
    assert len(succeeded) >= (1 if role is None else 8), f"hardly anything succeeded: {succeeded}"
    if role is not None:
        with server.client(headers=headers) as http:
            assert http.get("/api/v1/me").json()["role"] == role.value


def test_the_table_opens_these_doors_to_strangers_and_no_others() -> None:
    assert {f"{door.method} {door.template}" for door in DOORS if door.need.lets_in(None)} == OPEN
    assert [f"{door.method} {door.template}" for door in DOORS if door.need.local] == [OF_THE_MACHINE]

"""Every route, asked by a stranger, by each role and by tokens: who gets in, compared with `matrix.txt`.

`in` is any answer of the route itself, also that there is no such thing; `login` is the way to the login page.
PODIUM_WRITE_MATRIX=1 writes the file anew: read what changed before you keep it.
"""

import os
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from tests.webapp.access.people import Town, town
from tests.webapp.access.routes import sample
from webapp.access.needs import DOORS

MATRIX = Path(__file__).with_name("matrix.txt")
CALLERS = ("stranger", "viewer", "annotator", "author", "admin", "token:read", "token:rank")
ENDING = ("/logout", "/logout-everywhere")


async def caller(people: Town, who: str) -> httpx.AsyncClient:
    if who == "stranger":
        return people.client()
    if who.startswith("token:"):
        return await people.token("art", who.removeprefix("token:"))
    return await people.session({"viewer": "vic", "annotator": "ann", "author": "art", "admin": "ada"}[who])


def told(reply: httpx.Response) -> str:
    if reply.status_code == 303 and reply.headers["location"].startswith("/login?"):
        return "login"
    assert reply.status_code < 500, (reply.request.url, reply.text)
    return str(reply.status_code) if reply.status_code in (401, 403) else "in"


@pytest.mark.asyncio
async def test_who_gets_in_where_is_as_written_down(tmp_path: Path) -> None:
    lines = []
    async with town(tmp_path / "data", page=True) as people, AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(await caller(people, who)) for who in CALLERS]
        for door in sorted(DOORS, key=lambda one: (one.template, one.method)):
            cells = []
            for who, known in zip(CALLERS, clients, strict=True):
                ends = door.template in ENDING
                client = await stack.enter_async_context(await caller(people, who)) if ends else known
                cells.append(told(await client.request(door.method, sample(door.template))))
                if door.template in ENDING[1:]:
                    people.forget()
                    clients[:] = [await stack.enter_async_context(await caller(people, who)) for who in CALLERS]
            lines.append(f"{door.method:6} {door.template:60} " + " ".join(f"{cell:10}" for cell in cells).rstrip())
    head = f"{'':67} " + " ".join(f"{who:10}" for who in CALLERS)
    found = "\n".join([head.rstrip(), *lines]) + "\n"
    if os.environ.get("PODIUM_WRITE_MATRIX"):
        MATRIX.write_text(found, encoding="utf-8")
    assert found == MATRIX.read_text(encoding="utf-8")

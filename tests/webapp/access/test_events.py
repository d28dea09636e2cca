"""Gradio's events, sent as a browser sends them, by everybody: each handler refuses roles that may not send it."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import pytest
import pytest_asyncio
from gradio.server_messages import HeartbeatMessage
from starlette.routing import Mount

from storage.accounts.account import Role
from storage.accounts.sessions import Sessions
from tests.webapp.access.people import CONSOLE, Town, streaming, town
from webapp.access.events import may, needs_of
from webapp.access.needs import AUTHORS, LOOKERS, Need
from webapp.access.people import COOKIE

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning"),  # Gradio 6.31 on pandas 3.1
]
API = "/ui/gradio_api"
SPENDING = {"_ask", "_stop", "_stop_one", "_resume", "_fork", "_submit"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with town(Path(tmp_path_factory.mktemp("desk")), page=True) as people, lifespan(people):
        yield people


def lifespan(people: Town) -> Any:
    return people.app.router.lifespan_context(people.app)


def blocks(people: Town) -> gr.Blocks:
    mounted = next(one for one in people.app.routes if isinstance(one, Mount))
    found: gr.Blocks = mounted.app.blocks  # type: ignore[attr-defined]
    return found


async def sent(client: httpx.AsyncClient, event: int, data: list[Any]) -> tuple[int, str]:
    """Send an event as the page does; the status of joining the queue, and all that was told of it."""
    session = uuid.uuid4().hex[:10]
    body = {"data": data, "fn_index": event, "session_hash": session, "event_data": {}, "trigger_id": None}
    joined = await client.post(f"{API}/queue/join", json=body)
    if joined.status_code != 200:
        return joined.status_code, joined.text
    async with asyncio.timeout(30):
        told = await client.get(f"{API}/queue/data", params={"session_hash": session})
    return told.status_code, told.text


def first_values(page: gr.Blocks, event: int) -> list[Any]:
    """What a page that was just opened sends."""
    return [getattr(one, "value", None) for one in page.fns[event].inputs]


async def test_every_event_says_who_may_send_it(desk: Town) -> None:
    needs = needs_of(blocks(desk))
    names = {blocks(desk).fns[number].name: need.roles for number, need in needs.items()}
    assert len(needs) >= 15
    assert {name for name, roles in names.items() if roles == AUTHORS} == SPENDING
    assert all(roles in (AUTHORS, LOOKERS) for roles in names.values())


async def test_an_event_that_does_not_say_keeps_the_app_from_starting() -> None:
    with gr.Blocks() as page:
        box = gr.Textbox()
        box.change(lambda text: text, box, box)
    with pytest.raises(ValueError, match="does not say who may send it"):
        needs_of(page)


async def test_every_event_is_refused_to_roles_that_may_not_send_it(desk: Town) -> None:
    page = blocks(desk)
    async with desk.client() as stranger, await desk.session("ann") as annotator, await desk.session("vic") as viewer:
        for number, need in needs_of(page).items():
            data = first_values(page, number)
            assert (await sent(stranger, number, data))[0] == 401
            assert (await sent(annotator, number, data))[0] == 403
            if need.lets_in(None) or Role.VIEWER in (need.roles or ()):
                continue
            _, told = await sent(viewer, number, data)
            assert "This needs the role author or admin; you are viewer." in told, page.fns[number].name


async def test_events_outside_the_queue_are_refused_as_well(desk: Town) -> None:
    page = blocks(desk)
    direct = [number for number, need in needs_of(page).items() if need.roles == AUTHORS and not page.fns[number].queue]
    assert direct
    async with await desk.session("vic") as viewer, await desk.session("ann") as annotator:
        for number in range(len(page.fns)):
            body = {"data": [], "fn_index": number, "session_hash": "x", "event_data": {"run": "r"}}
            assert (await annotator.post(f"{API}/run/predict", json=body)).status_code == 403
            if number in direct:
                body["data"] = first_values(page, number)
                told = await viewer.post(f"{API}/run/predict", json=body)
                assert "This needs the role author or admin" in told.text


async def test_events_are_let_through_to_roles_that_may_send_them(desk: Town) -> None:
    page = blocks(desk)
    async with await desk.session("art") as author:
        for number in needs_of(page):
            status, told = await sent(author, number, first_values(page, number))
            assert status == 200
            assert "This needs the role" not in told
            assert "process_completed" in told, page.fns[number].name


async def test_a_handler_refuses_also_who_came_past_the_doors() -> None:
    def handler() -> str:
        return "done"

    guarded = may(AUTHORS, handler)
    assert isinstance(guarded.podium_need, Need)  # type: ignore[attr-defined]
    request = gr.Request(request=httpx_scope({}))
    with pytest.raises(gr.Error, match="Log in first"):
        await guarded(request)  # type: ignore[call-arg]


def httpx_scope(scope: dict[str, Any]) -> Any:
    class Bare:
        def __init__(self) -> None:
            self.scope = scope

    return Bare()


@pytest.mark.parametrize(
    "payload",
    [
        {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}},
        {"deep": [{"er": {"path": "/dev/stdin", "orig_name": "x", "meta": {"_type": "gradio.FileData"}}}]},
        {"path": "x", "url": "http://169.254.169.254/latest", "meta": {"_type": "gradio.FileData"}},
        {"path": "x", "url": "http://169.254.169.254/latest"},
        json.loads("[" * 60 + "]" * 60),
    ],
)
async def test_no_event_takes_a_file(desk: Town, payload: Any) -> None:
    async with await desk.session("ada") as admin:
        status, told = await sent(admin, 0, [payload])
    assert status == 422, told
    assert "file" in told or "deeply" in told


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"{API}/upload"), ("GET", "/ui/gradio_api/deep_link"), ("POST", f"{API}/process_recording"),
        ("GET", f"{API}/proxy=http://127.0.0.1:1/"), ("GET", f"{API}/run-history/buckets"),
        ("POST", f"{API}/vibe-edit"),
        ("POST", f"{API}/reset"), ("GET", "/ui/monitoring"), ("GET", f"{API}/file=/etc/passwd"), ("GET", f"{API}/info"),
        ("GET", f"{API}/file/etc/passwd"), ("POST", f"{API}/stream/x"), ("POST", f"{API}/component_server"),
        ("POST", f"{API}/run/_ask"), ("POST", f"{API}/api/predict"), ("POST", f"{API}/call/predict"),
        ("GET", f"{API}/heartbeat/x"), ("GET", "/ui/openapi.json"), ("POST", "/ui/login"), ("GET", "/ui/logout"),
        ("GET", f"{API}/token"), ("GET", f"{API}/user"), ("GET", f"{API}/dev/reload"), ("GET", f"{API}/runs"),
        ("GET", f"{API}/upload_progress"), ("GET", f"{API}/custom_component/x/client/component/x.js"),
    ],
)  # fmt: skip
async def test_what_the_page_does_not_use_of_gradio_is_not_there(desk: Town, method: str, path: str) -> None:
    async with await desk.session("ada") as admin:
        assert (await admin.request(method, path)).status_code == 404


async def test_the_stream_of_events_ends_soon_after_its_session_and_is_closed_from_then_on(desk: Town) -> None:
    secret, session = await Sessions(desk.services.store).begin(desk.accounts["vic"], None, None)
    messages: asyncio.Queue[Any] = asyncio.Queue()
    messages.put_nowait(HeartbeatMessage())
    blocks(desk)._queue.pending_messages_per_session["x"] = messages
    stream, told = await streaming(desk, f"{API}/queue/data", secret, b"session_hash=x")
    assert told[0]["status"] == 200
    assert not stream.done()
    await Sessions(desk.services.store).end(session.id, CONSOLE)
    await asyncio.wait_for(stream, 3)
    assert told[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
    desk.forget()
    async with desk.client({"Cookie": f"{COOKIE}={secret}"}) as viewer:
        assert (await viewer.get(f"{API}/queue/data", params={"session_hash": "x"})).status_code == 401

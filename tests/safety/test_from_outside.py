"""The holes that a page made with Gradio has unless they are closed, each tried over a socket as anybody could."""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.safety.site import FAULT, Site
from webapp.guard import POLICY, RULES

ELSEWHERE = "http://elsewhere.example"
RUNS = "/api/v1/runs"
JOIN = "/ui/gradio_api/queue/join"
EVENT = {"data": [""], "fn_index": 0, "session_hash": "x", "event_data": None}


def problem(response: httpx.Response, status: int) -> str:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    return str(response.json()["detail"])


FOREIGN = [
    {"Origin": ELSEWHERE},
    {"Origin": "null"},
    {"Origin": "https://elsewhere.example:8000"},
    {"Origin": "http://127.0.0.1"},
    {"Origin": "http://127.0.0.1.elsewhere.example"},
    {"Origin": "file://"},
    {"Origin": ""},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": ELSEWHERE, "Sec-Fetch-Site": "same-origin"},
]


@pytest.mark.parametrize("path", [RUNS, JOIN, "/ui/gradio_api/component_server", "/ui/login", "/api/v1/nope"])
@pytest.mark.parametrize("headers", FOREIGN, ids=lambda one: " ".join(map(str, one.values())) or "empty")
def test_another_page_can_change_nothing(served: Site, path: str, headers: dict[str, str]) -> None:
    with served.client(headers=headers) as http:
        for method in ("POST", "PUT", "PATCH", "DELETE", "PROPFIND"):
            assert "another site's page" in problem(http.request(method, path, json=EVENT), 403)


@pytest.mark.parametrize("destination", ["image", "script", "style", "iframe", "empty", "object", "video"])
def test_another_page_can_embed_nothing_and_give_nothing_out(served: Site, destination: str) -> None:
    mode = "navigate" if destination == "iframe" else "no-cors"
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": destination}
    with served.client(headers=headers) as http:
        for path in ("/api/v1/ballots/next?annotator=ann", "/ui/", "/api/v1/export/trajectories", "/openapi.json"):
            problem(http.get(path), 403)


def test_a_link_on_another_page_may_lead_here(served: Site) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    with served.client(headers=headers) as http:
        assert http.get("/ui/").status_code == 200


def test_a_name_that_was_rebound_to_this_machine_is_no_name_of_the_server(served: Site) -> None:
    for host in (
        "elsewhere.example",
        f"elsewhere.example:{served.port}",
        "127.0.0.1.nip.example",
        "",
        "[::ffff:7f00:1]",
    ):
        with served.client(headers={"Host": host, "Origin": f"http://{host}"}) as http:
            for path in ("/ui/", "/ui/config", RUNS, "/api/v1/export/rankings", "/assets/nope"):
                assert "PODIUM_ALLOWED_HOSTS" in problem(http.get(path), 421)
            problem(http.post(JOIN, json=EVENT), 421)


@pytest.mark.parametrize("origin", [ELSEWHERE, "null", "http://127.0.0.1", "http://localhost:3000"])
def test_no_origin_is_given_leave_to_read(served: Site, origin: str) -> None:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    with served.client(headers={"Origin": origin}) as http:
        for path in ("/ui/", "/ui/config", "/ui/gradio_api/info", RUNS, "/ui/nope", JOIN):
            for response in (http.get(path), http.options(path, headers=asked), http.post(path, json=EVENT)):
                allowed = [name for name in response.headers if name.startswith("access-control-")]
                assert allowed == [], f"{response.request.method} {path}"
            assert http.options(path, headers=asked).status_code >= 400


def addresses(http: httpx.Client) -> list[str]:
    """One of each kind of what can be fetched, with what the page itself loads."""
    page = http.get("/ui/").text
    loaded = [f"/ui/{found}" for found in re.findall(r'(?:src|href)="\./([^"]+)"', page)]
    own = re.findall(r'(?:src|href)="[./]*(assets/[^"]+)"', http.get("/rank").text)
    assert loaded
    assert own
    fixed = ["/", "/ui/", "/ui/config", "/ui/theme.css", "/ui/gradio_api/info", "/ui/nope", "/ui/manifest.json"]
    pages = [
        "/rank",
        "/stage",
        "/tune",
        "/runs",
        "/join/ABCDEFGH",
        "/join/short",
        "/favicon.ico",
        "/healthz",
        "/readyz",
    ]
    api = ["/metrics", "/openapi.json", "/nope", RUNS, f"{RUNS}/nope", f"{RUNS}/nope/events", "/api/v1/export/rankings"]
    return [
        *fixed,
        *pages,
        *api,
        *loaded,
        *own,
        "/healthz?broken",
        "/api/v1/texts/nope",
        "/ui/gradio_api/file=/etc/passwd",
    ]


def test_every_reply_tells_browsers_the_rules(served: Site) -> None:
    with served.client() as http:
        replies = [http.get(path) for path in addresses(http)]
        replies += [http.head("/ui/"), http.options(RUNS), http.request("TRACE", RUNS), http.delete(RUNS)]
        replies += [http.post(RUNS, json={}), http.post(RUNS, content=b"{"), http.get("/readyz?broken")]
        replies += [
            http.post(RUNS, json={}, headers={"Origin": "null"}),
            http.get("/ui/", headers={"Host": "elsewhere.example"}),
            http.post(RUNS, content=b"x" * 2_000_001),
            http.post(RUNS, content=b"x", headers={"Content-Encoding": "gzip"}),
        ]
    for response in replies:
        where = f"{response.request.method} {response.request.url.path} {response.status_code}"
        assert POLICY in response.headers.get_list("content-security-policy"), where
        assert {name.decode(): value.decode() for name, value in RULES}.items() <= response.headers.items(), where
        assert "server" not in response.headers, where
    assert {response.status_code for response in replies} >= {200, 307, 403, 404, 405, 413, 415, 421, 422, 500}


def test_nobody_keeps_what_a_reply_told_of_people(served: Site) -> None:
    with served.client() as http:
        for path in (
            RUNS,
            "/ui/config",
            "/api/v1/export/rankings",
            "/api/v1/ballots/next?annotator=ann",
            "/nope",
            "/metrics",
        ):
            assert http.get(path).headers["cache-control"] == "no-store", path
        assert http.get("/ui/").headers["cache-control"] == "no-cache"


def test_files_to_keep_have_plain_names(served: Site) -> None:
    with served.client() as http:
        kinds = ["rankings", "trajectories", "card", "dpo"]
        for kind in [*kinds, 'x"; filename=evil.exe', "..%2F..%2Fetc", "x%0d%0aSet-Cookie: a=b"]:
            response = http.get(f"/api/v1/export/{kind}")
            assert "set-cookie" not in response.headers
            assert response.status_code == (200 if kind in kinds else 404)
            if response.status_code == 200:
                assert re.fullmatch(
                    r'attachment; filename="podium-[a-z-]+\.(jsonl|md|parquet)"',
                    response.headers["content-disposition"],
                )


def test_events_of_the_page_run_in_the_queue_alone(served: Site) -> None:
    event = served.event_of("search", "change")
    with served.client() as http:
        names = [one["api_name"] for one in http.get("/ui/config").json()["dependencies"] if one["queue"]]
        assert len(names) > 5
        info = http.get("/ui/gradio_api/info")
        assert info.status_code in (403, 404) or info.json() == {"named_endpoints": {}, "unnamed_endpoints": {}}
        for name in [*map(str, names), str(event)]:
            for door in ("run", "api"):
                response = http.post(f"/ui/gradio_api/{door}/{name}", json={"data": ["fault"], "fn_index": event})
                assert response.status_code in (401, 403, 404), (door, name)


@pytest.mark.parametrize("kind", ["text/plain", "text/plain;charset=UTF-8", "TEXT/JSON"])
def test_what_any_form_can_send_is_no_request(served: Site, kind: str) -> None:
    body = json.dumps({"session_hash": "x", "component_id": 1, "fn_name": "upload", "data": []})
    with served.client(headers={"Content-Type": kind}) as http:
        for path in ("/ui/gradio_api/component_server", JOIN, RUNS, "/api/v1/reward"):
            assert "application/json" in problem(http.post(path, content=body), 415)


def test_what_broke_is_told_to_nobody_outside(served: Site, capfd: pytest.CaptureFixture[str]) -> None:
    with served.client() as http:
        for method in ("GET",):
            response = http.request(method, "/healthz?broken")
            assert problem(response, 500)
            assert not said(response.text)
        with pytest.raises(httpx.RemoteProtocolError):
            http.get("/healthz?midway")
        assert http.get("/healthz").status_code == 200
    told = served.event(served.event_of("search", "change"), ["fault"])
    assert [one["success"] for one in told if one["msg"] == "process_completed"] == [False]
    assert not said(json.dumps(told))
    assert "RuntimeError" not in json.dumps(told)


def said(text: str) -> bool:
    return any(part in text for part in FAULT.split())


def test_the_page_keeps_no_history_of_its_own_and_offers_no_interface(served: Site) -> None:
    with served.client() as http:
        config = http.get("/ui/config").json()
        assert not config.get("run_history")
        assert config.get("show_error") in (False, None)
        assert config["footer_links"] == []
        assert not config.get("mcp_server")
        assert http.get("/ui/gradio_api/mcp/sse").status_code in (401, 403, 404)
        assert not [one for one in config["dependencies"] if one.get("api_visibility") == "public"]
        assert "state" not in {part["type"] for part in config["components"]}
        uploads = {"file", "image", "uploadbutton", "multimodaltextbox", "audio", "video", "gallery", "fileexplorer"}
        assert not uploads & {part["type"] for part in config["components"]}


def test_websockets_are_not_spoken(served: Site) -> None:
    upgrade = {
        "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13", "Origin": ELSEWHERE,
    }  # fmt: skip
    with served.client(headers=upgrade) as http:
        for path in ("/ui/queue/join", "/api/v1/nope", "/ws"):
            assert http.get(path).status_code in (403, 404)


def test_a_body_in_pieces_with_many_parts_is_refused(served: Site) -> None:
    with served.client(headers={"Content-Type": "application/json"}) as http:
        problem(http.post(RUNS, content=(b"[]," * 1_000 for _ in range(400))), 413)


def test_many_events_at_once_are_slowed_down(served: Site) -> None:
    def join(number: int) -> httpx.Response:
        return http.post(JOIN, json={"number": number})

    with served.client() as http, ThreadPoolExecutor(4) as threads:
        replies: list[Any] = list(threads.map(join, range(900)))
        slowed = [reply for reply in replies if reply.status_code == 429]
        assert slowed
        assert all(int(reply.headers["retry-after"]) >= 1 for reply in slowed)
        assert "too many events" in problem(slowed[0], 429)
        assert http.get("/healthz").status_code == 200
        time.sleep(1.1)
        assert join(1).status_code != 429

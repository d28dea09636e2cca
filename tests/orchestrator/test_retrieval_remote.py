import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from orchestrator import retry
from orchestrator.bill import Bill
from orchestrator.chat import ChatClients
from orchestrator.documents.index import Index
from orchestrator.evidence import Evidence
from orchestrator.model_call import FREE, CallRole, Charge, ChargeStatus
from orchestrator.pool import Endpoint, SearchBackend, SearchKind
from orchestrator.retrieval.choice import retriever_of
from orchestrator.retrieval.retriever import IndexRetriever, Retriever
from orchestrator.tool import CannotAfford, Remaining, Request, ToolError
from orchestrator.trajectory import Document
from tests.servers.listening import Handle, listening
from tests.servers.searching import Passage, Searching, searching

ASKED = Request("Which city is the capital of Peru?", Evidence())
CORPUS = (Document("pe", "Peru", "Peru is a country. Its capital is Lima.", "corpus:peru"),)
PASSAGES = [
    Passage("Lima is the capital of Peru.", 0.9, "Lima", "https://example.org/lima"),
    Passage("Peru lies on the coast.", 0.4, "Peru", "https://example.org/peru"),
]
REMOTE = [SearchKind.RETRIEVE, SearchKind.TAVILY, SearchKind.SEARXNG]
NAMES = {SearchKind.RETRIEVE: "/retrieve server", SearchKind.TAVILY: "Tavily", SearchKind.SEARXNG: "SearXNG"}


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_WAIT_S", 0.001)


@pytest.fixture
async def clients() -> AsyncIterator[ChatClients]:
    opened = ChatClients()
    yield opened
    await opened.aclose()


@pytest.fixture
def index() -> Iterator[Index]:
    opened = Index.open(CORPUS)
    yield opened
    opened.close()


@pytest.fixture
def at(clients: ChatClients, index: Index) -> Any:
    def retriever(kind: SearchKind, url: str, key: str | None = None, **more: Any) -> Retriever:
        return retriever_of(SearchBackend(kind, Endpoint(url, key), **more), index, clients)

    return retriever


def replying(reply: Any, status: int = 200) -> Handle:
    async def handle(request: web.Request) -> web.Response:
        return web.json_response(reply, status=status)

    return handle


async def test_documents_are_searched_in_the_index_for_nothing(index: Index, clients: ChatClients) -> None:
    retriever = retriever_of(SearchBackend(passages=1), index, clients)
    bill = Bill()
    (document,) = await retriever.retrieve("capital of Peru", ASKED, "search-1", bill)
    assert (document.source, document.web) == ("corpus:peru", False)
    assert isinstance(retriever, IndexRetriever)
    (call,) = bill
    assert (call.role, call.alias, call.model, call.charge) == (CallRole.RETRIEVER, "search-1", "SQLite FTS5", FREE)


@pytest.mark.parametrize("kind", REMOTE)
async def test_a_server_is_asked_once_and_its_passages_come_best_first(kind: SearchKind, at: Any) -> None:
    server = Searching(lambda query: PASSAGES)
    bill = Bill()
    async with searching(server) as there:
        found = await at(kind, there.url, passages=8).retrieve("capital of Peru", ASKED, "search-2", bill)
    assert [document.text for document in found] == [passage.text for passage in PASSAGES]
    assert [document.score for document in found] == [0.9, 0.4]
    assert {document.web for document in found} == {kind is not SearchKind.RETRIEVE}
    (asked,) = server.asked
    assert (
        asked
        == {
            SearchKind.RETRIEVE: {"queries": ["capital of Peru"], "topk": 8, "return_scores": True},
            SearchKind.TAVILY: {
                "query": "capital of Peru",
                "max_results": 8,
                "search_depth": "basic",
                "include_answer": False,
                "include_raw_content": False,
            },
            SearchKind.SEARXNG: {"q": "capital of Peru", "format": "json"},
        }[kind]
    )
    (call,) = bill
    assert (call.role, call.alias, call.model) == (CallRole.RETRIEVER, "search-2", NAMES[kind])
    assert (call.usage, call.error, call.attempts, call.in_flight, call.simulated) == (None, None, (), 1, False)
    assert call.charge.status is ChargeStatus.UNPRICED
    assert call.latency_s > 0
    assert call.prompt is not None
    assert "capital" in call.prompt


@pytest.mark.parametrize("kind", [SearchKind.TAVILY, SearchKind.SEARXNG])
async def test_what_comes_from_the_web_names_its_page(kind: SearchKind, at: Any) -> None:
    async with searching(Searching(lambda query: PASSAGES)) as there:
        found = await at(kind, there.url).retrieve("Peru", ASKED, "search-1", Bill())
    assert [document.source for document in found] == ["https://example.org/lima", "https://example.org/peru"]
    assert [document.title for document in found] == ["Lima", "Peru"]


@pytest.mark.parametrize("kind", REMOTE)
async def test_no_more_passages_are_kept_than_the_pool_wants(kind: SearchKind, at: Any) -> None:
    async with searching(Searching(lambda query: [Passage(f"number {n}") for n in range(60)])) as there:
        found = await at(kind, there.url, passages=3).retrieve("x", ASKED, "search-1", Bill())
    assert [document.text for document in found] == ["number 0", "number 1", "number 2"]


@pytest.mark.parametrize("kind", REMOTE)
async def test_a_long_query_is_cut_to_what_servers_take(kind: SearchKind, at: Any) -> None:
    server = Searching(lambda query: [])
    async with searching(server) as there:
        assert await at(kind, there.url).retrieve("ü&=?#" * 200, ASKED, "search-1", Bill()) == ()
    asked = server.asked[0].get("q") or server.asked[0].get("query") or server.asked[0]["queries"][0]
    assert asked == ("ü&=?#" * 200)[:390]


@pytest.mark.parametrize("kind", REMOTE)
async def test_half_characters_in_a_query_are_left_out(kind: SearchKind, at: Any) -> None:
    server = Searching(lambda query: PASSAGES)
    async with searching(server) as there:
        assert await at(kind, there.url).retrieve("Peru\ud800 \x00Lima", ASKED, "search-1", Bill())
    assert "Peru Lima" in str(server.asked[0])


async def test_the_key_goes_out_as_a_bearer_token_and_into_no_record(at: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEARCH_KEY", "tvly-canary")
    bill = Bill()
    async with searching(Searching(lambda query: PASSAGES, key="tvly-canary")) as there:
        await at(SearchKind.TAVILY, there.url, "SEARCH_KEY").retrieve("Peru", ASKED, "search-1", bill)
        with pytest.raises(ToolError, match=r"Tavily did not search: .*HTTP 401.*key"):
            await at(SearchKind.TAVILY, there.url).retrieve("Peru", ASKED, "search-1", bill)
        monkeypatch.delenv("SEARCH_KEY")
        with pytest.raises(ToolError, match="SEARCH_KEY"):
            await at(SearchKind.TAVILY, there.url, "SEARCH_KEY").retrieve("Peru", ASKED, "search-1", bill)
    assert [call.error is None for call in bill] == [True, False, False]
    assert "canary" not in f"{bill}"


@pytest.mark.parametrize(
    ("kind", "reply"),
    [(SearchKind.RETRIEVE, reply) for reply in ({}, None, 5, "text", {"result": {}}, [5], [[], {}])]
    + [(kind, reply) for kind in REMOTE[1:] for reply in ([], {}, None, 5, "text", {"results": 5})],
)
async def test_a_reply_of_another_shape_is_an_error_that_says_so(kind: SearchKind, reply: Any, at: Any) -> None:
    bill = Bill()
    async with listening(replying(reply)) as there:
        with pytest.raises(ToolError, match=f"replied with .* instead of .*: is it a {NAMES[kind]}?"):
            await at(kind, there.url).retrieve("x", ASKED, "search-1", bill)
    assert bill[0].error is not None


ODD = [
    None,
    5,
    "bare text",
    [],
    {},
    {"document": None},
    {"content": ["x"], "url": 5},
    {"content": "good", "score": "x"},
]


@pytest.mark.parametrize("kind", REMOTE)
async def test_odd_hits_are_passed_over(kind: SearchKind, at: Any) -> None:
    reply = [ODD] if kind is SearchKind.RETRIEVE else {"results": ODD, "infoboxes": ODD, "unresponsive_engines": ODD}
    async with listening(replying(reply)) as there:
        found = await at(kind, there.url).retrieve("x", ASKED, "search-1", Bill())
    texts = [document.text for document in found]
    assert texts == (["bare text", "good"] if kind is SearchKind.RETRIEVE else ["good"])


@pytest.mark.parametrize(
    "reply",
    [
        [[{"document": {"id": "7", "contents": '"Lima"\nIt is a city.'}, "score": 0.5}]],
        {"result": [[{"document": {"id": 7, "title": "Lima", "text": "It is a city."}, "score": 0.5}]]},
        [[{"id": "7", "title": "Lima", "content": "It is a city.", "score": 0.5}]],
    ],
)
async def test_the_forms_that_retrieve_servers_use_are_understood(reply: Any, at: Any) -> None:
    async with listening(replying(reply)) as there:
        (found,) = await at(SearchKind.RETRIEVE, there.url).retrieve("x", ASKED, "search-1", Bill())
    assert (found.id, found.title, found.text, found.score) == ("7", "Lima", "It is a city.", 0.5)
    assert (found.source, found.web) == ("/retrieve server: 7", False)


async def test_a_retrieved_document_with_an_address_counts_as_fetched(at: Any) -> None:
    hit = {"document": {"content": "text", "url": "https://example.org/"}, "score": 1}
    async with listening(replying([[hit]])) as there:
        (found,) = await at(SearchKind.RETRIEVE, there.url).retrieve("x", ASKED, "search-1", Bill())
    assert (found.source, found.web) == ("https://example.org/", True)


async def test_searxng_brings_its_infobox_first(at: Any) -> None:
    box = {"infobox": "Lima", "id": "https://en.wikipedia.org/wiki/Lima", "content": "Capital of Peru."}
    result = {"title": "Peru", "url": "https://example.org/", "content": "A <b>country</b>.", "score": 2.5}
    async with listening(replying({"results": [result], "infoboxes": [box]})) as there:
        found = await at(SearchKind.SEARXNG, there.url).retrieve("x", ASKED, "search-1", Bill())
    assert [(document.title, document.text) for document in found] == [
        ("Lima", "Capital of Peru."),
        ("Peru", "A country."),
    ]


async def test_searxng_without_a_working_engine_is_an_error_and_not_an_empty_search(at: Any) -> None:
    reply = {"results": [], "unresponsive_engines": [["brave", "timeout"], ["qwant", "access denied"]]}
    async with listening(replying(reply)) as there:
        with pytest.raises(ToolError, match="none of its engines replied: brave timeout, qwant access denied"):
            await at(SearchKind.SEARXNG, there.url).retrieve("x", ASKED, "search-1", Bill())


@pytest.mark.parametrize(
    ("kind", "status", "advice"),
    [
        (SearchKind.SEARXNG, 403, "allow JSON in its settings.yml"),
        (SearchKind.SEARXNG, 429, "limiter"),
        (SearchKind.TAVILY, 432, "the plan of this key is used up"),
        (SearchKind.RETRIEVE, 404, "without /retrieve"),
        (SearchKind.RETRIEVE, 500, "eid"),
    ],
)
async def test_a_refusal_says_what_to_do(kind: SearchKind, status: int, advice: str, at: Any) -> None:
    bill = Bill()
    async with listening(replying({"detail": {"error": "no"}}, status)) as there:
        with pytest.raises(ToolError, match=f"HTTP {status}.*{advice}"):
            await at(kind, there.url).retrieve("x", ASKED, "search-1", bill)
    assert advice in (bill[0].error or "")
    assert len(bill[0].attempts) == (2 if status in (429, 500) else 0)


async def test_an_error_in_a_sound_reply_is_told(at: Any) -> None:
    async with listening(replying({"error": "index not loaded"})) as there:
        with pytest.raises(ToolError, match="replied with the error 'index not loaded' instead of"):
            await at(SearchKind.RETRIEVE, there.url).retrieve("x", ASKED, "search-1", Bill())


async def test_a_failure_that_passes_is_tried_again_and_recorded(at: Any) -> None:
    statuses = [503, 200]

    async def handle(request: web.Request) -> web.Response:
        return web.json_response({"results": [{"content": "good"}]}, status=statuses.pop(0))

    bill = Bill()
    async with listening(handle) as there:
        assert await at(SearchKind.TAVILY, there.url).retrieve("x", ASKED, "search-1", bill)
    assert "HTTP 503" in bill[0].attempts[0].error


async def test_a_server_that_is_not_there_is_named(at: Any) -> None:
    async with listening(replying({})) as there:
        url = there.url
    with pytest.raises(ToolError, match=f"SearXNG did not search: {url}.* refused the connection"):
        await at(SearchKind.SEARXNG, url).retrieve("x", ASKED, "search-1", Bill())


async def test_a_redirect_is_not_followed(at: Any) -> None:
    asked: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=302, headers={"Location": "/elsewhere"})

    async with listening(handle) as there:
        with pytest.raises(ToolError, match="HTTP 302"):
            await at(SearchKind.SEARXNG, there.url).retrieve("x", ASKED, "search-1", Bill())
    assert asked == ["/search"]


async def test_pages_that_were_found_are_not_fetched(at: Any) -> None:
    server = Searching(
        lambda query: [Passage("inside", url="http://127.0.0.1:1/secret"), Passage("x", url="file:///etc")]
    )
    async with searching(server) as there:
        page = Passage("the page itself", url=f"{there.url}/page")
        server._found = lambda query: [page]
        (found,) = await at(SearchKind.SEARXNG, there.url).retrieve("x", ASKED, "search-1", Bill())
    assert found.source == page.url
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("usd", "charge"),
    [
        (Decimal("0.008"), Charge(Decimal("0.008"), ChargeStatus.PRICED, "tavily.com/pricing", date(2026, 5, 4))),
        (Decimal(0), Charge(Decimal(0), ChargeStatus.FREE, "tavily.com/pricing", date(2026, 5, 4))),
    ],
)
async def test_a_search_costs_what_the_pool_says(usd: Decimal, charge: Charge, at: Any) -> None:
    bill = Bill()
    price = {"usd_per_search": usd, "source": "tavily.com/pricing", "as_of": date(2026, 5, 4)}
    async with searching(Searching(lambda query: PASSAGES)) as there:
        await at(SearchKind.TAVILY, there.url, **price).retrieve("x", ASKED, "search-1", bill)
    assert bill[0].charge == charge


async def test_a_price_without_a_date_counts_as_of_today(at: Any) -> None:
    bill = Bill()
    before = datetime.now(UTC).date()
    async with searching(Searching(lambda query: PASSAGES)) as there:
        await at(SearchKind.TAVILY, there.url, usd_per_search=Decimal(1)).retrieve("x", ASKED, "search-1", bill)
    assert bill[0].charge.as_of is not None
    assert before <= bill[0].charge.as_of <= datetime.now(UTC).date()


async def test_what_a_failed_search_costs_is_unknown_and_not_nothing(at: Any) -> None:
    bill = Bill()
    async with listening(replying({}, 432)) as there:
        with pytest.raises(ToolError):
            await at(SearchKind.TAVILY, there.url, usd_per_search=Decimal(1)).retrieve("x", ASKED, "search-1", bill)
    assert (bill[0].charge.usd, bill[0].charge.status) == (None, ChargeStatus.UNPRICED)
    assert "not known" in bill[0].charge.source


async def test_an_unreadable_reply_was_paid_for_all_the_same(at: Any) -> None:
    bill = Bill()
    async with listening(replying({"no": "results"})) as there:
        with pytest.raises(ToolError):
            await at(SearchKind.TAVILY, there.url, usd_per_search=Decimal(1)).retrieve("x", ASKED, "search-1", bill)
    assert bill[0].charge.usd == 1


async def test_a_search_that_costs_more_than_is_left_is_not_made(at: Any) -> None:
    server = Searching(lambda query: PASSAGES)
    bill = Bill()
    poor = Request("q", Evidence(), left=Remaining(usd=Decimal("0.007")))
    async with searching(server) as there:
        retriever = at(SearchKind.TAVILY, there.url, usd_per_search=Decimal("0.008"))
        with pytest.raises(CannotAfford, match=r"a search by Tavily costs \$0\.008, and \$0\.007 are left"):
            await retriever.retrieve("x", poor, "search-1", bill)
    assert (server.asked, bill) == ([], [])


async def test_a_search_ends_at_the_run_s_deadline(at: Any) -> None:
    async def handle(request: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.json_response({})

    hurried = Request("q", Evidence(), left=Remaining(seconds=0.1))
    async with listening(handle) as there:
        with pytest.raises(ToolError, match=r"within 0\.1 s"):
            await at(SearchKind.SEARXNG, there.url).retrieve("x", hurried, "search-1", Bill())


async def test_a_cancelled_search_stays_on_the_bill_and_frees_its_connection(at: Any, clients: ChatClients) -> None:
    begun, gone = asyncio.Event(), asyncio.Event()

    async def handle(request: web.Request) -> web.Response:
        begun.set()
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            gone.set()
            raise
        return web.json_response({})

    bill = Bill()
    async with listening(handle) as there:
        retriever = at(SearchKind.TAVILY, there.url, usd_per_search=Decimal("0.008"))
        task = asyncio.create_task(retriever.retrieve("x", ASKED, "search-1", bill))
        await asyncio.wait_for(begun.wait(), 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(gone.wait(), 20)
        assert clients.endpoint(Endpoint(there.url)).in_flight == 0
    assert (bill[0].error, bill[0].charge.status) == ("cancelled", ChargeStatus.UNPRICED)


async def test_searches_in_flight_are_counted(at: Any) -> None:
    gate = asyncio.Event()

    async def handle(request: web.Request) -> web.Response:
        await gate.wait()
        return web.json_response({"results": []})

    bill = Bill()
    async with listening(handle) as there:
        retriever = at(SearchKind.SEARXNG, there.url)
        tasks = [asyncio.create_task(retriever.retrieve("x", ASKED, "search-1", bill)) for _ in range(3)]
        await asyncio.sleep(0.1)
        gate.set()
        await asyncio.gather(*tasks)
    assert sorted(call.in_flight or 0 for call in bill) == [1, 2, 3]


def test_a_server_without_an_address_cannot_be_chosen(index: Index, clients: ChatClients) -> None:
    with pytest.raises(ValueError, match="'tavily' needs an endpoint"):
        retriever_of(SearchBackend(SearchKind.TAVILY), index, clients)


@pytest.mark.parametrize("kind", REMOTE)
async def test_html_instead_of_json_is_told(kind: SearchKind, at: Any) -> None:
    async def handle(request: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>welcome</title>", content_type="text/html")

    async with listening(handle) as there:
        with pytest.raises(ToolError, match="did not reply with JSON"):
            await at(kind, there.url).retrieve("x", ASKED, "search-1", Bill())

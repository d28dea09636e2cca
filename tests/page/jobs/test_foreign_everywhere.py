"""Hostile text in every place that shows text of others: no request leaves, no markup is made, no script runs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.page.conftest import serving
from tests.page.watch import MakePage

pytestmark = pytest.mark.browser
MARKUP = (
    "![a](http://elsewhere.example/md.png?d=1) "
    '<img src="http://elsewhere.example/i.png" onerror="document.title=\'taken\'">'
    "<script>document.title='taken'</script><svg><image href='http://elsewhere.example/s.png'/></svg>"
    "<a href=\"javascript:document.title='taken'\" ping='http://elsewhere.example/p'>x</a>"
    " {{value}} ${document.title='taken'} "
    "</script></style><style>@import 'http://elsewhere.example/c.css';</style>"
    "<iframe src='http://elsewhere.example/f'></iframe>"
    "<form action='http://elsewhere.example/form'><button>x</button></form>"
)
QUESTION = f"What is the harbour toll of Port Ambrel? {MARKUP}"
DOCUMENT = f"# The harbour toll of Port Ambrel {MARKUP}\n\nThe harbour toll of Port Ambrel is 41 marks {MARKUP}\n"
NAME = f"ann {MARKUP[:150]}"
PAGES = [
    "/ui/?run={run}&step=0",
    "/ui/?run={run}&step=1",
    "/stage?run={run}",
    "/runs",
    "/runs?run={run}",
    "/tune",
    "/rank?study={study}",
]
FOREIGN = (
    "[src*='elsewhere.example'], [href*='elsewhere.example'], [href^='javascript:'], [ping], [onerror], "
    "[action*='elsewhere']"
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("everywhere")
    documents = folder / "documents"
    documents.mkdir()
    (documents / "toll.txt").write_text(DOCUMENT, "utf-8")
    with serving(folder, "--documents", str(documents), "--policy", "fixed:search-1,answer-1", pace="0") as served:
        yield served


def sent(http: httpx.Client, path: str, body: dict[str, Any]) -> Any:
    response = http.post(f"/api/v1/{path}", json=body)
    assert response.status_code < 300, response.text
    return response.json()


@pytest.fixture(scope="module")
def ids(address: str) -> dict[str, str]:
    """A run with hostile texts in it, ranked with hostile words in a study with a hostile name, and a profile."""
    with httpx.Client(base_url=address, timeout=60) as http:
        run = sent(http, "runs", {"query": QUESTION, "alternatives": 3, "reference": MARKUP})["id"]
        with http.stream("GET", f"/api/v1/runs/{run}/events") as events:
            events.read()
        ballot = http.get(f"/api/v1/runs/{run}/ballot").json()
        groups = [[one["label"]] for one in ballot["alternatives"]]
        sent(http, f"ballots/{ballot['id']}/rankings", {"groups": groups, "reason": MARKUP, "annotator": NAME})
        study = sent(
            http, "studies",
            {"name": NAME, "guidelines": MARKUP, "runs": [run], "alternatives": 3, "overlap": 5, "tags": [MARKUP[:60]]},
        )  # fmt: skip
        profile = {"name": "p " + MARKUP[:60], "preference": {"accuracy": 1.0, "cost": 0.5, "latency": 0.1}}
        made = http.post("/api/v1/profiles", json=profile)
        assert made.status_code in (201, 422), made.text
        found = http.get(f"/api/v1/runs/{run}").json()["trajectories"][0]
        assert "elsewhere.example" in str(found["steps"][0]["observation"]["documents"])
        return {"run": run, "study": study["id"], "trajectory": found["id"]}


@pytest.mark.parametrize("path", PAGES)
def test_no_page_loads_or_makes_anything_of_hostile_texts(
    page: Page, address: str, ids: dict[str, str], path: str
) -> None:
    page.goto(f"{address}{path.format(**ids)}")
    if path.startswith("/ui"):
        expect(page.locator("#trace .pd-query")).to_contain_text("harbour toll")
    else:
        expect(page.get_by_text("harbour toll").or_(page.get_by_text("elsewhere.example")).first).to_be_attached()
    page.wait_for_timeout(500)
    assert "taken" not in page.title()
    assert page.locator(FOREIGN).count() == 0


def test_a_leave_behind_opened_from_disk_loads_nothing(
    address: str, ids: dict[str, str], tmp_path: Path, another_page: MakePage
) -> None:
    response = httpx.get(f"{address}/api/v1/talks/{ids['run']}/leave-behind", timeout=60)
    if response.status_code == 404:
        response = httpx.get(f"{address}/api/v1/runs/{ids['run']}/leave-behind", timeout=60)
    assert response.status_code == 200, response.text[:200]
    file = tmp_path / "talk.html"
    file.write_bytes(response.content)
    page = another_page()
    page.goto(file.as_uri())
    expect(page.get_by_text("harbour toll").first).to_be_attached()
    page.wait_for_timeout(500)
    assert "taken" not in page.title()
    assert page.locator(FOREIGN).count() == 0


def test_the_trace_says_where_each_text_came_from(
    page: Page, address: str, ids: dict[str, str], artifacts: Path
) -> None:
    page.goto(f"{address}/ui/?run={ids['run']}&step=0")
    expect(page.locator("#trace .pd-query")).to_contain_text("harbour toll")
    expect(page.get_by_text("toll.txt").first).to_be_visible()
    expect(page.get_by_text("extracted from a document").first).to_be_visible()
    page.screenshot(path=artifacts / "origin-desk.png", full_page=True)
    page.goto(f"{address}/rank?study={ids['study']}")
    expect(page.get_by_text("harbour toll").first).to_be_visible()
    expect(page.get_by_text("Source: toll.txt").first).to_be_visible()
    sending = page.get_by_role("button", name="Submit").bounding_box()
    assert sending is not None
    assert sending["x"] + sending["width"] <= 1280
    page.screenshot(path=artifacts / "origin-rank.png", full_page=True)

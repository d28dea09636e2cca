"""Several people on one study of the page *Rank*, and a server that is away while somebody submits."""

import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.page.conftest import serving
from tests.page.jobs.rank_world import Ranker, make_study, progress, rankings, seed, wait_for_held
from tests.page.watch import MakePage

pytestmark = pytest.mark.browser


def test_two_people_share_a_study_and_each_ballot_is_ranked_as_often_as_wanted(
    another_page: MakePage, tmp_path: Path
) -> None:
    seed(tmp_path, 6)
    with serving(tmp_path) as base_url:
        study = make_study(base_url)
        people = [Ranker(another_page(), base_url, name) for name in ("ada", "bob")]
        for one in people:
            one.open(study)
            expect(one.query.or_(one.page.get_by_role("heading", name="Nothing is left"))).to_be_visible()
        assert people[0].ballot != people[1].ballot
        expect(people[0].page.locator(".pd-r-lease")).to_contain_text("yours until")
        going = list(people)
        for _ in range(12):
            for one in list(going):
                if one.page.get_by_role("heading", name="Nothing is left").is_visible():
                    going.remove(one)
                    continue
                before = one.page.url
                one.press("1", "2", "3", "Enter")
                one.page.wait_for_function("before => location.href !== before", arg=before)
        assert going == []
        found = progress(base_url, study)
        assert (found["counted"], found["extra"], found["complete"]) == (6, 0, 6)
        assert sum(1 for _ in rankings(base_url)) == 6
        for one in people:
            one.page.close()


def test_what_was_fetched_ahead_is_given_back_when_the_page_is_left(another_page: MakePage, tmp_path: Path) -> None:
    seed(tmp_path, 2)
    with serving(tmp_path) as base_url:
        study = make_study(base_url)
        ada = Ranker(another_page(), base_url, "ada")
        ada.open(study)
        expect(ada.query).to_be_visible()
        ada.wait_for_next()
        wait_for_held(ada.page, base_url, study, 2)
        ada.open()
        wait_for_held(ada.page, base_url, study, 1)
        ada.page.close()


def test_nothing_is_lost_while_the_server_is_away(another_page: MakePage, tmp_path: Path) -> None:
    seed(tmp_path, 4)
    page = another_page(allowed=["ERR_CONNECTION_REFUSED"])
    with serving(tmp_path) as base_url:
        study = make_study(base_url)
        ann = Ranker(page, base_url, "ann")
        ann.open(study)
        expect(ann.query).to_be_visible()
        ann.wait_for_next()
    ann.press("2", "1", "3")
    first = ann.submit()
    expect(page.get_by_role("alert")).to_contain_text("1 ranking waits in this browser")
    ann.press("4", "3", "2")
    second = ann.ballot
    ann.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("2 rankings wait in this browser")
    port = re.findall(r":(\d+)", base_url)[0]
    with serving(tmp_path, "--port", port):
        expect(page.get_by_role("alert")).to_be_hidden()
        expect(ann.query).to_be_visible()
        assert ann.kept(first)["groups"][0] == ["B"]
        assert ann.kept(second)["groups"][0] == ["D"]
        assert len(rankings(base_url)) == 2, "each was kept once"
        assert httpx.get(f"{base_url}/api/v1/studies/{study}/progress").json()["counted"] == 2
        page.close()

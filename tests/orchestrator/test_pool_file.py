from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator import pool_file
from orchestrator.pool import TOOL_OF
from orchestrator.pool_file import BadPoolFile, checked_address, parse_pool, read_pool

EXAMPLES = sorted((Path(__file__).parents[2] / "pools").glob("*.toml"))
GOOD = """
name = "mine"

[endpoint.big]
base_url = "http://127.0.0.1:8001/v1/"
self_hosted = true

[alias.answer-1]
endpoint = "big"
model = "m"
description = "d"
latency_s = 2.5
price = { input_usd_per_mtok = 0.1, output_usd_per_mtok = 0.3, source = "us", as_of = 2026-01-02 }
"""


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_pool_loads(path: Path) -> None:
    pool = read_pool(path)
    assert pool.name == path.stem
    assert any(entry.tool == "answer" for entry in pool.entries)


def test_the_examples_are_the_four_that_the_documentation_names() -> None:
    assert {path.stem for path in EXAMPLES} == {"local-ollama", "local-vllm", "paper-evaluation", "mixed"}


def test_the_pool_of_the_paper_has_all_twelve_aliases_in_order() -> None:
    pool = read_pool(next(path for path in EXAMPLES if path.stem == "paper-evaluation"))
    assert tuple(entry.alias for entry in pool.entries) == tuple(TOOL_OF)
    assert not pool.simulated


def test_a_stand_in_has_no_endpoint_and_makes_the_pool_simulated() -> None:
    pool = read_pool(next(path for path in EXAMPLES if path.stem == "mixed"))
    assert pool.simulated
    assert pool["answer-4"].simulated
    assert pool.local_aliases == ("search-1",)


def test_prices_are_read_exactly_and_the_endpoint_lends_self_hosted() -> None:
    entry = parse_pool(GOOD, "p.toml")["answer-1"]
    assert entry.price is not None
    assert entry.price.input_usd_per_mtok == Decimal("0.1")
    assert entry.self_hosted
    assert entry.endpoint is not None
    assert entry.endpoint.base_url == "http://127.0.0.1:8001/v1"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ("latency_s = 2.5", "latency = 2.5"),
            "p.toml, line 8, [alias.answer-1]: .*'latency' (did you mean 'latency_s'?)",
        ),
        (("[alias.answer-1]", "[alias.answer-9]"), "unknown alias 'answer-9' (did you mean"),
        (('endpoint = "big"', 'endpoint = "bg"'), "there is no endpoint 'bg' (did you mean 'big'?)"),
        (('endpoint = "big"', ""), "give exactly one of"),
        (('endpoint = "big"', 'endpoint = "big"\nstand_in = true'), "give exactly one of"),
        (('"http://127.0.0.1:8001/v1/"', '"ftp://x/v1"'), "line 4, [endpoint.big]: base_url must look like"),
        (('"http://127.0.0.1:8001/v1/"', '"https://user:secret@x/v1"'), "must not hold a user"),
        (("self_hosted = true", 'api_key_env = "sk-abc-123"'), "name of an environment variable"),
        (("latency_s = 2.5", "latency_s = nan"), "'latency_s' must be a number"),
        (("latency_s = 2.5", "latency_s = -1"), "'latency_s' must be a number"),
        (("output_usd_per_mtok = 0.3, ", ""), "a price has either"),
        (("input_usd_per_mtok = 0.1", "input_usd_per_mtok = inf"), "'input_usd_per_mtok' must be a number"),
        (("as_of = 2026-01-02", 'as_of = "2026"'), "'as_of' must be a day"),
        (('model = "m"', ""), "'model' is missing"),
        (('name = "mine"', ""), "'name' is missing"),
        (('name = "mine"', 'name = "mine"\nspeed = 1'), "has no key 'speed'"),
        (('name = "mine"', "name = mine"), "p.toml: not valid TOML: .*line 2"),
        (("[alias.answer-1]", "[alias.search-1]"), "no alias can answer"),
    ],
)
def test_a_faulty_pool_file_is_refused_with_place_and_advice(change: tuple[str, str], said: str) -> None:
    assert change[0] in GOOD
    with pytest.raises(BadPoolFile) as refused:
        parse_pool(GOOD.replace(*change), "p.toml")
    for part in said.split(".*"):
        assert part in str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadPoolFile, match=r"nowhere\.toml"):
        read_pool(tmp_path / "nowhere.toml")


@given(st.text())
def test_whatever_is_no_web_address_is_refused_with_advice(text: str) -> None:
    if text.lower().startswith(("http://", "https://")) and not text.endswith("/"):
        return
    with pytest.raises(ValueError, match="base_url must"):
        checked_address(text)


@given(st.text(max_size=200))
def test_any_text_is_a_pool_or_refused(text: str) -> None:
    with pytest.raises(BadPoolFile):
        parse_pool(text, "p.toml")


def test_the_page_about_pool_files_shows_one_that_loads_and_names_every_key() -> None:
    page = (EXAMPLES[0].parents[1] / "docs" / "pool-file.md").read_text("utf-8")
    example = page.split("```toml\n")[1].split("```")[0]
    assert parse_pool(example, "docs")["answer-1"].self_hosted
    for key in {*pool_file._TOP, *pool_file._ENDPOINT, *pool_file._ALIAS, *pool_file._PRICE}:
        assert f"`{key}`" in page or f"[{key}." in page, key

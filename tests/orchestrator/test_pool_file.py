from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.pool import TOOL_OF, Endpoint, Pool, Price, Reading, Sampling, SearchBackend, SearchKind
from orchestrator.pool_file import KEYS, BadPoolFile, checked_address, parse_pool, read_pool
from orchestrator.pool_model import SAMPLING_KEYS
from orchestrator.profile import profile

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "pools").glob("*.toml"))
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
LATER = len(GOOD.splitlines()) + 1
"""The line on which a table that is added to it begins."""


def example(name: str) -> Pool:
    return read_pool(ROOT / "pools" / f"{name}.toml")


def pool(added: str) -> Pool:
    return parse_pool(GOOD + added, "p.toml")


def refusal(text: str) -> str:
    with pytest.raises(BadPoolFile) as refused:
        parse_pool(text, "p.toml")
    return str(refused.value)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_pool_loads(path: Path) -> None:
    found = read_pool(path)
    assert found.name == path.stem
    assert any(entry.tool == "answer" for entry in found.entries)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_says_at_its_top_what_it_is_and_names_no_place_but_public_ones(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.startswith("# ")
    found = read_pool(path)
    models = [entry.served for entry in found.entries] + [entry.fallback for entry in found.entries] + [found.judge]
    endpoints = {model.endpoint for model in models if model is not None} | {found.search.endpoint}
    hosts = {endpoint.base_url.split("/")[2].split(":")[0] for endpoint in endpoints if endpoint is not None}
    assert hosts <= {"127.0.0.1", "api.openai.com", "api.tavily.com"}


def test_the_examples_are_the_four_that_the_documentation_names() -> None:
    assert {path.stem for path in EXAMPLES} == {"local-ollama", "local-vllm", "paper-evaluation", "mixed"}


def test_the_pool_of_the_paper_has_all_twelve_aliases_in_order() -> None:
    paper = example("paper-evaluation")
    assert tuple(entry.alias for entry in paper.entries) == tuple(TOOL_OF)
    assert not paper.simulated


@pytest.mark.parametrize(
    ("alias", "model", "usd", "most", "reading"),
    [
        ("search-1", "gpt-5", None, 40_000, Reading.AUTO),
        ("search-2", "gpt-5-mini", None, 40_000, Reading.AUTO),
        ("search-3", "Qwen/Qwen3-32B", "0.8", 8_000, Reading.AUTO),
        ("reasoner-1", "gpt-5", None, 40_000, Reading.AUTO),
        ("reasoner-2", "gpt-5-mini", None, 40_000, Reading.AUTO),
        ("reasoner-3", "Qwen/Qwen2.5-Coder-32B-Instruct", "0.8", 8_000, Reading.AUTO),
        ("answer-1", "gpt-5", None, 40_000, Reading.ANSWER),
        ("answer-2", "gpt-5-mini", None, 40_000, Reading.ANSWER),
        ("answer-3", "meta-llama/Llama-3.3-70B-Instruct", "0.9", 40_000, Reading.ANSWER),
        ("answer-4", "Qwen/Qwen3-32B", "0.8", 8_000, Reading.BOXED),
        ("answer-math-1", "Qwen/Qwen2.5-Math-72B-Instruct", "0.9", 2_000, Reading.BOXED),
        ("answer-math-2", "Qwen/Qwen2.5-Math-7B-Instruct", "0.2", 2_000, Reading.BOXED),
    ],
)
def test_the_pool_of_the_paper_asks_and_pays_as_the_paper_does(
    alias: str, model: str, usd: str | None, most: int, reading: Reading
) -> None:
    entry = example("paper-evaluation")[alias]
    assert (entry.model, entry.sampling.max_tokens, entry.reading) == (model, most, reading)
    if usd is None:
        assert entry.price is None, "found in the price book, by host"
        assert entry.endpoint is not None
        assert entry.endpoint.base_url == "https://api.openai.com/v1"
        assert (entry.sampling.temperature, entry.sampling.reasoning_effort) == (1, "high")
    else:
        assert entry.price is not None
        assert (entry.price.input_usd_per_mtok, entry.price.output_usd_per_mtok) == (Decimal(usd), Decimal(usd))
        assert entry.sampling.temperature == 0.2
    assert (entry.system is not None) == (reading is Reading.BOXED)


def test_the_pool_of_the_paper_is_routed_by_the_released_model_at_its_price() -> None:
    orchestrator = example("paper-evaluation").orchestrator
    assert orchestrator is not None
    served = orchestrator.served
    assert (served.sampling.temperature, served.sampling.max_tokens) == (1.0, 12_000)
    assert served.price is not None
    assert (served.price.input_usd_per_mtok, served.price.output_usd_per_mtok) == (Decimal("0.2"), Decimal("0.2"))


def test_the_mixed_pool_has_stand_ins_a_fallback_a_judge_and_searches_the_web() -> None:
    mixed = example("mixed")
    assert mixed["answer-4"].simulated
    assert mixed.local_aliases == ("search-1",)
    fallback = mixed["search-1"].fallback
    assert fallback is not None
    assert fallback.model == "gpt-5-mini"
    assert mixed.judge is not None
    assert mixed.search.kind is SearchKind.TAVILY


def test_prices_are_read_exactly_and_the_endpoint_lends_self_hosted() -> None:
    entry = pool("")["answer-1"]
    assert entry.price == Price("us", date(2026, 1, 2), Decimal("0.1"), Decimal("0.3"))
    assert entry.self_hosted
    assert entry.endpoint == Endpoint("http://127.0.0.1:8001/v1")


def test_a_price_without_a_source_is_the_pool_files() -> None:
    entry = parse_pool(GOOD.replace('source = "us", ', ""), "folder/p.toml")["answer-1"]
    assert entry.price is not None
    assert entry.price.source == "pool file p.toml"


def test_an_endpoint_says_how_it_is_spoken_to() -> None:
    found = pool(
        '[endpoint.e]\nbase_url = "https://x/v1"\napi_key_env = "K"\nmax_in_flight = 3\nstream = false\n'
        'connect_timeout_s = 2\nread_timeout_s = 0.5\n[alias.search-1]\nendpoint = "e"\nmodel = "m"\n'
        'description = "d"\nlatency_s = 1\n'
    )
    assert found["search-1"].endpoint == Endpoint("https://x/v1", "K", 3, False, 2.0, 0.5)
    assert not found["search-1"].self_hosted


def test_an_alias_says_how_its_model_writes_and_how_its_answer_is_read() -> None:
    said = (
        "max_output_tokens = 100\ntemperature = 0.7\ntop_p = 0.9\ntop_k = 20\ntimeout_s = 9\n"
        'reasoning_effort = "low"\nthinking = false\nreading = "fenced"\nsystem = """\nFirst.\n\nSecond.\n"""\n'
    )
    entry = pool(said)["answer-1"]
    assert entry.sampling == Sampling(0.7, 0.9, 20, 100, 9.0, "low", False)
    assert (entry.reading, entry.system) == (Reading.FENCED, "First.\n\nSecond.")


def test_what_is_left_out_has_the_default() -> None:
    entry = pool("")["answer-1"]
    assert (entry.sampling, entry.reading, entry.system, entry.fallback) == (Sampling(), Reading.AUTO, None, None)
    assert (pool("").orchestrator, pool("").judge, pool("").search) == (None, None, SearchBackend())


def test_a_temperature_can_be_left_to_the_server() -> None:
    assert pool('temperature = "server"')["answer-1"].sampling.temperature is None


def test_a_fallback_has_its_own_price_and_sampling_and_the_system_prompt_of_the_alias() -> None:
    said = (
        'system = "Be brief."\n[alias.answer-1.fallback]\nbase_url = "https://api.openai.com/v1"\napi_key_env = "K"\n'
        'model = "gpt-5"\ntemperature = 1\nprice = { input_usd_per_mtok = 1, output_usd_per_mtok = 2 }\n'
    )
    fallback = pool(said)["answer-1"].fallback
    assert fallback is not None
    assert (fallback.model, fallback.endpoint) == ("gpt-5", Endpoint("https://api.openai.com/v1", "K"))
    assert (fallback.sampling, fallback.system) == (Sampling(temperature=1.0), "Be brief.")
    assert not fallback.self_hosted


def test_the_orchestrator_samples_as_its_prompt_profile_says_unless_told_otherwise(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    path = tmp_path / "pool.toml"
    path.write_text(
        GOOD
        + '[orchestrator]\nendpoint = "big"\nmodel = "o"\nprofile = "train"\ntokenizer = "tokenizer.json"\ntop_k = 20\n'
    )
    orchestrator = read_pool(path).orchestrator
    assert orchestrator is not None
    assert orchestrator.served.sampling == replace(profile("train").sampling, top_p=None, top_k=20)
    assert orchestrator.served.self_hosted
    assert (orchestrator.profile, orchestrator.tokenizer) == ("train", str(tmp_path / "tokenizer.json"))


def test_a_judge_is_asked_without_chance_unless_told_otherwise() -> None:
    judge = pool('[judge]\nendpoint = "big"\nmodel = "j"\nsystem = "Be strict."').judge
    assert judge is not None
    assert (judge.sampling.temperature, judge.system) == (0.0, "Be strict.")


@pytest.mark.parametrize(
    ("said", "backend"),
    [
        ("passages = 5", SearchBackend(passages=5, source="pool file p.toml")),
        (
            'kind = "retrieve"\nendpoint = "big"\nusd_per_search = 0\nsource = "ours"\nas_of = 2026-01-02',
            SearchBackend(
                SearchKind.RETRIEVE, Endpoint("http://127.0.0.1:8001/v1"), 8, Decimal(0), "ours", date(2026, 1, 2)
            ),
        ),
        (
            'kind = "tavily"',
            SearchBackend(
                SearchKind.TAVILY, Endpoint("https://api.tavily.com", "TAVILY_API_KEY"), source="pool file p.toml"
            ),
        ),
        (
            'kind = "tavily"\napi_key_env = "MINE"\nusd_per_search = 0.008',
            SearchBackend(
                SearchKind.TAVILY,
                Endpoint("https://api.tavily.com", "MINE"),
                usd_per_search=Decimal("0.008"),
                source="pool file p.toml",
            ),
        ),
        (
            'kind = "searxng"\nbase_url = "http://127.0.0.1:8888/"',
            SearchBackend(SearchKind.SEARXNG, Endpoint("http://127.0.0.1:8888"), source="pool file p.toml"),
        ),
    ],
)
def test_searches_go_where_the_file_says(said: str, backend: SearchBackend) -> None:
    assert pool(f"[search]\n{said}\n").search == backend


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ("latency_s = 2.5", "latency = 2.5"),
            "p.toml, line 12, [alias.answer-1]: there is no key 'latency' here (did you mean 'latency_s'?); allowed",
        ),
        (("[alias.answer-1]", "[alias.answer-9]"), "line 8, [alias.answer-9]: unknown alias 'answer-9' (did you mean"),
        (('endpoint = "big"', 'endpoint = "bg"'), "line 9, [alias.answer-1]: there is no endpoint 'bg' (did you mean"),
        (('endpoint = "big"', ""), "line 8, [alias.answer-1]: give exactly one of"),
        (('endpoint = "big"', 'endpoint = "big"\nstand_in = true'), "line 10, [alias.answer-1]: give exactly one of"),
        (
            ('endpoint = "big"', 'endpoint = "big"\napi_key_env = "K"'),
            "line 10, [alias.answer-1]: 'api_key_env' belongs",
        ),
        (('"http://127.0.0.1:8001/v1/"', '"ftp://x/v1"'), "line 5, [endpoint.big]: base_url must look like"),
        (('"http://127.0.0.1:8001/v1/"', '"https://user:secret@x/v1"'), "line 5, [endpoint.big]: .*not hold a user"),
        (('base_url = "http://127.0.0.1:8001/v1/"', ""), "line 4, [endpoint.big]: 'base_url' is missing"),
        (("self_hosted = true", 'self_hosted = "yes"'), "line 6, [endpoint.big]: 'self_hosted' must be true or false"),
        (("self_hosted = true", 'api_key_env = "sk-abc-123"'), "line 6, .*name of an environment variable"),
        (("self_hosted = true", 'api_key = "sk-abc-123"'), "line 6, .*(did you mean 'api_key_env'?)"),
        (("self_hosted = true", "max_in_flight = 0"), "line 6, .*'max_in_flight' must be a whole number from 1"),
        (("self_hosted = true", "stream = 1"), "line 6, .*'stream' must be true or false"),
        (("self_hosted = true", "read_timeout_s = 0"), "line 6, .*'read_timeout_s' must be a number from 0.001"),
        (("latency_s = 2.5", "latency_s = nan"), "line 12, [alias.answer-1]: 'latency_s' must be a number"),
        (("latency_s = 2.5", "latency_s = -1"), "line 12, [alias.answer-1]: 'latency_s' must be a number"),
        (("latency_s = 2.5", ""), "line 8, [alias.answer-1]: 'latency_s' is missing"),
        (("output_usd_per_mtok = 0.3, ", ""), "line 13, [alias.answer-1.price]: a price has either"),
        (("input_usd_per_mtok = 0.1", "usd_per_gpu_hour = 1"), "line 13, [alias.answer-1.price]: a price has either"),
        (("input_usd_per_mtok = 0.1", "input_usd_per_mtok = inf"), "line 13, .*'input_usd_per_mtok' must be a number"),
        (("as_of = 2026-01-02", 'as_of = "2026"'), "line 13, [alias.answer-1.price]: 'as_of' must be a day"),
        (
            ("source =", "sauce ="),
            "line 13, [alias.answer-1.price]: there is no key 'sauce' here (did you mean 'source'?)",
        ),
        (("price = {", "price = 3 # {"), "line 13, [alias.answer-1]: 'price' must be a table"),
        (('model = "m"', ""), "line 8, [alias.answer-1]: 'model' is missing"),
        (('model = "m"', "model = 3"), "line 10, [alias.answer-1]: 'model' must be a text, not 3"),
        (('model = "m"', 'model = " "'), "line 10, [alias.answer-1]: 'model' must be a text"),
        (('name = "mine"', ""), "p.toml: 'name' is missing"),
        (('name = "mine"', 'name = "mine"\nspeed = 1'), "p.toml, line 3: there is no key 'speed' here"),
        (('name = "mine"', 'name = "mine"\naliases = 1'), "p.toml, line 3: .*(did you mean 'alias'?)"),
        (('name = "mine"', "name = mine"), "p.toml: not valid TOML: .*line 2"),
        (("[alias.answer-1]", "[alias.search-1]"), "no alias can answer"),
    ],
)
def test_a_faulty_pool_file_is_refused_with_place_and_advice(change: tuple[str, str], said: str) -> None:
    assert change[0] in GOOD
    told = refusal(GOOD.replace(*change))
    for part in said.split(".*"):
        assert part in told
    assert "sk-abc" not in told
    assert "secret" not in told


@pytest.mark.parametrize(
    ("added", "line", "said"),
    [
        ("temperature = 3", 0, "[alias.answer-1]: 'temperature' must be a number from 0 to 2, not 3"),
        ('temperature = "hot"', 0, "[alias.answer-1]: 'temperature' must be a number from 0 to 2, or \"server\""),
        ("top_p = 0", 0, "'top_p' must be a number from 0.001 to 1"),
        ("top_k = 1.5", 0, "'top_k' must be a whole number"),
        ("max_output_tokens = 1", 0, "'max_output_tokens' must be a whole number from 64 to 1000000"),
        ("max_tokens = 100", 0, "there is no key 'max_tokens' here (did you mean 'max_output_tokens'?)"),
        ("timeout_s = 0", 0, "'timeout_s' must be a number from 0.001"),
        ('reasoning_effort = "very high"', 0, "'reasoning_effort' must be a word such as low"),
        ('thinking = "on"', 0, "'thinking' must be true or false"),
        ('reading = "box"', 0, "'reading' has no 'box' (did you mean 'boxed'?); allowed are auto, answer, boxed"),
        ('system = ""', 0, "'system' must be a text"),
        ("fallback = 3", 0, "'fallback' must be a table: write [alias.answer-1.fallback]"),
        ('fallback = { endpoint = "big" }', 0, "[alias.answer-1.fallback]: 'model' is missing"),
        ('fallback = { model = "x" }', 0, "[alias.answer-1.fallback]: give exactly one of: endpoint"),
        ('fallback = { model = "m", endpoint = "big" }', 0, "[alias.answer-1.fallback]: the fallback is m at"),
        ('fallback = { model = "x", endpoint = "big", reading = "boxed" }', 0, "the fallback shares the alias's"),
        (
            '[alias.answer-1.fallback]\nmodel = "x"\nendpoint = "bug"',
            2,
            "[alias.answer-1.fallback]: there is no endpoint",
        ),
        ('[orchestrator]\nendpoint = "big"', 0, "[orchestrator]: 'model' is missing"),
        ('[orchestrator]\nmodel = "o"\nendpoint = "big"\nsystem = "s"', 3, "the prompt profile holds"),
        ('[orchestrator]\nmodel = "o"\nendpoint = "big"\nprofile = "trian"', 3, "(did you mean 'train'?)"),
        ('[orchestrator]\nmodel = "o"\nendpoint = "big"\nprofil = "s"', 3, "(did you mean 'profile'?)"),
        ('[orchestrator]\nmodel = "o"\nendpoint = "big"\ntokenizer = "no/where"', 3, "there is no no/where"),
        ("orchestrator = 1", 0, "must be a table: write [orchestrator]"),
        ('[search]\nkind = "google"', 1, "[search]: 'kind' has no 'google'; allowed are documents, retrieve, tavily"),
        ('[search]\nkind = "searxng"', 0, "[search]: give exactly one of: endpoint"),
        ('[search]\nbase_url = "http://127.0.0.1:1"', 1, "[search]: 'base_url' makes no sense for documents"),
        ("[search]\nusd_per_search = 1", 1, "[search]: 'usd_per_search' makes no sense for documents"),
        ("[search]\npassages = 0", 1, "[search]: 'passages' must be a whole number from 1 to 100"),
        ('[judge]\nmodel = "j"\nendpoint = "big"\nreading = "boxed"', 3, "[judge]: there is no key 'reading' here"),
    ],
)
def test_a_faulty_addition_is_refused_at_its_own_line(added: str, line: int, said: str) -> None:
    if "orchestrator = 1" in added:
        told = refusal(f"{added}\n{GOOD}")
        assert "p.toml, line 1: " in told
    else:
        told = refusal(f"{GOOD}{added}\n")
        assert f"p.toml, line {LATER + line}, [" in told
    assert said in told


def test_a_stand_in_has_no_fallback() -> None:
    text = GOOD.replace('endpoint = "big"', 'stand_in = true\nfallback = { model = "x", endpoint = "big" }')
    assert "line 10, [alias.answer-1.fallback]: a stand-in is always there" in refusal(text)


def test_an_address_that_may_hold_a_key_is_not_repeated() -> None:
    for address in ("ftp://me:canary@x/v1", "x?key=canary", "http://[canary@/v1"):
        with pytest.raises(ValueError, match="base_url must") as refused:
            checked_address(address)
        assert "canary" not in str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadPoolFile, match=r"nowhere\.toml"):
        read_pool(tmp_path / "nowhere.toml")


def test_files_as_windows_writes_them_are_read(tmp_path: Path) -> None:
    path = tmp_path / "pool.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert read_pool(path).name == "mine"
    path.write_bytes(GOOD.replace("latency_s", "latency").replace("\n", "\r\n").encode())
    with pytest.raises(BadPoolFile, match="line 12"):
        read_pool(path)


@pytest.mark.parametrize("value", ["1e99999999999999999999", "9" * 5_000, "[" * 50_000, "2026-02-30", "0x"])
def test_values_that_no_reader_of_toml_takes_are_refused(value: str) -> None:
    assert "p.toml" in refusal(f"name = {value}\n{GOOD}")


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


FULL = {
    "endpoint.big": {"base_url": '"http://127.0.0.1:1/v1"', "self_hosted": "true", "max_in_flight": "2"},
    "alias.answer-1": {"endpoint": '"big"', "model": '"m"', "description": '"d"', "latency_s": "1", "top_p": "0.5"},
    "alias.answer-1.fallback": {"endpoint": '"big"', "model": '"f"', "price": "{ usd_per_gpu_hour = 1 }"},
    "orchestrator": {"endpoint": '"big"', "model": '"o"'},
    "search": {"kind": '"retrieve"', "endpoint": '"big"'},
    "judge": {"endpoint": '"big"', "model": '"j"'},
}
VALUES = st.recursive(
    st.booleans() | st.integers(-9, 10**7) | st.text(max_size=3) | st.sampled_from(["m", "big", "http://x", *Reading]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=3,
)


def written(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case dict():
            return "{" + ", ".join(f"{key} = {written(inner)}" for key, inner in value.items()) + "}"
        case list():
            return "[" + ", ".join(written(inner) for inner in value) + "]"
        case str():
            return '"' + "".join(f"\\U{ord(character):08x}" for character in value) + '"'
        case _:
            return str(value)


@given(st.sampled_from(list(FULL)), st.data())
def test_any_value_of_any_key_is_taken_or_refused_at_its_line(table: str, data: st.DataObject) -> None:
    keys = [key for key in KEYS[table.split(".")[-1 if "fallback" in table else 0]] if key != "fallback"]
    key = data.draw(st.sampled_from(keys))
    changed = {**FULL, table: {**FULL[table], key: written(data.draw(VALUES))}}
    lines = ['name = "n"']
    for name, values in changed.items():
        lines += [f"[{name}]", *(f"{each} = {value}" for each, value in values.items())]
    own = next(n for n, line in enumerate(lines, 1) if n > lines.index(f"[{table}]") and line.startswith(f"{key} ="))
    try:
        parse_pool("\n".join(lines), "p.toml")
    except BadPoolFile as error:
        refused = str(error)
    else:
        return
    assert refused.startswith(f"p.toml, line {own}, [{table}"), "\n".join(lines)


def test_the_page_about_pool_files_shows_pools_that_load_and_describes_every_key_of_every_table() -> None:
    page = (ROOT / "docs" / "pool-file.md").read_text("utf-8")
    first, *added = (part.split("```")[0] for part in page.split("```toml\n")[1:])
    assert parse_pool(first, "docs")["answer-1"].self_hosted
    for example in added:
        parse_pool(first + example, "docs")
    headings = {"endpoint": "[endpoint.NAME]", "alias": "[alias.NAME]", "fallback": "[alias.NAME.fallback]"}
    sections = {part.split("\n")[0].strip("`"): part.split("\n## ")[0] for part in page.split("\n### ")[1:]}
    sampling = sections["Sampling"]
    for kind, keys in KEYS.items():
        section = page if kind == "" else sections[headings.get(kind, kind if kind == "price" else f"[{kind}]")]
        for key in keys:
            shared = key in SAMPLING_KEYS and "sampling keys" in section
            assert f"`{key}`" in (sampling if shared else section) or f"`[{key}" in section, (kind, key)

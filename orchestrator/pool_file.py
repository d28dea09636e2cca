"""Read a pool from TOML. `docs/pool-file.md` describes the form; `pools/` holds examples."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Final

from orchestrator.bounded_toml import bounded_toml
from orchestrator.pool import (
    TOOL_OF,
    Endpoint,
    Orchestrator,
    Pool,
    PoolEntry,
    Reading,
    Sampling,
    SearchBackend,
    SearchKind,
    ServedModel,
)
from orchestrator.pool_model import (
    ENDPOINT_KEYS,
    MODEL_KEYS,
    PRICE_KEYS,
    SAMPLING_KEYS,
    SERVER_KEYS,
    Server,
    Servers,
    checked_address,
    price_of,
    sampling_of,
    served_model,
    server_of,
    shared_servers,
)
from orchestrator.pool_table import BadPoolFile, PoolTable, Source, guessed
from orchestrator.profile import BadProfile, profile
from orchestrator.toml_lines import key_lines

__all__ = ["KEYS", "BadPoolFile", "checked_address", "parse_pool", "read_pool"]

_TEXT_KEYS: Final = ("description", "latency_s", "system", "reading", "fallback")
KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "": ("name", "endpoint", "alias", "orchestrator", "search", "judge"),
    "endpoint": ENDPOINT_KEYS,
    "alias": ("model", *_TEXT_KEYS[:2], *SERVER_KEYS, "stand_in", "price", *SAMPLING_KEYS, *_TEXT_KEYS[2:]),
    "fallback": MODEL_KEYS,
    "orchestrator": (*MODEL_KEYS, "profile", "tokenizer"),
    "search": ("kind", "endpoint", "base_url", "api_key_env", "passages", "usd_per_search", "source", "as_of"),
    "judge": (*MODEL_KEYS, "system"),
    "price": PRICE_KEYS,
}
"""The keys of each kind of table; the file itself has no name."""

JUDGE_SAMPLING: Final = Sampling(temperature=0.0)
TAVILY: Final = Endpoint("https://api.tavily.com", "TAVILY_API_KEY")
"""Where Tavily is, and where its key is looked for unless the file says otherwise."""


def read_pool(path: Path) -> Pool:
    """The pool that a TOML file describes; raises BadPoolFile."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadPoolFile(f"{path}: cannot be read: {error}") from error
    return parse_pool(text, str(path))


def parse_pool(text: str, name: str) -> Pool:
    """The pool in a text; `name` stands for it in errors and tells its folder. Raises BadPoolFile."""
    text = text.replace("\r\n", "\n")
    try:
        values = bounded_toml(text, Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise BadPoolFile(f"{name}: not valid TOML: {error}") from error
    return _pool(PoolTable(Source(name, key_lines(text)), (), values))


def _pool(root: PoolTable) -> Pool:
    root.know(KEYS[""])
    name = root.text("name")
    if name is None:
        raise root.bad("'name' is missing: give the pool a name, such as name = \"local\"")
    servers = shared_servers(root)
    entries = [_entry(alias, table, servers) for alias, table in root.tables("alias")]
    if not entries:
        raise root.bad("there is no [alias.NAME] table: a pool needs at least one alias", "alias")
    if not any(entry.tool == "answer" for entry in entries):
        raise root.bad("no alias can answer: add one of the answer aliases, such as [alias.answer-1]")
    order = {alias: place for place, alias in enumerate(TOOL_OF)}
    return Pool(
        name,
        tuple(sorted(entries, key=lambda entry: order[entry.alias])),
        orchestrator=_orchestrator(root.table("orchestrator"), servers),
        search=_search(root.table("search"), servers),
        judge=_judge(root.table("judge"), servers),
    )


def _entry(alias: str, table: PoolTable, servers: Servers) -> PoolEntry:
    if alias not in TOOL_OF:
        raise table.bad(f"unknown alias {alias!r}{guessed(alias, TOOL_OF)}; choose from: {', '.join(TOOL_OF)}")
    table.know(KEYS["alias"])
    server = _own_server(table, servers)
    entry = PoolEntry(
        alias=alias,
        model=table.needed_text("model"),
        description=table.needed_text("description"),
        latency_s=_latency_s(table),
        price=price_of(table),
        self_hosted=server is not None and server.self_hosted,
        endpoint=None if server is None else server.endpoint,
        sampling=sampling_of(table, Sampling()),
        system=table.paragraphs("system"),
        reading=table.choice("reading", Reading) or Reading.AUTO,
    )
    return replace(entry, fallback=_fallback(table.table("fallback"), entry, servers))


def _own_server(table: PoolTable, servers: Servers) -> Server | None:
    """The server of an alias; `None` for a stand-in."""
    stand_in = table.flag("stand_in") or False
    if stand_in + ("endpoint" in table) + ("base_url" in table) != 1:
        raise table.bad(
            'give exactly one of: endpoint = "NAME", base_url = "http://…", stand_in = true',
            "stand_in" if stand_in else "base_url",
        )
    return None if stand_in else server_of(table, servers)


def _latency_s(table: PoolTable) -> float:
    latency_s = table.number("latency_s", 0, 86_400)
    if latency_s is None:
        raise table.bad("'latency_s' is missing: the typical seconds of one call")
    return float(latency_s)


def _fallback(table: PoolTable | None, entry: PoolEntry, servers: Servers) -> ServedModel | None:
    """The model asked instead. What the alias tells its model, it tells this one: both replies are read alike."""
    if table is None:
        return None
    table.know(KEYS["fallback"], dict.fromkeys(("system", "reading"), "the fallback shares the alias's"))
    if entry.endpoint is None:
        raise table.bad("a stand-in is always there and needs no fallback")
    served = served_model(table, servers, Sampling(), entry.system)
    if (served.endpoint.base_url, served.model) == (entry.endpoint.base_url, entry.model):
        raise table.bad(f"the fallback is {served.model} at {served.endpoint.base_url}, as the alias itself", "model")
    return served


def _orchestrator(table: PoolTable | None, servers: Servers) -> Orchestrator | None:
    if table is None:
        return None
    table.know(KEYS["orchestrator"], {"system": "the prompt profile holds the orchestrator's system prompt"})
    named = table.text("profile")
    try:
        # What vendors' servers refuse is filled in later, where it is known who serves the model.
        sampling = replace(profile(named).sampling, top_p=None, top_k=None)
    except BadProfile as error:
        raise table.bad(str(error), "profile") from error
    return Orchestrator(served_model(table, servers, sampling), named, _tokenizer(table))


def _tokenizer(table: PoolTable) -> str | None:
    """The path from the current folder, or from the root."""
    text = table.text("tokenizer")
    if text is None:
        return None
    path = table.source.folder / Path(text).expanduser()
    if not path.exists():
        raise table.bad(
            f"'tokenizer' must be the path of a tokenizer.json or of the folder that holds it; there is no {path}",
            "tokenizer",
        )
    return str(path)


def _search(table: PoolTable | None, servers: Servers) -> SearchBackend:
    if table is None:
        return SearchBackend()
    table.know(KEYS["search"])
    kind = table.choice("kind", SearchKind) or SearchKind.DOCUMENTS
    backend = SearchBackend(
        kind,
        _search_endpoint(kind, table, servers),
        table.whole("passages", 1, 100) or SearchBackend().passages,
        table.number("usd_per_search", 0, 1_000),
        table.text("source") or table.source.said,
        table.day("as_of"),
    )
    if kind is SearchKind.DOCUMENTS:
        for key in ("endpoint", "base_url", "api_key_env", "usd_per_search"):
            if key in table:
                raise table.bad(
                    f"{key!r} makes no sense for documents, which are searched here and for nothing; "
                    f"give a kind: {', '.join(each for each in SearchKind if each is not kind)}",
                    key,
                )
    return backend


def _search_endpoint(kind: SearchKind, table: PoolTable, servers: Servers) -> Endpoint | None:
    if kind is SearchKind.DOCUMENTS:
        return None
    if kind is SearchKind.TAVILY and "endpoint" not in table and "base_url" not in table:
        return Endpoint(TAVILY.base_url, table.variable("api_key_env") or TAVILY.api_key_env)
    return server_of(table, servers).endpoint


def _judge(table: PoolTable | None, servers: Servers) -> ServedModel | None:
    if table is None:
        return None
    table.know(KEYS["judge"])
    return served_model(table, servers, JUDGE_SAMPLING, table.paragraphs("system"))

"""What a pool file says of one model: the server it runs on, how it is asked and what it costs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit

from orchestrator.pool import Endpoint, Price, Sampling, ServedModel
from orchestrator.pool_table import PoolTable, guessed

ENDPOINT_KEYS: Final = (
    "base_url",
    "api_key_env",
    "self_hosted",
    "max_in_flight",
    "stream",
    "connect_timeout_s",
    "read_timeout_s",
)
SERVER_KEYS: Final = ("endpoint", "base_url", "api_key_env", "self_hosted")
SAMPLING_KEYS: Final = (
    "max_output_tokens",
    "temperature",
    "top_p",
    "top_k",
    "timeout_s",
    "reasoning_effort",
    "thinking",
)
MODEL_KEYS: Final = ("model", *SERVER_KEYS, "price", *SAMPLING_KEYS)
_DOLLARS: Final = ("input_usd_per_mtok", "output_usd_per_mtok", "cached_usd_per_mtok", "usd_per_gpu_hour")
PRICE_KEYS: Final = (*_DOLLARS, "source", "as_of")
LEFT_TO_SERVER: Final = "server"
"""A temperature that is not sent."""


@dataclass(frozen=True, slots=True)
class Server:
    """An endpoint, and whether it is the operator's own."""

    endpoint: Endpoint
    self_hosted: bool = False


Servers = Mapping[str, Server]


def checked_address(base_url: object) -> str:
    """The address without a slash at its end; raises ValueError unless it is http(s) with a host."""
    example = "must look like http://127.0.0.1:8001/v1"
    if not isinstance(base_url, str):
        raise ValueError(f"base_url {example}, not {base_url!r}")
    try:
        parts = urlsplit(base_url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise ValueError(f"base_url {example}, not {_shown(base_url)}") from None
    if not valid or any(character.isspace() for character in base_url):
        raise ValueError(f"base_url {example}, not {_shown(base_url)}")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("base_url must not hold a user, a key or a query; name the key's variable in api_key_env")
    return base_url.rstrip("/")


def _shown(base_url: str) -> str:
    """The address, unless a key may be in it."""
    return "this one" if any(mark in base_url for mark in "@?#") else repr(base_url)


def shared_servers(root: PoolTable) -> Servers:
    """The servers of the tables `[endpoint.NAME]`."""
    return {name: _shared(table) for name, table in root.tables("endpoint")}


def _shared(table: PoolTable) -> Server:
    table.know(ENDPOINT_KEYS)
    defaults = _addressed(table)
    stream = table.flag("stream")
    endpoint = replace(
        defaults,
        max_in_flight=table.whole("max_in_flight", 1, 100_000),
        stream=defaults.stream if stream is None else stream,
        connect_timeout_s=table.seconds("connect_timeout_s") or defaults.connect_timeout_s,
        read_timeout_s=table.seconds("read_timeout_s") or defaults.read_timeout_s,
    )
    return Server(endpoint, table.flag("self_hosted") or False)


def _addressed(table: PoolTable) -> Endpoint:
    if "base_url" not in table:
        raise table.bad("'base_url' is missing, such as base_url = \"http://127.0.0.1:8001/v1\"")
    try:
        address = checked_address(table.values["base_url"])
    except ValueError as error:
        raise table.bad(str(error), "base_url") from error
    return Endpoint(address, table.variable("api_key_env"))


def server_of(table: PoolTable, servers: Servers) -> Server:
    """The shared server that a table names, or the one whose address it gives."""
    if ("endpoint" in table) == ("base_url" in table):
        raise table.bad('give exactly one of: endpoint = "NAME", base_url = "http://…"', "base_url")
    if "base_url" in table:
        return Server(_addressed(table), table.flag("self_hosted") or False)
    if "api_key_env" in table:
        raise table.bad("'api_key_env' belongs into the endpoint's own table", "api_key_env")
    name = table.values["endpoint"]
    if not isinstance(name, str) or name not in servers:
        there = ", ".join(servers) or "none; write [endpoint.NAME]"
        raise table.bad(f"there is no endpoint {name!r}{guessed(name, servers)}; defined are: {there}", "endpoint")
    own = table.flag("self_hosted")
    return servers[name] if own is None else Server(servers[name].endpoint, own)


def served_model(table: PoolTable, servers: Servers, sampling: Sampling, system: str | None = None) -> ServedModel:
    """The model that a table describes; `sampling` holds what the table leaves open."""
    server = server_of(table, servers)
    return ServedModel(
        model=table.needed_text("model"),
        endpoint=server.endpoint,
        price=price_of(table),
        self_hosted=server.self_hosted,
        sampling=sampling_of(table, sampling),
        system=system,
    )


def sampling_of(table: PoolTable, otherwise: Sampling) -> Sampling:
    """How the model is to write, as far as the table says so."""
    given: dict[str, Any] = {
        "max_tokens": table.whole("max_output_tokens", 64, 1_000_000),
        "top_p": _real(table, "top_p", "0.001", "1"),
        "top_k": table.whole("top_k", -1, 1_000_000),
        "timeout_s": table.seconds("timeout_s"),
        "reasoning_effort": _effort(table),
        "thinking": table.flag("thinking"),
    }
    if table.values.get("temperature") == LEFT_TO_SERVER:
        otherwise = replace(otherwise, temperature=None)
    else:
        given["temperature"] = _temperature(table)
    return replace(otherwise, **{key: value for key, value in given.items() if value is not None})


def _temperature(table: PoolTable) -> float | None:
    if isinstance(table.values.get("temperature"), str):
        raise table.bad(
            f"'temperature' must be a number from 0 to 2, or \"{LEFT_TO_SERVER}\" to send none", "temperature"
        )
    return _real(table, "temperature", "0", "2")


def _real(table: PoolTable, key: str, least: str, most: str) -> float | None:
    value = table.number(key, least, most)
    return None if value is None else float(value)


def _effort(table: PoolTable) -> str | None:
    effort = table.text("reasoning_effort")
    if effort is not None and not (effort.isascii() and effort.isalpha() and effort.islower()):
        raise table.bad(
            f"'reasoning_effort' must be a word such as low, medium or high, not {effort!r}", "reasoning_effort"
        )
    return effort


def price_of(table: PoolTable) -> Price | None:
    """The price that a table declares under `price`."""
    price = table.table("price")
    if price is None:
        return None
    price.know(PRICE_KEYS)
    dollars = {key: price.number(key, 0, 10**6) for key in _DOLLARS if key in price}
    if not _complete(dollars):
        raise price.bad(
            "a price has either input_usd_per_mtok and output_usd_per_mtok (and cached_usd_per_mtok), "
            "or usd_per_gpu_hour alone",
            "usd_per_gpu_hour",
        )
    return Price(price.text("source") or table.source.said, price.day("as_of"), **dollars)


def _complete(dollars: Iterable[str]) -> bool:
    given = set(dollars)
    return given == {"usd_per_gpu_hour"} or given - {"cached_usd_per_mtok"} == {
        "input_usd_per_mtok",
        "output_usd_per_mtok",
    }

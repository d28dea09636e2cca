"""Read a pool from TOML. `docs/pool-file.md` describes the form; `pools/` holds examples."""

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from orchestrator.pool import TOOL_OF, Endpoint, Pool, PoolEntry, Price, Sampling

Table = Mapping[str, Any]

_TOP: Final = ("name", "endpoint", "alias")
_ENDPOINT: Final = ("base_url", "api_key_env", "self_hosted")
_ALIAS: Final = (
    "model",
    "description",
    "latency_s",
    "endpoint",
    "base_url",
    "api_key_env",
    "stand_in",
    "self_hosted",
    "price",
    "max_output_tokens",
    "temperature",
)
_DOLLARS: Final = ("input_usd_per_mtok", "output_usd_per_mtok", "cached_usd_per_mtok", "usd_per_gpu_hour")
_PRICE: Final = (*_DOLLARS, "source", "as_of")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class BadPoolFile(ValueError):
    """A pool file cannot be used; the message names file, line and key and says what is allowed."""


def read_pool(path: Path) -> Pool:
    """The pool that a TOML file describes; raises BadPoolFile."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadPoolFile(f"{path}: cannot be read: {error}") from error
    return parse_pool(text, str(path))


def parse_pool(text: str, name: str) -> Pool:
    """The pool in a text; `name` stands for it in errors. Raises BadPoolFile."""
    try:
        root = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise BadPoolFile(f"{name}: not valid TOML: {error}") from error
    return _Reader(name, text).pool(root)


def checked_address(base_url: object) -> str:
    """The address without a slash at its end; raises ValueError unless it is http(s) with a host."""
    if not isinstance(base_url, str):
        raise ValueError(f"base_url must be a text such as http://127.0.0.1:8001/v1, not {base_url!r}")
    try:
        parts = urlsplit(base_url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or any(character.isspace() for character in base_url):
        raise ValueError(f"base_url must look like http://127.0.0.1:8001/v1, not {base_url!r}")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("base_url must not hold a user, a key or a query; name the key's variable in api_key_env")
    return base_url.rstrip("/")


@dataclass(frozen=True, slots=True)
class _Server:
    endpoint: Endpoint
    self_hosted: bool


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one file, and knows where in it to point when something is wrong."""

    name: str
    text: str

    def pool(self, root: Table) -> Pool:
        self._known("the file", "", root, _TOP)
        title = root.get("name")
        if not isinstance(title, str) or not title.strip():
            raise self._bad("", "'name' is missing: give the pool a name, such as name = \"local\"")
        servers = {key: self._server(key, table) for key, table in self._tables(root, "endpoint")}
        entries = [self._entry(alias, table, servers) for alias, table in self._tables(root, "alias")]
        if not entries:
            raise self._bad("", "there is no [alias.NAME] table: a pool needs at least one alias")
        if not any(entry.tool == "answer" for entry in entries):
            raise self._bad("", "no alias can answer: add one of the answer aliases, such as [alias.answer-1]")
        order = {alias: place for place, alias in enumerate(TOOL_OF)}
        return Pool(title.strip(), tuple(sorted(entries, key=lambda entry: order[entry.alias])))

    def _tables(self, root: Table, kind: str) -> Iterable[tuple[str, Table]]:
        tables = root.get(kind, {})
        if not isinstance(tables, dict):
            raise self._bad("", f"{kind!r} must be tables such as [{kind}.NAME]")
        for key, table in tables.items():
            if not isinstance(table, dict):
                raise self._bad(kind, f"{key!r} must be a table: write [{kind}.{key}]")
            yield key, table

    def _server(self, key: str, table: Table) -> _Server:
        where = f"endpoint.{key}"
        self._known(f"[{where}]", where, table, _ENDPOINT)
        return _Server(self._endpoint(where, table), self._flag(where, table, "self_hosted") or False)

    def _endpoint(self, where: str, table: Table) -> Endpoint:
        if "base_url" not in table:
            raise self._bad(where, "'base_url' is missing, such as base_url = \"http://127.0.0.1:8001/v1\"")
        try:
            address = checked_address(table["base_url"])
        except ValueError as error:
            raise self._bad(where, str(error)) from error
        variable = table.get("api_key_env")
        if variable is not None and not (isinstance(variable, str) and _VARIABLE.match(variable)):
            raise self._bad(where, "'api_key_env' must be the name of an environment variable, not a key itself")
        return Endpoint(address, variable)

    def _entry(self, alias: str, table: Table, servers: Mapping[str, _Server]) -> PoolEntry:
        where = f"alias.{alias}"
        if alias not in TOOL_OF:
            raise self._bad(
                where, f"unknown alias {alias!r}{_guess(alias, TOOL_OF)}; choose from: {', '.join(TOOL_OF)}"
            )
        self._known(f"[{where}]", where, table, _ALIAS)
        server = self._chosen(where, table, servers)
        own = self._flag(where, table, "self_hosted")
        return PoolEntry(
            alias=alias,
            model=self._text(where, table, "model"),
            description=self._text(where, table, "description"),
            latency_s=float(self._number(where, table, "latency_s", Decimal(0), Decimal(86_400))),
            price=self._price(where, table["price"]) if "price" in table else None,
            self_hosted=own if own is not None else server is not None and server.self_hosted,
            endpoint=None if server is None else server.endpoint,
            sampling=Sampling(
                temperature=float(self._number(where, table, "temperature", Decimal(0), Decimal(2), Decimal("0.2"))),
                max_tokens=self._tokens(where, table),
            ),
        )

    def _chosen(self, where: str, table: Table, servers: Mapping[str, _Server]) -> _Server | None:
        """The server of an alias; `None` for a stand-in."""
        stand_in = self._flag(where, table, "stand_in") or False
        if stand_in + ("endpoint" in table) + ("base_url" in table) != 1:
            raise self._bad(where, 'give exactly one of: endpoint = "NAME", base_url = "http://…", stand_in = true')
        if stand_in:
            return None
        if "base_url" in table:
            return _Server(self._endpoint(where, table), self_hosted=False)
        if "api_key_env" in table:
            raise self._bad(where, "'api_key_env' belongs into the endpoint's own table")
        key = table["endpoint"]
        if not isinstance(key, str) or key not in servers:
            there = ", ".join(servers) or "none; write [endpoint.NAME]"
            raise self._bad(where, f"there is no endpoint {key!r}{_guess(str(key), servers)}; defined are: {there}")
        return servers[key]

    def _price(self, where: str, table: object) -> Price:
        if not isinstance(table, dict):
            raise self._bad(where, "'price' must be a table such as { input_usd_per_mtok = 0.5, … }")
        self._known(f"the price of [{where}]", where, table, _PRICE)
        dollars = {key: self._number(where, table, key, Decimal(0), Decimal(10**6)) for key in _DOLLARS if key in table}
        by_token = {"input_usd_per_mtok", "output_usd_per_mtok"} <= dollars.keys()
        by_hour = dollars.keys() == {"usd_per_gpu_hour"}
        if not by_hour and (not by_token or "usd_per_gpu_hour" in dollars):
            raise self._bad(
                where, "a price has either input_usd_per_mtok and output_usd_per_mtok, or usd_per_gpu_hour alone"
            )
        as_of = table.get("as_of")
        if as_of is not None and type(as_of) is not date:
            raise self._bad(where, f"'as_of' must be a day such as as_of = 2026-01-31, not {as_of!r}")
        source = self._text(where, table, "source") if "source" in table else f"pool file {Path(self.name).name}"
        return Price(source, as_of, **dollars)

    def _tokens(self, where: str, table: Table) -> int:
        tokens = table.get("max_output_tokens", 4096)
        if isinstance(tokens, bool) or not isinstance(tokens, int) or not 64 <= tokens <= 1_000_000:
            raise self._bad(where, f"'max_output_tokens' must be a whole number from 64 to 1000000, not {tokens!r}")
        return tokens

    def _text(self, where: str, table: Table, key: str) -> str:
        value = table.get(key)
        if not isinstance(value, str) or not value.strip():
            raise self._bad(where, f"{key!r} is missing or not a text")
        return " ".join(value.split())

    def _flag(self, where: str, table: Table, key: str) -> bool | None:
        value = table.get(key)
        if value is not None and not isinstance(value, bool):
            raise self._bad(where, f"{key!r} must be true or false, not {value!r}")
        return value

    def _number(
        self, where: str, table: Table, key: str, least: Decimal, most: Decimal, default: Decimal | None = None
    ) -> Decimal:
        value = table.get(key, default)
        number = Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None
        if number is None or not number.is_finite() or not least <= number <= most:
            said = "is missing" if value is None else f"must be a number from {least} to {most}, not {value}"
            raise self._bad(where, f"{key!r} {said}")
        return number

    def _known(self, what: str, where: str, table: Table, allowed: tuple[str, ...]) -> None:
        for key in table:
            if key not in allowed:
                raise self._bad(
                    where, f"{what} has no key {key!r}{_guess(key, allowed)}; allowed are {', '.join(allowed)}"
                )

    def _bad(self, where: str, message: str) -> BadPoolFile:
        """An error that points at the line of the table `where`, if it has one."""
        header = re.compile(rf"\s*\[\s*{re.escape(where)}\s*(\]|\.)") if where else None
        lines = enumerate(self.text.splitlines(), 1)
        line = next((number for number, text in lines if header and header.match(text.replace('"', ""))), None)
        place = f", line {line}, [{where}]" if line else f", [{where}]" if where else ""
        return BadPoolFile(f"{self.name}{place}: {message}")


def _guess(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), 1, 0.6)
    return f" (did you mean {close[0]!r}?)" if close else ""

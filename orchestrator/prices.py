"""What a call costs: the price book, the order in which prices are looked up, and exact charges."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from orchestrator.bounded_toml import bounded_toml
from orchestrator.model_call import DECIMALS, Charge, ChargeStatus, Usage, unpriced
from orchestrator.pool import Endpoint, Pool, PoolEntry, Price
from orchestrator.vendor_prices import VENDOR_OF_HOST, host_of, vendor_price

BUNDLED: Final = Path(__file__).with_name("prices.toml")
"""The price book that comes with Podium."""

_PER_TOKEN: Final = ("input_usd_per_mtok", "output_usd_per_mtok", "cached_usd_per_mtok")
_KEYS: Final = frozenset(("model", "from", "hosts", "source", "as_of", "usd_per_gpu_hour", *_PER_TOKEN))
_DAYS: Final = ("from", "as_of")
_NANODOLLAR: Final = Decimal("1e-9")


class BadPriceBook(ValueError):
    """A price book cannot be read; the message names the file and the entry."""


@dataclass(frozen=True, slots=True)
class DatedPrice:
    """One entry of a price book: a price valid from a day on, for named hosts or for the paper's setting."""

    model: str
    valid_from: date
    price: Price
    hosts: tuple[str, ...] = ()
    """Hosts that charge this. Empty: the entry describes a setting, and no endpoint is priced by it."""


@dataclass(frozen=True)
class PriceBook:
    """Dated prices, each with its source. A later entry of a model replaces the earlier from its day on."""

    entries: tuple[DatedPrice, ...]

    @classmethod
    def read(cls, path: Path = BUNDLED) -> "PriceBook":
        """Read a price book in TOML or JSON; raises BadPriceBook."""
        try:
            return cls.parse(path.read_text("utf-8"), str(path))
        except (OSError, UnicodeDecodeError) as error:
            raise BadPriceBook(f"{path}: {error}") from error

    @classmethod
    def parse(cls, text: str, named: str = "this price book") -> "PriceBook":
        """The price book of a text: TOML, or the same in JSON with days as `"2026-05-04"`. Raises BadPriceBook."""
        try:
            table = _json(text) if text.lstrip().startswith("{") else bounded_toml(text, Decimal)
        except (ValueError, RecursionError) as error:
            raise BadPriceBook(f"{named}: {error}") from error
        rows = table.pop("price", [])
        if table or not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise BadPriceBook(f"{named}: a price book holds [[price]] tables only, not {', '.join(table) or 'this'}")
        return cls(tuple(_dated(named, number, row) for number, row in enumerate(rows, 1)))

    @cached_property
    def _of_model(self) -> Mapping[str, tuple[DatedPrice, ...]]:
        models = {entry.model for entry in self.entries}
        newest_first = sorted(self.entries, key=lambda entry: entry.valid_from, reverse=True)
        return {model: tuple(entry for entry in newest_first if entry.model == model) for model in models}

    def price(self, model: str, at: datetime, *, host: str | None = None) -> Price | None:
        """The price of a model at a moment; with `host`, only what that host charges. `None` where unknown."""
        for entry in self._of_model.get(model, ()):
            if entry.valid_from <= at.date() and (host is None or host in entry.hosts):
                return entry.price
        return None


def _json(text: str) -> dict[str, Any]:
    """JSON has no days: those of `from` and `as_of` are texts."""

    def with_days(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        days = {key: date.fromisoformat(value) for key, value in pairs if key in _DAYS and isinstance(value, str)}
        return {**dict(pairs), **days}

    table: dict[str, Any] = json.loads(text, parse_float=Decimal, object_pairs_hook=with_days)
    return table


def _dated(named: str, number: int, row: Mapping[str, Any]) -> DatedPrice:
    where = f"{named}: [[price]] number {number}"
    if unknown := sorted(set(row) - _KEYS):
        raise BadPriceBook(f"{where}: unknown key {unknown[0]!r}; allowed are {', '.join(sorted(_KEYS))}")
    for key, kind in (("model", str), ("source", str), ("from", date), ("as_of", date)):
        if type(row.get(key)) is not kind:
            raise BadPriceBook(f"{where}: {key!r} is missing or not a {'date' if kind is date else 'text'}")
    hosts = row.get("hosts", [])
    if not isinstance(hosts, list) or not all(isinstance(host, str) for host in hosts):
        raise BadPriceBook(f"{where}: 'hosts' must be a list of host names")
    dollars = {key: _dollars(where, key, row[key]) for key in (*_PER_TOKEN, "usd_per_gpu_hour") if key in row}
    price = Price(row["source"], row["as_of"], **dollars)
    return DatedPrice(row["model"], row["from"], price, tuple(hosts))


def _dollars(where: str, key: str, value: object) -> Decimal:
    number = Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None
    if number is None or not number.is_finite() or number < 0:
        raise BadPriceBook(f"{where}: {key!r} must be zero or more dollars, not {value!r}")
    return number


@dataclass(frozen=True, slots=True)
class Quote:
    """The price of a model, or the reason why there is none."""

    price: Price | None
    missing: str = ""


def quote(
    model: str,
    endpoint: Endpoint | None,
    at: datetime,
    *,
    own: Price | None = None,
    self_hosted: bool = False,
    book: PriceBook | None = None,
    input_tokens: int = 0,
) -> Quote:
    """Look a price up: the pool's own, the price book's for that host, the vendor's; else say why it is unknown."""
    if own is not None:
        return Quote(own)
    if endpoint is None:
        return Quote(None, f"the stand-in for {model} has no declared price")
    if self_hosted:
        return Quote(None, f"{model} is self-hosted and the pool gives it no price")
    host = host_of(endpoint.base_url)
    if book is not None and (price := book.price(model, at, host=host)) is not None:
        return Quote(price)
    if host not in VENDOR_OF_HOST:
        return Quote(None, f"{host} is no known vendor and the pool gives {model} no price")
    found = vendor_price(model, endpoint.base_url, at, input_tokens=input_tokens)
    return Quote(found, "" if found else f"no price of {model} at {host} is known")


def quote_entry(entry: PoolEntry, book: PriceBook | None, at: datetime, *, input_tokens: int = 0) -> Quote:
    """The price of a pool's alias, or the reason why there is none."""
    return quote(
        entry.model,
        entry.endpoint,
        at,
        own=entry.price,
        self_hosted=entry.self_hosted,
        book=book,
        input_tokens=input_tokens,
    )


def priced(pool: Pool, book: PriceBook | None, at: datetime) -> Pool:
    """The same pool with every price filled in that can be found, for showing and for the prompt's price table."""
    return replace(pool, entries=tuple(_priced(pool.entries, book, at)))


def _priced(entries: Iterable[PoolEntry], book: PriceBook | None, at: datetime) -> Iterable[PoolEntry]:
    for entry in entries:
        yield replace(entry, price=quote_entry(entry, book, at).price)


def charge(
    usage: Usage | None,
    price: Price | None,
    *,
    at: datetime,
    latency_s: float | None = None,
    in_flight: int | None = None,
    estimated: bool = False,
    missing: str = "no price is known for this model",
) -> Charge:
    """Exact dollars of one call. Whatever cannot be known makes it unpriced, and `source` says why.

    `missing` is the reason where `price` is `None`. A price without a date counts as of the day of the call.
    GPU-hours are shared by the calls in flight and are always an estimate, rounded to a billionth of a dollar.
    """
    if price is None:
        return unpriced(missing)
    if _is_free(price):
        return _charge(Decimal(0), ChargeStatus.FREE, price, at)
    if price.usd_per_gpu_hour is not None:
        if latency_s is None:
            return unpriced(f"the call's duration is unknown; {price.source} charges by GPU-hour")
        share = Decimal(str(latency_s)) / 3600 * price.usd_per_gpu_hour / max(in_flight or 1, 1)
        return _charge(share.quantize(_NANODOLLAR), ChargeStatus.ESTIMATED, price, at)
    usd = _token_dollars(usage, price)
    if isinstance(usd, str):
        return unpriced(usd)
    return _charge(usd, ChargeStatus.ESTIMATED if estimated else ChargeStatus.PRICED, price, at)


def _token_dollars(usage: Usage | None, price: Price) -> Decimal | str:
    """Dollars of the tokens, or the reason why they cannot be known."""
    if usage is None or usage.input_tokens is None or usage.output_tokens is None:
        return "the server did not report how many tokens were used"
    if price.input_usd_per_mtok is None or price.output_usd_per_mtok is None:
        return f"{price.source} lacks the price of {'input' if price.input_usd_per_mtok is None else 'output'} tokens"
    cached = usage.cached_tokens or 0
    cached_price = price.input_usd_per_mtok if price.cached_usd_per_mtok is None else price.cached_usd_per_mtok
    millionths = (
        (usage.input_tokens - cached) * price.input_usd_per_mtok
        + cached * cached_price
        + usage.output_tokens * price.output_usd_per_mtok
    )
    return round(millionths.scaleb(-6), DECIMALS)


def _is_free(price: Price) -> bool:
    if price.usd_per_gpu_hour is not None:
        return price.usd_per_gpu_hour == 0
    return price.input_usd_per_mtok == 0 and price.output_usd_per_mtok == 0 and not price.cached_usd_per_mtok


def _charge(usd: Decimal, status: ChargeStatus, price: Price, at: datetime) -> Charge:
    return Charge(
        usd,
        status,
        price.source,
        price.as_of or at.date(),
        price.input_usd_per_mtok,
        price.cached_usd_per_mtok,
        price.output_usd_per_mtok,
        price.usd_per_gpu_hour,
    )

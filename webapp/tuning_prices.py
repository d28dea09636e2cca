"""Other prices for what is stored: some aliases times a factor, or a price book that somebody pasted.

A key names them in links: nothing for the prices that were paid, `answer-1*2,search-1*0.5`, or `book:` and a digest.
"""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Final

from orchestrator.pool import TOOL_OF, Pool, Price, UnknownAlias
from orchestrator.prices import PriceBook
from prefs.tuning.repricing import Repriced, multiplied, of_book, repriced
from prefs.tuning.stored import ORCHESTRATOR, Routed, Stored
from storage.outcomes import of_store
from storage.store import Store

BOOK: Final = "book:"
MOST_BOOKS: Final = 20
MOST_FACTOR: Final = Decimal(1000)


class UnknownPrices(LookupError):
    """A price book that was pasted is not here any more."""


@dataclass(frozen=True, slots=True)
class Variant:
    """What is stored, under other prices."""

    alternatives: tuple[Stored, ...]
    calls: Mapping[str, int] | None
    """How many calls were priced `anew`, `kept` or are `unknown` now; `None` where no price book was used."""


class Prices:
    """Prices by their key; price books are remembered while the process lives."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._books: OrderedDict[str, PriceBook] = OrderedDict()

    def add(self, text: str) -> tuple[str, PriceBook]:
        """Take a price book in TOML or JSON, and give its key; raises BadPriceBook."""
        book = PriceBook.parse(text)
        if not book.entries:
            raise ValueError("this price book has no [[price]] entry, so it would change nothing")
        key = f"{BOOK}{hashlib.sha256(text.encode(errors='replace')).hexdigest()[:16]}"
        self._books[key] = book
        while len(self._books) > MOST_BOOKS:
            self._books.popitem(last=False)
        return key, book

    def variant(self, key: str, routed: Sequence[Routed]) -> Variant:
        """What is stored under these prices. Reads every call for a price book. Raises ValueError, UnknownPrices."""
        if not key:
            return Variant(tuple(one.stored for one in routed), None)
        if not key.startswith(BOOK):
            return Variant(multiplied(routed, factors(key)), None)
        book = self._books.get(key)
        if book is None:
            raise UnknownPrices("this price book is not here any more; paste it again")
        found = self._by_book(book, routed)
        return Variant(found.alternatives, {"anew": found.anew, "kept": found.kept, "unknown": found.unknown})

    def _by_book(self, book: PriceBook, routed: Sequence[Routed]) -> Repriced:
        known = {one.stored.id for one in routed}
        calls = {one.id: its for one, its in of_store(self._store, calls=True) if one.id in known}
        return repriced((one.stored for one in routed), calls, of_book(book))


def factors(key: str) -> dict[str, Decimal]:
    """`answer-1*2,orchestrator*0.5` → alias to factor; raises ValueError."""
    found: dict[str, Decimal] = {}
    for part in key.split(","):
        alias, _, number = part.strip().partition("*")
        if alias not in TOOL_OF and alias != ORCHESTRATOR:
            raise UnknownAlias(alias, (*TOOL_OF, ORCHESTRATOR))
        try:
            factor = Decimal(number)
        except InvalidOperation:
            factor = Decimal("NaN")
        if not factor.is_finite() or not 0 <= factor <= MOST_FACTOR:
            raise ValueError(f"the price of {alias} can be multiplied by 0 to {MOST_FACTOR}, not by {number[:40]!r}")
        found[alias] = factor
    return found


def template(pool: Pool) -> str:
    """A price book with the prices of this pool, to be changed by whoever asks what if; as it is it changes nothing."""
    prices: dict[str, set[Price | None]] = {}
    for entry in pool.entries:
        price = None if entry.price is None else replace(entry.price, source="", as_of=None)
        prices.setdefault(entry.model, set()).add(price)
    parts = ["# Change the numbers, then apply. Models that are left out keep the price they were charged.\n"]
    for model, (price, *others) in prices.items():
        if price is not None and not others and (numbers := _numbers(price)):  # A book has one price of a model.
            head = f"[[price]]\nmodel = {json.dumps(model, ensure_ascii=False)}\nfrom = 2000-01-01\n"
            parts.append(f'{head}{numbers}source = "what if"\nas_of = 2000-01-01\n')
    return "\n".join(parts)


def _numbers(price: Price) -> str:
    """The lines of a price; none where it cannot be charged by."""
    if price.usd_per_gpu_hour is not None:
        return f"usd_per_gpu_hour = {price.usd_per_gpu_hour:f}\n"
    if price.input_usd_per_mtok is None or price.output_usd_per_mtok is None:
        return ""
    names = ("input_usd_per_mtok", "cached_usd_per_mtok", "output_usd_per_mtok")
    known = ((name, getattr(price, name)) for name in names)
    return "".join(f"{name} = {usd:f}\n" for name, usd in known if usd is not None)

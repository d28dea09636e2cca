"""What somebody looks for among trajectories: filters, an order, and where a page begins."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from orchestrator.preference import PreferenceVector

LARGEST_PAGE: Final = 200
LONGEST_WORDS: Final = 500
"""Characters that a search may have."""
GOING: Final = "none"
"""In place of a stop reason: it has not ended."""
Range = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters, of which all must hold; raises ValueError for a range that is upside down.

    Ranges take in both ends, but for dates, which take in only the first.
    """

    words: str = ""
    """Each must occur in the query or in the answer, whatever its case."""
    aliases: tuple[str, ...] = ()
    """Each was called."""
    cost_usd: tuple[Decimal | None, Decimal | None] = (None, None)
    """What has an unpriced call is in no range of dollars."""
    latency_s: Range = (None, None)
    started: tuple[datetime | None, datetime | None] = (None, None)
    verdicts: tuple[str, ...] = ()
    """Any of these, as are stop reasons and policies."""
    stop_reasons: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    preference: PreferenceVector | None = None
    """Exactly this one."""
    accuracy: Range = (None, None)
    """Range of a weight, as are the next two."""
    cost: Range = (None, None)
    latency: Range = (None, None)
    simulated: bool | None = None
    ranked: bool | None = None
    priced: bool | None = None
    """Whether all its calls have a price."""
    run: str | None = None

    def __post_init__(self) -> None:
        if len(self.words) > LONGEST_WORDS:
            raise ValueError(f"a search has at most {LONGEST_WORDS} characters, not {len(self.words):,}")
        for name in ("cost_usd", "latency_s", "started", "accuracy", "cost", "latency"):
            low, high = getattr(self, name)
            if low is not None and high is not None and low > high:
                raise ValueError(f"the range of {name} ends before it begins: {low} to {high}")

    @property
    def moments(self) -> tuple[datetime | None, datetime | None]:
        """The range of dates in UTC."""
        first, last = (None if moment is None else moment.astimezone(UTC) for moment in self.started)
        return first, last


class Order(StrEnum):
    """What a list is sorted by."""

    DATE = "date"
    COST = "cost"
    LATENCY = "latency"
    STEPS = "steps"


@dataclass(frozen=True, slots=True)
class Sorting:
    """An order and its direction. What is unknown comes last either way."""

    order: Order = Order.DATE
    descending: bool = True


@dataclass(frozen=True, slots=True)
class Mark:
    """The last row of a page: the next one begins behind it."""

    sorting: Sorting
    key: Any
    """The column that is sorted by; `None` where it is unknown."""
    id: str

    @property
    def text(self) -> str:
        """For an address."""
        key = self.key.isoformat() if isinstance(self.key, datetime) else self.key
        said = json.dumps([self.sorting.order.value, self.sorting.descending, key, self.id])
        return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str, sorting: Sorting) -> "Mark":
        """The mark that a page gave; raises ValueError for another text, or one of another order."""
        try:
            order, descending, key, id = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            key = datetime.fromisoformat(key) if order == Order.DATE else key
        except (ValueError, TypeError) as error:
            raise ValueError("`after` is no mark that a page gave; begin with the first page") from error
        if not isinstance(id, str) or not id.isprintable() or not _fits(key, order):
            raise ValueError("`after` is no mark that a page gave; begin with the first page")
        if (order, descending) != (sorting.order, sorting.descending):
            raise ValueError("`after` belongs to a list in another order; begin with the first page")
        return cls(sorting, key, id)


def _fits(key: Any, order: str) -> bool:
    """Whether a database takes it as a value of the column that is sorted by."""
    if order == Order.DATE:
        return isinstance(key, datetime) and key.tzinfo is not None
    if key is None:
        return True
    if order == Order.LATENCY:
        return type(key) in (int, float) and abs(key) < 2**63
    return type(key) is int and abs(key) < (2**31 if order == Order.STEPS else 2**63)

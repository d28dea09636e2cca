"""What came of trying one thing that a pool names, in words and as a record."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from orchestrator.model_call import Charge
from orchestrator.pool import SearchBackend
from orchestrator.prices import Quote


class TrialState(StrEnum):
    """How far a trial got."""

    REACHED = "reached"
    UNREACHABLE = "unreachable"
    SIMULATED = "simulated"
    """A stand-in: nothing to reach."""
    UNTRIED = "not tried"


@dataclass(frozen=True, slots=True)
class Trial:
    """One alias, its fallback, the orchestrator, the judge or the search backend."""

    name: str
    model: str
    address: str | None
    """`None` for a stand-in."""
    state: TrialState
    detail: str = ""
    """Why it cannot be reached, or a remark."""
    latency_s: float | None = None
    charge: Charge | None = None
    """Of the call that was made; `None` where none was."""
    shares: str | None = None
    """Whose call told this, where no call was made for this one: it is asked the same way."""
    quote: Quote | None = None
    """The price of a model."""
    search: SearchBackend | None = None
    """The price of a search, among other things."""

    @property
    def result(self) -> str:
        """Whether it was reached, with the milliseconds."""
        if self.state is TrialState.REACHED and self.latency_s is not None:
            return f"{self.latency_s * 1000:.0f} ms"
        return str(self.state)

    @property
    def call(self) -> str:
        """What trying it cost."""
        if self.shares is not None:
            return f"see {self.shares}"
        if self.charge is None:
            return "-"
        return "unpriced" if self.charge.usd is None else f"${plain(self.charge.usd)}"

    @property
    def price(self) -> str:
        """The price with its source and date, or why there is none."""
        if self.search is not None:
            return _search_price(self.search)
        return "" if self.quote is None else _model_price(self.quote)

    def record(self) -> dict[str, Any]:
        """The same for programs; dollars are texts."""
        charge = self.charge
        return {
            "name": self.name,
            "model": self.model,
            "endpoint": self.address,
            "state": str(self.state),
            "detail": self.detail,
            "latency_ms": None if self.latency_s is None else round(self.latency_s * 1000, 1),
            "call": None
            if charge is None
            else {"usd": _text(charge.usd), "status": str(charge.status), "source": charge.source},
            "call_of": self.shares,
            "price": self._price_record(),
        }

    def _price_record(self) -> dict[str, Any]:
        if self.search is not None:
            search = self.search
            return {
                "usd_per_search": _text(search.usd_per_search),
                "source": search.source,
                "as_of": _text(search.as_of),
            }
        price = None if self.quote is None else self.quote.price
        if price is None:
            return {"unpriced": "" if self.quote is None else self.quote.missing}
        return {
            "input_usd_per_mtok": _text(price.input_usd_per_mtok),
            "cached_usd_per_mtok": _text(price.cached_usd_per_mtok),
            "output_usd_per_mtok": _text(price.output_usd_per_mtok),
            "usd_per_gpu_hour": _text(price.usd_per_gpu_hour),
            "source": price.source,
            "as_of": _text(price.as_of),
        }


def spent(trials: Iterable[Trial]) -> tuple[int, Decimal, int]:
    """How many calls were made, their known dollars, and how many of them nobody can price."""
    charges = [trial.charge for trial in trials if trial.charge is not None]
    known = [charge.usd for charge in charges if charge.usd is not None]
    return len(charges), sum(known, Decimal(0)), len(charges) - len(known)


def plain(usd: Decimal) -> str:
    """Exact dollars without zeros at the end."""
    return f"{usd.normalize():f}"


def _model_price(quote: Quote) -> str:
    price = quote.price
    if price is None:
        return f"unpriced: {quote.missing}"
    if price.usd_per_gpu_hour is not None:
        terms = f"${price.usd_per_gpu_hour}/GPU-hour"
    else:
        terms = f"${price.input_usd_per_mtok} in, ${price.output_usd_per_mtok} out per Mtok"
    return f"{terms} ({price.source}, {price.as_of or 'no date'})"


def _search_price(search: SearchBackend) -> str:
    if search.usd_per_search is None:
        return "unpriced: the pool file gives no usd_per_search"
    return f"${search.usd_per_search} per search ({search.source}, {search.as_of or 'no date'})"


def _text(value: object) -> str | None:
    return None if value is None else plain(value) if isinstance(value, Decimal) else str(value)

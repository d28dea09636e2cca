"""The rules of spending: which limits apply to whom, what is left under them, and who is refused. No database here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum
from typing import Final

from orchestrator.model_call import DECIMALS, MOST_USD
from storage.errors import StoreError

EACH: Final = "*"
"""Subject of a limit that every user, or every study, has for itself unless it has one of its own."""
LONGEST_SUBJECT: Final = 200
SHARE: Final = 10
"""A run that names no budget gets a tenth of a limit at most, so that it does not keep all others out."""
LEAST_USD: Final = Decimal("0.000001")
"""Budgets that are given are whole millionths of a dollar; where not even one is left, the run is refused."""


class Scope(StrEnum):
    """Whose spending is limited."""

    EVERYBODY = "everybody"
    USER = "user"
    STUDY = "study"


class Period(StrEnum):
    """What is added up."""

    DAY = "day"
    """From midnight to midnight in UTC."""
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Payer:
    """Who pays for trajectories."""

    user: str = "local"
    """Name of the account, or `local` where there are no accounts."""
    study: str | None = None
    """Id of the study that they are run for."""
    free: bool = False
    """Nothing that they may call costs real dollars: every expert is a stand-in, and nobody else asks for money."""


LOCAL: Final = Payer()
"""Whoever runs something where nobody says who."""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many dollars may be spent. Raises ValueError for what is no limit."""

    scope: Scope
    period: Period
    usd: Decimal
    subject: str = ""
    """Name of the user, id of the study, or EACH; empty for everybody together."""

    def __post_init__(self) -> None:
        if (self.scope is Scope.EVERYBODY) is bool(self.subject):
            named = "names nobody" if self.subject else f"needs the {self.scope.value} it is for, or * for each of them"
            raise ValueError(f"a limit for {self.scope.value} {named}")
        if len(self.subject) > LONGEST_SUBJECT or not self.subject.isprintable():
            raise ValueError(f"whom a limit is for must be a name of at most {LONGEST_SUBJECT} printable characters")
        if not self.usd.is_finite() or not 0 <= self.usd < MOST_USD or self.usd != round(self.usd, DECIMALS):
            raise ValueError(f"a limit must be from 0 to {MOST_USD:,} dollars with at most {DECIMALS} decimals")

    @property
    def words(self) -> str:
        """Such as `$5 a day for user ann`."""
        whom = {EACH: f"each {self.scope.value}", "": "everybody together"}.get(self.subject)
        long = "a day" if self.period is Period.DAY else "in total"
        return f"{dollars(self.usd)} {long} for {whom or f'{self.scope.value} {self.subject}'}"


@dataclass(frozen=True, slots=True)
class KeptLimit:
    """A limit, who set it and when."""

    limit: Limit
    set_at: datetime
    set_by: str


@dataclass(frozen=True, slots=True)
class Used:
    """What counts against a limit."""

    spent_usd: Decimal = Decimal(0)
    reserved_usd: Decimal = Decimal(0)
    """By trajectories that have not ended."""
    unpriced_calls: int = 0
    """Calls of ended ones whose dollars are unknown and in none of the numbers."""

    @property
    def words(self) -> str:
        """Such as `$1.20 spent + 2 unpriced, $0.30 reserved`."""
        more = f" + {self.unpriced_calls} unpriced" if self.unpriced_calls else ""
        return f"{dollars(self.spent_usd)} spent{more}, {dollars(self.reserved_usd)} reserved"


@dataclass(frozen=True, slots=True)
class Allowance:
    """A limit as it applies to somebody, with what is used of it."""

    limit: Limit
    subject: str = ""
    """Whose spending is added up: where the limit is for each of them, one of them."""
    used: Used = field(default_factory=Used)

    @property
    def left_usd(self) -> Decimal:
        """What may still be reserved; negative where calls were dearer than expected, or the limit was lowered."""
        return self.limit.usd - self.used.spent_usd - self.used.reserved_usd

    @property
    def words(self) -> str:
        """The limit, what is used and what is left."""
        whose = f" ({self.subject})" if self.subject != self.limit.subject else ""
        return f"{self.limit.words}{whose}: {self.used.words}, {dollars(max(self.left_usd, Decimal(0)))} left"


class Overspent(StoreError):
    """A run would exceed a limit; nothing was begun."""

    def __init__(self, allowance: Allowance, wanted_usd: Decimal | None = None) -> None:
        self.allowance = allowance
        self.wanted_usd = wanted_usd
        wanted = f"this needs {dollars(wanted_usd)}" if wanted_usd is not None else "nothing is left for this"
        tomorrow = "wait for the next day (UTC), " if allowance.limit.period is Period.DAY else ""
        smaller = "ask with a smaller budget, " if wanted_usd is not None else ""
        super().__init__(
            f"the spending limit is reached, {wanted}. Limit of {allowance.words}. What to do: {smaller}{tomorrow}"
            "wait until runs that go on have ended, or have an admin raise the limit (podium limit set)"
        )

    def __reduce__(self) -> tuple[type["Overspent"], tuple[Allowance, Decimal | None]]:
        return type(self), (self.allowance, self.wanted_usd)


def applying(limits: Iterable[Limit], payer: Payer) -> tuple[tuple[Limit, str], ...]:
    """The limits that a payer's runs must keep, and whose spending counts against each.

    A limit of somebody's own takes the place of the one for each.
    """
    every = tuple(limits)
    found = [(limit, "") for limit in every if limit.scope is Scope.EVERYBODY]
    for scope, subject in ((Scope.USER, payer.user), (Scope.STUDY, payer.study)):
        if subject is None:
            continue
        theirs = [limit for limit in every if limit.scope is scope]
        own = [limit for limit in theirs if limit.subject == subject]
        named = {limit.period for limit in own}
        each = [limit for limit in theirs if limit.subject == EACH and limit.period not in named]
        found += [(limit, subject) for limit in (*own, *each)]
    return tuple(found)


def budgets(wanted: Sequence[Decimal | None], allowances: Iterable[Allowance]) -> tuple[Decimal, ...] | None:
    """Dollars that trajectories which begin together may spend; raises Overspent where they may not begin.

    A named budget is reserved whole. Those that name none share what is left under the tightest limit, a tenth of
    that limit at most. `None` where no limit applies and none is named for all: then they may spend what they like.
    """
    named = sum((usd for usd in wanted if usd is not None), Decimal(0))
    unnamed = sum(usd is None for usd in wanted)
    shares: list[Decimal] = []
    for allowance in allowances:
        if named > max(allowance.left_usd, Decimal(0)):
            raise Overspent(allowance, named)
        if unnamed:
            share = min(allowance.left_usd - named, allowance.limit.usd / SHARE) / unnamed
            if share < LEAST_USD:
                raise Overspent(allowance)
            shares.append(share)
    if unnamed and not shares:
        return None
    given = plain(min(shares, default=Decimal(0)).quantize(LEAST_USD, ROUND_DOWN))
    return tuple(given if usd is None else usd for usd in wanted)


def check_open(allowances: Iterable[Allowance]) -> None:
    """Raises Overspent where something that is reserved already must not go on, because a limit was lowered."""
    for allowance in allowances:
        if allowance.left_usd < 0:
            raise Overspent(allowance)


def day_of(period: Period, day: date) -> str | None:
    """The day to add up, as it is kept; `None` for all days."""
    return day.isoformat() if period is Period.DAY else None


def plain(usd: Decimal) -> Decimal:
    """The same dollars without needless zeros, and without an exponent."""
    short = usd.normalize()
    return short.quantize(Decimal(1)) if short == short.to_integral_value() else short


def dollars(usd: Decimal) -> str:
    """Such as `$0.30` or `$0.000012`: exact, with cents at least."""
    text = f"{plain(usd):f}"
    whole, _, rest = text.partition(".")
    return f"${whole}.{rest.ljust(2, '0')}" if rest else f"${whole}"

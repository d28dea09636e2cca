"""Spending limits as the app uses them: who pays, what costs nothing, who sets limits, who has spent what."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from orchestrator.pool import Pool, SearchBackend, SearchKind
from storage import spending_acts as acts
from storage.accounts.actor import Actor
from storage.errors import StoreError
from storage.spending import leftovers, limits, statement, switch
from storage.spending.amounts import used
from storage.spending.leftovers import Cleared
from storage.spending.rules import KeptLimit, Limit, Overspent, Payer, Period, Scope
from storage.spending.statement import Statement
from storage.spending.switch import KillSwitch, RunsStopped
from storage.store import Store
from webapp.operations.metrics import Metrics

SWITCH: Final = "kill_switch"
"""What refusals by the kill switch are counted as, beside the scopes of limits."""


def costs_nothing(pool: Pool, policies: Iterable[str]) -> bool:
    """Whether no real dollars can be spent: experts are stand-ins, searches are free, and no server is asked."""
    asks = [spec for spec in policies if spec.strip().startswith("openai:")]
    return all(entry.simulated for entry in pool.entries) and _free(pool.search) and pool.judge is None and not asks


def paying(payer: Payer, pool: Pool, policies: Iterable[str]) -> Payer:
    """The payer of trajectories with this pool and these policies."""
    return Payer(payer.user, payer.study, costs_nothing(pool, policies))


@contextmanager
def refusals(metrics: Metrics) -> Iterator[None]:
    """Count what spending limits and the kill switch refuse inside."""
    try:
        yield
    except Overspent as refused:
        metrics.limit_refused(refused.allowance.limit.scope.value)
        raise
    except RunsStopped:
        metrics.limit_refused(SWITCH)
        raise


@dataclass(frozen=True, slots=True)
class Spending:
    """Limits, the kill switch and what was spent, of one store. Changes are in the log of who did what."""

    store: Store

    async def set_limit(self, limit: Limit, by: Actor) -> None:
        """Set it in the place of the one for the same subject and period."""
        now = datetime.now(UTC)
        await self.store.write(lambda connection: acts.set_limit(connection, limit, by, now))

    async def remove_limit(self, which: tuple[Scope, str, Period], by: Actor) -> Limit:
        """Take it away, and give it; raises StoreMissing."""
        now = datetime.now(UTC)
        return await self.store.write(lambda connection: acts.remove_limit(connection, which, by, now))

    def limits(self) -> tuple[KeptLimit, ...]:
        """All limits."""
        return self.store.read(limits.listed)

    async def settle(self, *, interrupted: bool = False) -> tuple[Cleared, ...]:
        """Settle what nobody settles any more (see `storage.spending.leftovers`)."""
        now = datetime.now(UTC)
        return await self.store.write(
            lambda connection: leftovers.settle_left(connection, now, interrupted=interrupted)
        )

    def of_user(self, user: str) -> Statement:
        """What this user has spent, with the limits that apply."""
        return self.store.read(lambda connection: statement.of_user(connection, user, _today()))

    def of_everybody(self) -> tuple[Statement, ...]:
        """Everybody together, then each user and each study."""
        return self.store.read(lambda connection: statement.of_everybody(connection, _today()))

    async def turn_on(self, reason: str, by: Actor) -> KillSwitch:
        """Nothing begins from now on, and what runs ends within seconds. Raises ValueError without a reason."""
        now = datetime.now(UTC)
        return await self.store.write(lambda connection: acts.turn_on(connection, reason, by, now))

    async def turn_off(self, by: Actor) -> KillSwitch | None:
        """Runs may begin again; gives how it was, `None` where it was off."""
        now = datetime.now(UTC)
        return await self.store.write(lambda connection: acts.turn_off(connection, by, now))

    def switch(self) -> KillSwitch | None:
        """The kill switch where it is on."""
        return self.store.read(switch.now)

    def reserved_usd(self) -> Decimal:
        """Of all trajectories that have not ended, in every process; not a number while the database is away."""
        try:
            return self.store.read(lambda connection: used(connection, Scope.EVERYBODY, "", None)).reserved_usd
        except StoreError:
            return Decimal("NaN")


def _free(search: SearchBackend) -> bool:
    return search.kind is SearchKind.DOCUMENTS or search.usd_per_search == 0


def _today() -> date:
    return datetime.now(UTC).date()

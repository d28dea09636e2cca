"""Makes ballots of stored trajectories: the one whose ranking teaches most or, now and then, a random one."""

import asyncio
import hashlib
import secrets
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from orchestrator.preference import PRESETS
from prefs.asking.ask import RANDOM_SHARE, Ask, next_ask
from prefs.asking.estimate import WeightEstimate, of_fit, stated
from prefs.asking.information import LARGEST
from prefs.ballot import Ballot, Draw, ballot
from prefs.fit.result import ScaledFit
from prefs.fit.scaling import Scaling
from storage.askable import Askable
from storage.errors import StoreConflict
from storage.store import Store
from webapp.revealed import Revealed

_TRIES: Final = 100
"""Times in a row that other processes may make the same ballot first; each time there is one less to make."""

Keep = Callable[[Ballot], Awaitable[bool]]
"""Keeps a ballot; whether it was wanted."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What ballot somebody wants; raises ValueError for one that nobody can make."""

    size: int = 4
    random_share: float = RANDOM_SHARE
    seed: int | None = None
    """`None`: drawn anew, and stored on the ballot."""
    query: str | None = None
    """`None`: of any query."""
    hidden: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 2 <= self.size <= LARGEST:
            raise ValueError(f"a ballot that is chosen has 2 to {LARGEST} alternatives, not {self.size}")
        if not 0 <= self.random_share <= 1:
            raise ValueError(f"the share of random ballots must be from 0 to 1, not {self.random_share}")
        if self.seed is not None and not 0 <= self.seed < 2**31:
            raise ValueError(f"the seed must be from 0 to {2**31 - 1}, not {self.seed}")


class Choosing:
    """Makes one ballot after the other, so that none repeats another; all that takes long is done in a thread."""

    def __init__(self, store: Store, revealed: Revealed) -> None:
        self._store = store
        self._revealed = revealed
        self._askable = Askable(store)
        self._lock = asyncio.Lock()

    async def make(self, wish: Wish, keep: Keep | None = None) -> Ballot | None:
        """A ballot that is made and kept. `None` where nothing is left to ask, or `keep` wants no more.

        The set of trajectories is one that no ballot shows: a ballot's id is drawn from its set, so that of two
        processes that make the same one, one fails and looks for another. Raises StoreError.
        """
        async with self._lock:
            for tried in range(_TRIES):
                fit = (await self._revealed.standing()).fit
                made = await asyncio.to_thread(self._found, wish, fit)
                if made is None:
                    return None
                try:
                    return made if await (keep or self._keep)(made) else None
                except StoreConflict:
                    if tried == _TRIES - 1:
                        raise
        raise AssertionError("the last try returns or raises")

    async def _keep(self, made: Ballot) -> bool:
        await self._store.keep_ballot(made)
        return True

    def _found(self, wish: Wish, fit: ScaledFit | None) -> Ballot | None:
        pools = [pool for pool in self._askable.pools(wish.query) if len(pool.trajectories) >= wish.size]
        asked = [shown for shown in self._askable.asked() if len(shown) == wish.size]
        seed = secrets.randbelow(2**31) if wish.seed is None else wish.seed
        estimate, scaling = estimated(fit)
        found = next_ask(
            pools,
            estimate,
            seed=seed,
            size=wish.size,
            random_share=wish.random_share,
            asked=asked,
            scaling=scaling,
        )
        return None if found is None else _ballot(found, wish.hidden)


def estimated(fit: ScaledFit | None) -> tuple[WeightEstimate, Scaling]:
    """What is known of the weights, and of which features: the fit, or "Balanced", held loosely, until it can tell."""
    if fit is not None:
        with suppress(ValueError):  # fewer annotators and ballots than weights
            return of_fit(fit), fit.scaling
    return stated(PRESETS["Balanced"]), "ballot"


def _ballot(found: Ask, hidden: Sequence[str]) -> Ballot:
    digest = hashlib.sha256("\n".join(sorted(found.trajectories)).encode()).hexdigest()
    return ballot(
        f"ask-{digest[:32]}",
        found.trajectories,
        query=found.query,
        run=None,
        seed=found.seed,
        made_at=datetime.now(UTC),
        hidden=hidden,
        draw=Draw(found.drawn, found.random_share, found.probability),
    )

"""P as the rankings of this database reveal it, kept up to date ranking by ranking."""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from orchestrator.preference import PreferenceVector
from prefs.features import weights
from prefs.fit.live import LiveFit
from prefs.fit.result import Estimate, ScaledFit
from prefs.ranking import Ranking
from storage.store import Store
from webapp.learned import stated_aliases

logger = logging.getLogger(__name__)

RESTS: Final = 19.0
"""Between two updates lies so many times what the first of them took, so that they take a twentieth of the time."""
SHORTEST_REST_S: Final = 1.0
LONGEST_REST_S: Final = 60.0
"""An update that takes longer than 3 s takes more of the time than that."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is revealed so far."""

    fit: ScaledFit | None
    """`None` while no ranking can be used."""
    rankings: int
    """That count in the fit."""
    left_out: int
    stated: PreferenceVector | None
    """P of all that was ranked; `None` where it varied."""
    updated_s: float | None
    """Seconds that the last rankings took to be taken in, all that came at once; `None` before the first."""

    @property
    def weights(self) -> Mapping[str, Estimate]:
        """P by name; empty without a fit."""
        return {} if self.fit is None else self.fit.weights

    @property
    def stated_weights(self) -> Mapping[str, float] | None:
        """The stated P, scaled so that its greatest weight is 1, as the revealed one is."""
        if self.stated is None:
            return None
        said = weights(self.stated)
        most = max(said.values())
        return {name: one / most for name, one in said.items()} if most > 0 else said


class Revealed:
    """Follows the rankings that go through this process; reads all again where others were added beside it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = asyncio.Lock()
        self._heard: list[Ranking] = []
        self._taking_in: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()
        self._live: LiveFit | None = None
        self._stated: dict[str, PreferenceVector | None] = {}
        """What was stated where these rankings were given, by id."""
        self._vectors: dict[str, PreferenceVector] = {}
        self._known = 0
        """Rankings of the database that are taken in, corrected ones too."""
        self._forgotten = 0
        """Rankings that were forgotten when all were read."""
        self._updated_s: float | None = None

    @property
    def known(self) -> int:
        """Rankings that are taken in by now, corrected ones too."""
        return self._known

    def hear(self, ranking: Ranking) -> None:
        """Take in a new ranking that was just kept, soon and beside whatever else is done."""
        self._heard.append(ranking)
        if self._taking_in is None or self._taking_in.done():
            self._taking_in = asyncio.get_running_loop().create_task(self._take_in())

    async def standing(self) -> Standing:
        """As of now, with every ranking that was kept before."""
        async with self._lock:
            return await asyncio.to_thread(self._standing)

    async def aclose(self) -> None:
        """Wait for what is being taken in."""
        self._closing.set()
        if self._taking_in is not None:
            await asyncio.wait([self._taking_in])

    async def _take_in(self) -> None:
        """What is heard, all of it at once, with rests between: so that it costs little however many rank."""
        while self._heard and not self._closing.is_set():
            begun = time.perf_counter()
            async with self._lock:
                try:
                    await asyncio.to_thread(self._follow)
                except Exception:
                    self._live = None
                    logger.warning("rankings could not be taken in; the next look reads them", exc_info=True)
            rest_s = max(SHORTEST_REST_S, min(RESTS * (time.perf_counter() - begun), LONGEST_REST_S))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), rest_s)

    def _standing(self) -> Standing:
        """Reads all where others were added beside what was heard."""
        new, live = self._new(), self._live
        kept, forgotten = self._store.rankings_version()
        as_known = (kept, forgotten) == (self._known + len(new), self._forgotten)
        if live is None or not as_known or not self._followed(live, new):
            live = self._read()
        return self._told(live)

    def _follow(self) -> None:
        """The same, but for what others were adding at this moment: that is heard next, or read when somebody looks."""
        new, live = self._new(), self._live
        kept, forgotten = self._store.rankings_version()
        as_known = kept >= self._known + len(new) and forgotten == self._forgotten
        if live is None or not as_known or not self._followed(live, new):
            self._read()

    def _new(self) -> list[Ranking]:
        """What was heard since and is not taken in; one that was sent twice at once is heard twice."""
        heard, self._heard = self._heard, []
        return list({ranking.id: ranking for ranking in heard if ranking.id not in self._stated}.values())

    def _followed(self, live: LiveFit, new: Sequence[Ranking]) -> bool:
        """Whether the rankings could be added to the fit.

        None may ask for an alias that has no weight in it, or correct a ranking that is not in it.
        """
        judgements = [self._store.judgement_of(ranking) for ranking in new]
        if not set(stated_aliases(judgements)) <= set(live.choices.names):
            return False
        if not self._in_turn(new):
            return False
        begun = time.perf_counter()
        live.add_all([(judgement, ranking.supersedes) for ranking, judgement in zip(new, judgements, strict=True)])
        if new:
            self._updated_s = time.perf_counter() - begun
        for ranking, judgement in zip(new, judgements, strict=True):
            self._stated.pop(ranking.supersedes or "", None)
            self._stated[ranking.id] = self._shared(judgement.stated)
        self._known += len(new)
        return True

    def _in_turn(self, new: Sequence[Ranking]) -> bool:
        """Whether each correction comes after what it corrects."""
        before = set[str]()
        for ranking in new:
            corrected = ranking.supersedes
            if corrected is not None and corrected not in before and corrected not in self._stated:
                return False
            before.add(ranking.id)
        return True

    def _read(self) -> LiveFit:
        self._known, self._forgotten = self._store.rankings_version()
        judgements = list(self._store.iter_judgements())
        self._stated = {judgement.ranking: self._shared(judgement.stated) for judgement in judgements}
        self._live = LiveFit(judgements, aliases=stated_aliases(judgements))
        return self._live

    def _shared(self, stated: PreferenceVector | None) -> PreferenceVector | None:
        """The one that is kept of all equal ones: few are stated, by many."""
        return None if stated is None else self._vectors.setdefault(repr(stated), stated)

    def _told(self, live: LiveFit) -> Standing:
        used = 0 if live.fit is None else live.choices.rankings
        stated = set(self._stated.values())
        common = next(iter(stated)) if len(stated) == 1 else None
        return Standing(live.fit, used, len(self._stated) - used, common, self._updated_s)

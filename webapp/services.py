"""The one place where things are put together: store, pool, tools, policy and runs, built once and passed down."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from orchestrator.chat import ChatClients
from orchestrator.documents.index import Index
from orchestrator.policies.local_model import LocalModels
from orchestrator.pool import Pool
from orchestrator.pool_file import read_pool
from orchestrator.prices import PriceBook
from orchestrator.rehearsal.corpus import articles
from orchestrator.rehearsal.tasks import find
from orchestrator.rehearsal.world import rehearsal_pool
from storage.condition import folders
from storage.errors import READ_ONLY, StoreMissing, StoreReadOnly
from storage.spending.rules import Payer
from storage.store import Store
from storage.studies import Studies
from webapp.asking import Asking
from webapp.audience.hosting import Hosting
from webapp.audience.phones import Phones
from webapp.ballots import Ballots
from webapp.choosing import Choosing
from webapp.fitting import CurrentWorkshop, Fitter
from webapp.kill_watch import KillWatch
from webapp.live_run import LiveRun
from webapp.offers import Offers
from webapp.operations.metrics import Metrics
from webapp.operations.readiness import Readiness
from webapp.owner_watch import OwnerWatch
from webapp.policy_words import policy_words
from webapp.pool_watch import PoolWatch
from webapp.redaction import Redaction
from webapp.retiring import Retiring
from webapp.revealed import Revealed
from webapp.runs import Runs
from webapp.searching import Searching
from webapp.serving import Serving
from webapp.settings import Settings, SettingsError
from webapp.showcase import Showcases
from webapp.spending import Spending
from webapp.studies import Queue
from webapp.talks import Kept, Talks
from webapp.tuning import TuningIndex

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""Told how many files are read, of how many."""


@dataclass(frozen=True, slots=True)
class Services:
    """What every door of the app uses."""

    settings: Settings
    store: Store
    workshop: CurrentWorkshop
    library: Index
    runs: Runs
    ballots: Ballots
    revealed: Revealed
    choosing: Choosing
    queue: Queue
    serving: Serving
    tuning: TuningIndex
    interrupted: tuple[str, ...]
    """Trajectories that were running when the last process ended."""
    hosting: Hosting
    phones: Phones
    searching: Searching
    talks: Talks
    book: PriceBook
    """Prices that the pool does not say itself."""
    metrics: Metrics
    readiness: Readiness

    @property
    def pool(self) -> Pool:
        """The pool that new runs use."""
        return self.workshop.now.pool

    @property
    def policy(self) -> str:
        """SPEC of the policy that runs unless a request names another."""
        return self.workshop.now.policy

    async def ask(self, asking: Asking) -> LiveRun:
        """Start a run; raises ValueError, UnknownAlias or StoreError before anything is spent.

        Overspent and RunsStopped are StoreErrors. Raises StoreMissing where it is asked for a study that is not there.
        """
        study = asking.study
        if study is not None and (not study.isprintable() or Studies(self.store).find(study) is None):
            raise StoreMissing(f"there is no study {study[:200]!r}")
        policy = self.workshop.now.kept(asking.policy or self.policy)
        run, trajectories = asking.run(policy=policy, pool=self.pool.name, reference=self._reference(asking))
        return await self.runs.start(run, trajectories, Payer(asking.payer, asking.study))

    def _reference(self, asking: Asking) -> str | None:
        """What was given, else what is known: a saved query's reference answer or a rehearsal task's."""
        known = self.store.query(asking.query) or find(asking.query)
        return asking.reference or (known.reference if known is not None else None)

    @property
    def words(self) -> str:
        """In words, which policy and pool are in use."""
        said = [policy_words(self.policy), pool_words(self.pool)]
        if self.settings.documents is not None:
            said.append(documents_words(self.settings.documents, self.library))
        return " ".join(said)


def pool_words(pool: Pool) -> str:
    """What stands behind the aliases, in a sentence."""
    simulated = sum(entry.simulated for entry in pool.entries)
    if simulated == len(pool.entries):
        experts = "every expert is a stand-in, so answers, dollars and seconds of experts are simulated"
    elif simulated:
        experts = f"{simulated} of {len(pool.entries)} experts are stand-ins; what they answer and cost is simulated"
    else:
        experts = f"{len(pool.entries)} experts, none simulated"
    return f"Pool: {pool.name}; {experts}. Search and code execution are real."


def documents_words(path: Path, library: Index) -> str:
    """What was read below the user's path, in a sentence or two."""
    if not library.files:
        return f"Documents: nothing in {path} could be read; txt, md, pdf, html and jsonl files are."
    skipped = f"; {len(library.skipped)} were skipped" if library.skipped else ""
    return f"Documents: {library.files:,} files of {path} are searched beside the bundled corpus{skipped}."


@asynccontextmanager
async def open_services(
    settings: Settings, on_progress: Progress | None = None, address: str | None = None
) -> AsyncIterator[Services]:
    """Everything, opened in order and closed in the opposite one; `on_progress` counts files being indexed.

    `address` is where this process serves, for other processes and those who look after them.

    Raises SettingsError, ValueError or StoreError."""
    _make_folder(settings.data_dir)
    pool = read_pool(settings.pool) if settings.pool is not None else rehearsal_pool()
    book, redaction = PriceBook.read(), Redaction.read(settings.redact)
    async with AsyncExitStack() as stack:
        store = stack.enter_context(_writable(Store.open(settings.database)))
        paths = [settings.documents] if settings.documents is not None else []
        library = await asyncio.to_thread(
            Index.open, articles(), paths, cache=settings.data_dir, on_progress=on_progress
        )
        stack.callback(library.close)
        clients, models = ChatClients(), LocalModels()
        stack.push_async_callback(clients.aclose)
        stack.push_async_callback(models.aclose)
        workshop = CurrentWorkshop(Fitter(settings, library, clients, models, book), pool)
        offers = Offers()
        serving = Serving(
            policy=lambda: workshop.now.policy,
            pool=lambda: workshop.now.pool,
            notices=lambda: (*kill_watch.notices, *workshop.notices, *offers.words),
            breaker=lambda endpoint: clients.endpoint(endpoint).breaker,
        )
        stack.push_async_callback(serving.aclose)
        metrics = Metrics()
        runs = Runs(store, lambda: workshop.now, metrics)
        reserved = lambda: float(Spending(store).reserved_usd())  # noqa: E731 - read at each scrape
        metrics.watch("podium_reserved_dollars", "Reserved for trajectories that go on, in every process", reserved)
        kill_watch = KillWatch(store, runs.stop_all)
        stack.push_async_callback(runs.close)
        revealed = Revealed(store)
        stack.push_async_callback(revealed.aclose)
        choosing = Choosing(store, revealed)
        ballots = Ballots(store, runs, on_ranking=revealed.hear)
        runs.when_ended(ballots.of_run)
        tuning = TuningIndex.over(store, settings.data_dir)
        stack.push_async_callback(tuning.aclose)
        hosting = Hosting(store, ballots)
        kept = Kept(store, runs, ballots, lambda: workshop.now.pool)
        interrupted = await store.come(address)
        async with AsyncExitStack() as watching:
            for watch_of in (kill_watch, OwnerWatch(store, runs), Retiring(store, settings.retention)):
                watching.push_async_callback(_ended, asyncio.create_task(watch_of.run()))
            if settings.pool is not None:
                watch = PoolWatch(settings.pool, workshop.take, workshop.report, in_use=pool)
                watching.push_async_callback(_ended, asyncio.create_task(watch.run()))
            if settings.discover:
                watching.push_async_callback(_ended, asyncio.create_task(offers.look(settings, workshop)))
            yield Services(
                settings,
                store,
                workshop,
                library,
                runs,
                ballots,
                revealed,
                choosing,
                Queue(store, choosing),
                serving,
                tuning,
                interrupted,
                hosting,
                # Unheard by `revealed`: it reads a room's rankings when it is next asked, not each as it comes.
                Phones(store, hosting, Ballots(store, runs), redaction),
                Searching(store),
                Talks(kept, Showcases(settings.data_dir), book, redaction),
                book,
                metrics,
                Readiness(
                    store,
                    sorted({settings.data_dir, *folders(store)}),
                    int(settings.least_free_mb * (1 << 20)),
                    lambda: (workshop.now.policy, workshop.now.pool.name),
                ),
            )


def _writable(store: Store) -> Store:
    """The store itself; raises StoreReadOnly at once, not where the first write fails."""
    if store.read_only:
        store.close()
        raise StoreReadOnly(READ_ONLY)
    return store


async def _ended(task: asyncio.Task[None]) -> None:
    """End a task that only watches. What ended it before is told, and keeps nothing from being closed."""
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled() and (failure := task.exception()) is not None:
        logger.error("what watches beside the runs had failed", exc_info=failure)


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"the data folder {path} cannot be made ({error.strerror}); name another with PODIUM_DATA_DIR"
        ) from error

"""What an evaluation is made with: a workshop as the app has it, and a store only where trajectories are to be kept."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from orchestrator.chat import ChatClients
from orchestrator.documents.index import Index
from orchestrator.policies.local_model import LocalModels
from orchestrator.policy import Policy
from orchestrator.pool_file import read_pool
from orchestrator.prices import PriceBook
from orchestrator.rehearsal.corpus import articles
from orchestrator.rehearsal.world import rehearsal_pool
from storage.store import Store
from webapp.fitting import Fitter
from webapp.settings import Settings
from webapp.workshop import Workshop


@dataclass(frozen=True, slots=True)
class Opened:
    """Ready to evaluate."""

    workshop: Workshop
    book: PriceBook
    store: Store | None

    def policies(self, specs: Sequence[str]) -> Mapping[str, Policy]:
        """The policies of these SPECs, each once, by the SPEC that they say themselves; raises ValueError.

        Whoever evaluates is the operator, so any SPEC may be named.
        """
        made = [self.workshop.maker.make(spec) for spec in specs]
        return {policy.spec: policy for policy in made}


@asynccontextmanager
async def opened(
    settings: Settings, *, save: bool, on_progress: Callable[[int, int], None] | None = None
) -> AsyncIterator[Opened]:
    """Opened, and closed at the end. Without `save` nothing is written, neither a database nor an index of documents.

    Raises ValueError, or StoreError where the database cannot be opened.
    """
    pool = read_pool(settings.pool) if settings.pool is not None else rehearsal_pool()
    book = PriceBook.read()
    async with AsyncExitStack() as stack:
        store = stack.enter_context(_store(settings)) if save else None
        paths = [settings.documents] if settings.documents is not None else []
        cache = settings.data_dir if save else None
        library = await asyncio.to_thread(Index.open, articles(), paths, cache=cache, on_progress=on_progress)
        stack.callback(library.close)
        clients, models = ChatClients(), LocalModels()
        stack.push_async_callback(clients.aclose)
        stack.push_async_callback(models.aclose)
        workshop = Fitter(replace(settings, pace=0.0), library, clients, models, book).workshop(pool)
        yield Opened(workshop, book, store)


def _store(settings: Settings) -> Store:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return Store.open(settings.database)

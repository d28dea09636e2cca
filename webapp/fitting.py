"""Puts a workshop together from a pool, and keeps the one that new runs get."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.chat import ChatClients
from orchestrator.chat_expert import ChatExpert
from orchestrator.documents.index import Index
from orchestrator.expert import Expert
from orchestrator.extract import extract
from orchestrator.judge import judge_of
from orchestrator.policies.local_model import LocalModels
from orchestrator.policies.spec import PolicyMaker
from orchestrator.pool import Pool
from orchestrator.prices import PriceBook
from orchestrator.profile import profile
from orchestrator.rehearsal.stand_in import stand_ins
from orchestrator.retrieval.choice import retriever_of
from orchestrator.tool import Tool
from orchestrator.tools.answer import AnswerTool
from orchestrator.tools.reasoning import ReasoningTool
from orchestrator.tools.search import SearchTool
from webapp.policy_words import rehearsal_notice
from webapp.settings import Settings, SettingsError
from webapp.workshop import Workshop

DEFAULT_POLICY = "embedded"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fitter:
    """What every workshop of this process shares."""

    settings: Settings
    library: Index
    clients: ChatClients
    models: LocalModels
    book: PriceBook

    def workshop(self, pool: Pool) -> Workshop:
        """A workshop over this pool; raises ValueError where its policy, profile or tokenizer cannot be used."""
        settings = self.settings
        _check(settings)
        maker = PolicyMaker(pool, self.clients, self.book, self.models, settings.prompt_profile, settings.tokenizer)
        spec = settings.policy or maker.of_pool or DEFAULT_POLICY
        judge = judge_of(pool, self.clients, self.book)
        return Workshop.of(pool, self._tools(pool, self._experts(pool)), judge, maker, spec)

    def _experts(self, pool: Pool) -> dict[str, Expert]:
        simulated = [entry for entry in pool.entries if entry.endpoint is None]
        experts: dict[str, Expert] = dict(stand_ins(simulated, extract=extract, pace=self.settings.pace))
        for entry in pool.entries:
            if entry.endpoint is not None:
                experts[entry.alias] = ChatExpert(entry, self.clients, self.book)
        return {entry.alias: experts[entry.alias] for entry in pool.entries}

    def _tools(self, pool: Pool, experts: Mapping[str, Expert]) -> dict[str, Tool]:
        def of(prefix: str) -> dict[str, Expert]:
            return {alias: expert for alias, expert in experts.items() if alias.startswith(prefix)}

        return {
            "search": SearchTool(of("search-"), retriever_of(pool.search, self.library, self.clients)),
            "enhance_reasoning": ReasoningTool(of("reasoner-")),
            "answer": AnswerTool(of("answer-")),
        }


def _check(settings: Settings) -> None:
    """Raises ValueError where a profile or tokenizer is named that is not there, even if no policy asks for it yet."""
    profile(settings.prompt_profile)
    if settings.tokenizer is not None and not settings.tokenizer.expanduser().exists():
        raise SettingsError(f"there is no {settings.tokenizer}: name the orchestrator's tokenizer.json, or its folder")


class CurrentWorkshop:
    """The workshop that new runs get, and what is wrong with the pool file that should take its place."""

    def __init__(self, fitter: Fitter, pool: Pool) -> None:
        self._fitter = fitter
        self.now = fitter.workshop(pool)
        self.problem: str | None = None

    def take(self, pool: Pool) -> None:
        """Use another pool from now on; raises ValueError where that is not possible, and all stays as it was."""
        self.now = self._fitter.workshop(pool)
        logger.info("the pool %s is in use now", pool.name)

    def report(self, problem: str | None) -> None:
        """The pool file cannot be used, or can be again."""
        if problem is not None:
            logger.warning("%s", problem)
        self.problem = problem

    @property
    def notices(self) -> tuple[str, ...]:
        """What the person at the page should know."""
        spoiled = None if self.problem is None else f"{self.problem}. Runs still use the pool as it was before."
        return tuple(filter(None, (spoiled, rehearsal_notice(self.now.policy, self.now.pool))))

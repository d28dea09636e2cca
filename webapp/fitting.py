"""Puts a workshop together from a pool, and keeps the one that new runs get."""

from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.chat import ChatClients
from orchestrator.chat_expert import ChatExpert
from orchestrator.documents.index import Index
from orchestrator.expert import Expert
from orchestrator.extract import extract
from orchestrator.grade import grade
from orchestrator.policies.spec import parse_spec
from orchestrator.policy import Policy
from orchestrator.pool import Pool
from orchestrator.prices import PriceBook
from orchestrator.rehearsal.stand_in import stand_ins
from orchestrator.tool import Tool
from orchestrator.tools.answer import AnswerTool
from orchestrator.tools.reasoning import ReasoningTool
from orchestrator.tools.search import SearchTool
from orchestrator.trajectory import Outcome
from webapp.settings import Settings
from webapp.workshop import Workshop

DEFAULT_POLICY = "random"


class _Graded:
    async def judge(self, query: str, answer: str | None, reference: str | None) -> Outcome:  # noqa: ARG002
        return grade(answer, reference)


@dataclass(frozen=True, slots=True)
class Fitter:
    """What every workshop of this process shares."""

    settings: Settings
    library: Index
    clients: ChatClients
    book: PriceBook

    def workshop(self, pool: Pool) -> Workshop:
        """A workshop over this pool; raises ValueError where its policy or profile cannot be used."""
        experts = self._experts(pool)
        spec = self.settings.policy or DEFAULT_POLICY

        def make(spec: str) -> Policy:
            return parse_spec(spec, pool, self.clients, self.book)

        made = Workshop(pool, self._tools(experts), _Graded(), spec, make, {})
        made.policy_of(spec)
        return made

    def _experts(self, pool: Pool) -> dict[str, Expert]:
        simulated = [entry for entry in pool.entries if entry.endpoint is None]
        experts: dict[str, Expert] = dict(stand_ins(simulated, extract=extract, pace=self.settings.pace))
        for entry in pool.entries:
            if entry.endpoint is not None:
                experts[entry.alias] = ChatExpert(entry, self.clients, self.book)
        return {entry.alias: experts[entry.alias] for entry in pool.entries}

    def _tools(self, experts: Mapping[str, Expert]) -> dict[str, Tool]:
        def of(prefix: str) -> dict[str, Expert]:
            return {alias: expert for alias, expert in experts.items() if alias.startswith(prefix)}

        return {
            "search": SearchTool(of("search-"), self.library),
            "enhance_reasoning": ReasoningTool(of("reasoner-")),
            "answer": AnswerTool(of("answer-")),
        }


class CurrentWorkshop:
    """The workshop that new runs get, and what is wrong with the pool file that should take its place."""

    def __init__(self, fitter: Fitter, pool: Pool) -> None:
        self._fitter = fitter
        self.now = fitter.workshop(pool)
        self.problem: str | None = None

    def take(self, pool: Pool) -> None:
        """Use another pool from now on; one that cannot be used is told in `problem`, and all stays as it was."""
        try:
            self.now = self._fitter.workshop(pool)
        except ValueError as error:
            self.report(str(error))
        else:
            self.problem = None

    def report(self, problem: str | None) -> None:
        """The pool file cannot be read, or can be again."""
        self.problem = problem

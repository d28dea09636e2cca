"""Who says whether an answer is right: the reference where it can, else a model that is asked to compare."""

from dataclasses import dataclass
from typing import Protocol

from orchestrator.bill import Bill
from orchestrator.chat import ChatClients
from orchestrator.endpoint_client import EndpointFailed
from orchestrator.grade import finding, grade
from orchestrator.judge_prompt import judge_messages, judge_reply
from orchestrator.model_call import CallRole, ModelCall
from orchestrator.pool import Pool
from orchestrator.priced_model import Asked, PricedModel
from orchestrator.prices import PriceBook
from orchestrator.tool import CannotAfford, Remaining
from orchestrator.trajectory import Outcome, Verdict


class Judge(Protocol):
    """Says whether an answer is right. It learns nothing of the run: not its cost, its route or its preference."""

    async def judge(self, query: str, answer: str | None, reference: str | None) -> Outcome:
        """The verdict with who gave it and why; ungraded where nobody can say. Never fails but by being cancelled."""


@dataclass(frozen=True, slots=True)
class ReferenceJudge:
    """Compares with the reference alone, at once and for nothing."""

    async def judge(self, query: str, answer: str | None, reference: str | None) -> Outcome:  # noqa: ARG002 - the reference says it all
        """Solved, unsolved, or ungraded where there is no reference."""
        return grade(answer, reference)


@dataclass(frozen=True, slots=True)
class ModelJudge:
    """Compares with the reference first and asks a model only where that does not decide."""

    model: PricedModel

    async def judge(self, query: str, answer: str | None, reference: str | None) -> Outcome:
        """The reference's verdict where it is decisive, else the model's; ungraded where that one has none."""
        found = finding(answer, reference)
        if found.decisive or answer is None or reference is None:
            return found.outcome
        bill = Bill()
        name, reference_said = self.model.served.model, f"the reference alone: {found.outcome.reason}"
        try:
            completion = await self.model.ask(self._asked(query, answer, reference), Remaining(), bill)
        except (EndpointFailed, CannotAfford) as failure:
            return _ungraded(f"the judge {name} could not be asked: {failure}; {reference_said}", bill)
        except Exception as failure:  # noqa: BLE001 - a judge that fails must not fail the run
            return _ungraded(f"asking {name} failed: {type(failure).__name__}: {failure}; {reference_said}", bill)
        said = judge_reply(completion.text, cut_off=completion.finish_reason == "length")
        if said.verdict is Verdict.UNGRADED:
            doubt = f"{name} is unsure: {said.reason}" if said.readable else said.reason
            return _ungraded(f"{doubt}; {reference_said}", bill, name)
        return Outcome(said.verdict, name, said.reason, _call(bill))

    def _asked(self, query: str, answer: str, reference: str) -> Asked:
        served = self.model.served
        messages = judge_messages(query, answer, reference, served.system)
        return Asked(CallRole.JUDGE, None, messages, served.sampling)


def judge_of(pool: Pool, clients: ChatClients, book: PriceBook | None) -> Judge:
    """The judge that a pool asks for: its judge model behind the reference, or the reference alone."""
    if pool.judge is None:
        return ReferenceJudge()
    return ModelJudge(PricedModel(pool.judge, clients.of(pool.judge.endpoint), book))


def _ungraded(reason: str, bill: Bill, by: str | None = None) -> Outcome:
    return Outcome(Verdict.UNGRADED, by, reason, _call(bill))


def _call(bill: Bill) -> ModelCall | None:
    return bill[-1] if bill else None

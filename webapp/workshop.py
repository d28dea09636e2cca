"""What runs are made with. It is never changed, only replaced whole, so that a run keeps what it began with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from orchestrator.policy import Policy
from orchestrator.pool import Pool
from orchestrator.tool import Tool
from orchestrator.trajectory import Outcome


class Judge(Protocol):
    """Says whether an answer is right."""

    async def judge(self, query: str, answer: str | None, reference: str | None) -> Outcome:
        """The outcome; what cannot be judged is ungraded, with the reason."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """A pool with the tools, policies and judge that work with it."""

    pool: Pool
    tools: dict[str, Tool]
    judge: Judge
    policy: str
    """SPEC of the policy that runs unless a request names another."""
    make_policy: Callable[[str], Policy]
    _made: dict[str, Policy]

    def policy_of(self, spec: str) -> Policy:
        """The policy of this SPEC, the same one each time; raises BadSpec."""
        if spec not in self._made:
            self._made[spec] = self.make_policy(spec)
        return self._made[spec]

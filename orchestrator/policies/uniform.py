"""The policy `random`: every alias on offer is as likely as any other."""

import random

from orchestrator.bill import Bill
from orchestrator.policy import Decision, Turn
from orchestrator.pool import TOOL_OF
from orchestrator.trajectory import ToolCall


class UniformPolicy:
    """Chooses among the aliases on offer by the run's seed and the turn's number, so the same run chooses the same."""

    @property
    def spec(self) -> str:
        """`random`."""
        return "random"

    async def decide(self, turn: Turn, bill: Bill) -> Decision:  # noqa: ARG002 - it costs nothing
        """One alias, and how it was chosen."""
        alias = random.Random(f"{turn.seed} {turn.index}").choice(turn.offered)
        count = len(turn.offered)
        said = f"Chosen at random (seed {turn.seed}, turn {turn.index}) from {count} alias{'' if count == 1 else 'es'}"
        return Decision(f"{said} on offer.", ToolCall(TOOL_OF[alias], alias))

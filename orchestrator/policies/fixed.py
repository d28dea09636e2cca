"""The policy `fixed:ALIAS,…`: the same route whatever the query is."""

from collections.abc import Sequence

from orchestrator.bill import Bill
from orchestrator.policy import Decision, PolicyFailed, Turn
from orchestrator.pool import TOOL_OF, TOOLS, UnknownAlias
from orchestrator.trajectory import ToolCall


class FixedPolicy:
    """Takes a route of aliases in order, one a turn. Raises ValueError unless it ends, and only ends, in an answer."""

    def __init__(self, route: Sequence[str]) -> None:
        self._route = tuple(route)
        for alias in self._route:
            if alias not in TOOL_OF:
                raise UnknownAlias(alias)
        answers = [alias for alias in self._route if TOOL_OF[alias] == "answer"]
        if not self._route or self._route[-1] not in TOOLS["answer"]:
            raise ValueError(f"a fixed route must end in an answer alias: {', '.join(TOOLS['answer'])}")
        if len(answers) > 1:
            raise ValueError(f"{answers[0]} ends the run, so nothing can follow it in a fixed route")

    @property
    def spec(self) -> str:
        """`fixed:` and its aliases."""
        return f"fixed:{','.join(self._route)}"

    async def decide(self, turn: Turn, bill: Bill) -> Decision:  # noqa: ARG002 - it costs nothing
        """The alias at the turn's place, or a problem where it is not on offer; raises PolicyFailed behind the end."""
        if turn.index >= len(self._route):
            raise PolicyFailed(f"the fixed route {','.join(self._route)} is over and has brought no answer")
        alias = self._route[turn.index]
        thought = f"Step {turn.index + 1} of {len(self._route)} of a fixed route."
        if alias not in turn.offered:
            offered = ", ".join(turn.offered)
            return Decision(thought, None, f"{alias} can do nothing for this query now; on offer are {offered}")
        return Decision(thought, ToolCall(TOOL_OF[alias], alias))

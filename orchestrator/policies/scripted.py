"""A policy that reads its decisions from a list: for fixtures, demonstrations and tests."""

from collections.abc import Sequence

from orchestrator.bill import Bill
from orchestrator.policy import Decision, PolicyFailed, Turn


class ScriptedPolicy:
    """Decides what stands at the turn's place in the script; an exception there is raised."""

    def __init__(self, script: Sequence[Decision | Exception]) -> None:
        self._script = tuple(script)

    @property
    def spec(self) -> str:
        """`scripted`; it cannot be asked for by name."""
        return "scripted"

    async def decide(self, turn: Turn, bill: Bill) -> Decision:  # noqa: ARG002 - it costs nothing
        """The decision at `turn.index`; raises PolicyFailed behind the end of the script."""
        if turn.index >= len(self._script):
            raise PolicyFailed(f"the script has {len(self._script)} decisions and none for turn {turn.index}")
        decision = self._script[turn.index]
        if isinstance(decision, Exception):
            raise decision
        return decision

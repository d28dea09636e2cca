"""What the tests of the bench share: the setting, and a policy that understands."""

from dataclasses import replace

from bench.bundled.cases import SILENT
from bench.bundled.expectimax import ExpectimaxPolicy
from bench.bundled.instructions import held_out
from orchestrator.bill import Bill
from orchestrator.policy import Decision, Turn
from orchestrator.pool import Pool
from orchestrator.rehearsal.tasks import all_tasks

TEST = tuple(task for task in all_tasks() if task.split == "test")
SOME = TEST[::12]
HELD_OUT = tuple(held_out())
VECTORS = {held.text: held.preference for held in HELD_OUT}


class Understanding:
    """Reads every held-out instruction as intended and does what the oracle does; `deaf_to` words it does not hear."""

    def __init__(self, pool: Pool, deaf_to: frozenset[str] = frozenset()) -> None:
        self._oracle = ExpectimaxPolicy(pool)
        self._deaf_to = deaf_to

    @property
    def spec(self) -> str:
        return "understanding"

    async def decide(self, turn: Turn, bill: Bill) -> Decision:
        return await self._oracle.decide(turn, bill)

    async def decide_for(self, turn: Turn, instruction: str, bill: Bill) -> Decision:
        assert turn.preference == SILENT, "the vector must not be told beside the words"
        heard = SILENT if instruction in self._deaf_to else VECTORS[instruction]
        return await self._oracle.decide(replace(turn, preference=heard), bill)

"""`answer`: an expert answers the query from what the run has gathered."""

from collections.abc import Mapping, Sequence

from orchestrator.bill import Bill
from orchestrator.expert import Expert
from orchestrator.model_call import CallRole
from orchestrator.tool import Request
from orchestrator.tools.offering import able, behind
from orchestrator.trajectory import Observation


class AnswerTool:
    """Serves the aliases of `answer`. `experts` maps each alias to its expert, in the pool's order."""

    def __init__(self, experts: Mapping[str, Expert]) -> None:
        self._experts = experts

    def offered(self, request: Request) -> Sequence[str]:
        """The aliases whose expert can answer."""
        return able(self._experts, CallRole.EXPERT, request)

    async def __call__(self, alias: str, request: Request, bill: Bill) -> Observation:
        """The expert's answer; raises what the expert raises."""
        reply = await behind(self._experts, alias).reply(CallRole.EXPERT, request, bill)
        return Observation(reply.text, reply.origin, source=reply.source)

"""The models behind the aliases, as the tools see them: asked in a role, they reply with text."""

from dataclasses import dataclass
from typing import Protocol

from orchestrator.bill import Bill
from orchestrator.model_call import CallRole
from orchestrator.tool import Request
from orchestrator.trajectory import Origin


@dataclass(frozen=True, slots=True)
class Reply:
    """What an expert wrote: a search query, Python code or an answer, according to the role it was asked in."""

    text: str
    origin: Origin
    source: str | None = None
    """Where an extracted answer stands."""


class Expert(Protocol):
    """A model or a stand-in for one. Appends its model call to `bill`, also when it fails or is cancelled."""

    def able(self, role: CallRole, request: Request) -> bool:
        """Whether it can do something in this role (QUERY_WRITER, CODE_WRITER or EXPERT) for this request."""

    async def reply(self, role: CallRole, request: Request, bill: Bill) -> Reply:
        """Its text; raises ToolError, or CannotAfford before any money is spent."""

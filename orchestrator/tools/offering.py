"""Which aliases a tool offers, and the expert behind the one that was called."""

from collections.abc import Mapping

from orchestrator.expert import Expert
from orchestrator.model_call import CallRole
from orchestrator.tool import Request, ToolError


def able(experts: Mapping[str, Expert], role: CallRole, request: Request) -> tuple[str, ...]:
    """The aliases whose expert can do something in this role for this request, in the pool's order."""
    return tuple(alias for alias, expert in experts.items() if expert.able(role, request))


def behind(experts: Mapping[str, Expert], alias: str) -> Expert:
    """The expert of an alias; raises ToolError where the pool has none."""
    expert = experts.get(alias)
    if expert is None:
        known = ", ".join(experts) or "none"
        raise ToolError(f"no expert stands behind {alias!r} in this pool; this tool has: {known}")
    return expert

"""What runs are made with. It is never changed, only replaced whole, so that a run keeps what it began with."""

from dataclasses import dataclass, field

from orchestrator.judge import Judge
from orchestrator.policies.spec import PolicyMaker, needs_model, without_profile
from orchestrator.policy import Policy
from orchestrator.pool import Pool
from orchestrator.tool import Tool


@dataclass(frozen=True, slots=True)
class Workshop:
    """A pool with the tools, policies and judge that work with it."""

    pool: Pool
    tools: dict[str, Tool]
    judge: Judge
    maker: PolicyMaker
    policy: str
    """SPEC of the policy that runs unless a request names another."""
    _made: dict[str, Policy] = field(default_factory=dict)

    def policy_of(self, spec: str) -> Policy:
        """The policy of this SPEC, the same one each time.

        Raises ValueError for what is no policy, and for one that calls an address or loads a model which no operator
        has named: nobody at a page, and no imported file, can make the server do that.
        """
        if spec not in self._made:
            allowed = {without_profile(named) for named in (self.policy, self.maker.of_pool) if named}
            if needs_model(spec) and without_profile(spec) not in allowed:
                raise ValueError(
                    f"policy {spec!r} must be named when the server is started (--policy, or [orchestrator] in the "
                    "pool file); a request may choose that one, or random or fixed:ALIAS,…"
                )
            self._made[spec] = self.maker.make(spec)
        return self._made[spec]

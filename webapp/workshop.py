"""What runs are made with. It is never changed, only replaced whole, so that a run keeps what it began with."""

from dataclasses import dataclass
from typing import Self

from orchestrator.judge import Judge
from orchestrator.policies.spec import PolicyMaker, explicit, needs_model, without_profile
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
    """SPEC, as records keep it, of the policy that runs unless a request names another."""
    _made: dict[str, Policy]
    """Policies that ask a model, by SPEC with prompt profile: only an operator names them, so they are few."""

    @classmethod
    def of(cls, pool: Pool, tools: dict[str, Tool], judge: Judge, maker: PolicyMaker, spec: str) -> Self:
        """A workshop with the policy that its operator names; raises ValueError where that cannot be used."""
        policy = maker.make(spec)
        return cls(pool, tools, judge, maker, policy.spec, {explicit(policy.spec): policy})

    def kept(self, spec: str) -> str:
        """The SPEC that somebody asks for as records keep it; raises ValueError like `policy_of`."""
        self._check(spec)
        return self.maker.kept(spec)

    def policy_of(self, kept: str) -> Policy:
        """The policy of a kept SPEC; one that asks a model is the same one each time.

        Raises ValueError for what is no policy, and for one that calls an address or loads a model which no operator
        has named: nobody at a page, and no imported file, can make the server do that.
        """
        self._check(kept)
        if not needs_model(kept):
            return self.maker.make(kept)
        spec = explicit(kept)
        if spec not in self._made:
            self._made[spec] = self.maker.make(spec)
        return self._made[spec]

    def _check(self, spec: str) -> None:
        allowed = {without_profile(named) for named in (self.policy, self.maker.of_pool) if named}
        if needs_model(spec) and without_profile(spec) not in allowed:
            raise ValueError(
                f"policy {spec!r} must be named when the server is started (--policy, or [orchestrator] in the pool "
                "file); a request may choose that one, or embedded, nearest, random or fixed:ALIAS,…"
            )

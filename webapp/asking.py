"""What somebody wants to have run: a query, the preferences to run it under, and its limits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from orchestrator.alternatives import Run, alternatives, check_query, check_text, new_id
from orchestrator.pool import TOOL_OF, UnknownAlias
from orchestrator.preference import PRESETS, PreferenceVector, preset
from orchestrator.trajectory import Limits, Trajectory
from storage.spending.rules import LOCAL

MOST_ALTERNATIVES = 12
LONGEST_REFERENCE = 5_000
"""Characters."""
DEFAULT_LIMITS = Limits(turns=20)


@dataclass(frozen=True, slots=True)
class Asking:
    """A run to start; raises ValueError with a message for the person who asked."""

    query: str
    preferences: tuple[PreferenceVector, ...] = (PreferenceVector(),)
    """One alternative for each."""
    seed: int = 0
    reference: str | None = None
    limits: Limits = DEFAULT_LIMITS
    policy: str | None = None
    """SPEC; `None`: the policy this process was started with."""
    one_after_another: bool = False
    payer: str = LOCAL.user
    """Name of the account that pays."""
    study: str | None = None
    """Id of the study that it is run for, and that pays, too."""

    def __post_init__(self) -> None:
        check_query(self.query)
        if self.reference is not None and len(self.reference) > LONGEST_REFERENCE:
            raise ValueError(
                f"a reference answer has at most {LONGEST_REFERENCE:,} characters, not {len(self.reference):,}"
            )
        check_text("the reference answer", self.reference or "")
        if not 1 <= len(self.preferences) <= MOST_ALTERNATIVES:
            raise ValueError(f"a run has 1 to {MOST_ALTERNATIVES} alternatives, not {len(self.preferences)}")
        for alias in (alias for preference in self.preferences for alias in preference.tools):
            if alias not in TOOL_OF:
                raise UnknownAlias(alias)
        if not 0 <= self.seed < 2**31:
            raise ValueError(f"the seed must be from 0 to {2**31 - 1}, not {self.seed}")

    def run(self, *, policy: str, pool: str, reference: str | None) -> tuple[Run, tuple[Trajectory, ...]]:
        """The run and its trajectories, none of which has begun."""
        run = Run(new_id(), self.query.strip(), datetime.now(UTC), reference, self.one_after_another)
        return run, alternatives(run, self.preferences, policy=policy, pool=pool, seed=self.seed, limits=self.limits)


def varied(mine: PreferenceVector, count: int, local_aliases: Sequence[str]) -> tuple[PreferenceVector, ...]:
    """`mine` first, then presets that differ from it, then `mine` again until there are `count`."""
    others = [preset(name, local_aliases) for name in ("Frugal", "Accuracy first", "Fast", "Keep it local", "Balanced")]
    chosen = [mine, *(other for other in others if other != mine)][:count]
    return (*chosen, *(mine for _ in range(count - len(chosen))))


def preference_name(preference: PreferenceVector, local_aliases: Sequence[str]) -> str | None:
    """The preset that this vector is, if any."""
    return next((name for name in PRESETS if preset(name, local_aliases) == preference), None)

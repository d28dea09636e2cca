"""The choices that a training file leaves to the person who writes it."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

from orchestrator.pool import Pool
from orchestrator.preference import PreferenceVector

Margin = Literal["none", "rank", "reward"]
"""Where the `margin` of a pair comes from."""
Chosen = Literal["best", "acceptable", "all"]
"""Which trajectories of a ranking are worth imitating."""
MARGINS: Final[tuple[Margin, ...]] = get_args(Margin)
CHOSEN: Final[tuple[Chosen, ...]] = get_args(Chosen)


@dataclass(frozen=True, slots=True)
class FileOptions:
    """How a file is written. Each format names those that it reads; the others change nothing."""

    cost_shown: bool = True
    """Dollars stand in the chat text: a reward model that sees them learns what they are worth."""
    latency_shown: bool = True
    """Seconds stand in the chat text."""
    margin: Margin = "none"
    """`rank`: the distance in the ranking, up to 1. `reward`: the difference of R, negative where people put the one
    with less R above. TRL puts a column of that name into the loss, so there is none unless asked for."""
    ties: bool = False
    """Two that share a group become a pair in either direction, of half the weight each, instead of none."""
    chosen: Chosen = "best"
    """`best`: the first group, unless the line lies above it; `acceptable`: all above the line; `all`: all ranked."""
    preference: PreferenceVector | None = None
    """P of `margin="reward"` and of rows for GRPO; `None` is the P that the trajectories ran under."""
    pool: Pool | None = None
    """Describes tools and prices where a trajectory does not hold what was sent."""
    profile: str | None = None
    """The prompt profile that turns are written in where a trajectory does not hold what was sent; `None` is the
    default one."""
    split: str = "train"
    """What verl's `extra_info.split` says."""

    def __post_init__(self) -> None:
        if self.margin not in MARGINS:
            raise ValueError(f"margin must be one of {', '.join(MARGINS)}, not {self.margin!r}")
        if self.chosen not in CHOSEN:
            raise ValueError(f"chosen must be one of {', '.join(CHOSEN)}, not {self.chosen!r}")

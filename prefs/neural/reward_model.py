"""A trained reward model as it is registered: what it is, what it was made from, and how well it does."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from orchestrator.model_call import utc
from prefs.bootstrap import Interval
from prefs.neural.accuracy import Calibration

SMALL: Final = "small"
"""The base that is made on the spot: too small for real work, large enough to try everything out."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a trajectory becomes tokens."""

    cost_shown: bool = True
    latency_shown: bool = True
    max_length: int = 4096
    """Tokens; of a longer trajectory, the middle is cut out."""

    def __post_init__(self) -> None:
        if self.max_length < 32:
            raise ValueError(f"a trajectory needs at least 32 tokens, not {self.max_length}")


@dataclass(frozen=True, slots=True)
class Course:
    """How a model is trained."""

    base: str = SMALL
    """`small`, or the folder of a model with a `tokenizer.json`."""
    epochs: float = 1.0
    rate: float = 1e-5
    batch: int = 8
    """Pairs of one step."""
    seed: int = 0
    held_out: float = 0.2
    """Share of the queries that is kept to measure with."""
    optimiser: str = "adamw"
    """`adamw`, or `adafactor` where AdamW's state does not fit into memory."""

    def __post_init__(self) -> None:
        if not 0 < self.epochs < float("inf") or not 0 < self.rate < float("inf") or self.batch < 1:
            raise ValueError("epochs, rate and batch must be greater than 0")
        if self.optimiser not in ("adamw", "adafactor"):
            raise ValueError(f"the optimiser must be adamw or adafactor, not {self.optimiser}")


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The human noise, over all rankings."""

    agreement: float
    """Share of pairs of people who order the same pair alike."""
    interval: Interval | None
    """Of the agreement; `None` where the ballots are too few."""
    low: float
    """The best possible accuracy is at least this, if some pairs are certain and the others a toss-up,"""
    high: float
    """and at most this, if all pairs are equally hard."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What was counted and measured."""

    rankings: int
    training_pairs: int
    held_out_pairs: int
    held_out_queries: int
    ties: int
    """Tied pairs, which TRL's loss cannot read and which were left out."""
    trajectories: int
    cut: int
    """Trajectories longer than the model reads; none was dropped."""
    cost_was_hidden: int
    """Rankings whose annotator did not see the cost."""
    parameters: int
    accuracy: Interval
    """Share of held-out pairs that the model orders as people did."""
    accuracy_in_training: float
    linear: Interval | None
    """The same pairs by the linear model, fitted to the same training rankings; `None` where it cannot be fitted."""
    gain: Interval | None
    """Accuracy over the linear model's, pair by pair."""
    ceiling: Ceiling | None
    """`None` where no two people put the same pair in an order."""
    calibration: Calibration
    onnx_difference: float | None
    """Largest difference between the scores of torch and of the ONNX export; `None` where none was made."""
    seconds: float
    """Of training, on the wall; of the last sitting, where it was interrupted."""


@dataclass(frozen=True, slots=True)
class RewardModel:
    """A checkpoint in a folder, and where it came from."""

    id: str
    path: str
    """Folder of the checkpoint, absolute."""
    made_at: datetime
    data_sha256: str
    """Of `pairs.jsonl` beside it: every pair, its side of the split, and the digest of both texts."""
    weights_sha256: str
    """Of the names and contents of all files in `path`."""
    code_version: str
    """Version of the package and digest of the code that reads, trains and scores."""
    course: Course
    reading: Reading
    figures: Figures

    def __post_init__(self) -> None:
        object.__setattr__(self, "made_at", utc(self.made_at))

    @property
    def is_small(self) -> bool:
        """Whether its base is the one made on the spot."""
        return self.course.base == SMALL

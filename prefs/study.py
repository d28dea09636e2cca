"""A study: ballots that several people are asked to rank, and who holds which of them now.

Each ballot is to be ranked by a stated number of people, its overlap. Whoever asks gets a ballot on lease; a lease that
runs out frees its place for somebody else.
"""

import hashlib
import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal, get_args

from orchestrator.model_call import utc
from prefs.ballot import MOST_ALTERNATIVES
from prefs.ranking import REVEALED, RankingMismatch, check_tags

Hidden = Literal["identity", "cost", "latency", "preference", "outcome"]
NextBy = Literal["order", "random", "informative"]
AssignmentState = Literal["leased", "ranked", "skipped", "flagged"]

HIDDEN: Final[tuple[Hidden, ...]] = get_args(Hidden)
NEXT_BY: Final[tuple[NextBy, ...]] = get_args(NextBy)
LEASE_S: Final = 1_800.0
LONGEST_LEASE_S: Final = 7 * 86_400.0
MOST_OVERLAP: Final = 1_000
MOST_BALLOTS: Final = 10_000
"""Of one study."""
LONGEST_NAME: Final = 200
LONGEST_GUIDELINES: Final = 20_000
LONGEST_FLAG: Final = 5_000
TAGS: Final = (
    "better answer",
    "wrong answer",
    "sound route",
    "needless steps",
    "poor sources",
    "hard to follow",
    "too expensive",
    "too slow",
)
"""Categories of reasons that people are offered where a study names none."""
_SEEDS: Final = range(2**31)


class WrongStudy(ValueError):
    """A study that cannot be made; `field` is the one at fault."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Study:
    """What is asked, of how many people each, and in which order. Its ballots are kept beside it."""

    id: str
    name: str
    made_at: datetime
    guidelines: str = ""
    """What people are to read first, in Markdown."""
    alternatives: int = 4
    """On each ballot that is made for the study."""
    overlap: int = 1
    """Rankings of each ballot that count, exactly; one that comes too late for that is kept as an extra one."""
    hidden: tuple[Hidden, ...] = ()
    """What nobody sees before ranking; every ballot of the study hides the same."""
    gold_share: float = 0.0
    """Of a person's ballots that are gold, spread evenly; see `prefs.agreement.gold`."""
    next_by: NextBy = "random"
    """Which ballot comes next: in the study's order, each person's own seeded one, or one made for what it teaches."""
    most_ballots: int | None = None
    """How many ballots are made as people ask, where the next one is chosen to be informative; otherwise `None`."""
    random_share: float = 0.2
    """Of the ballots that are made as people ask, drawn at random instead of chosen."""
    lease_s: float = LEASE_S
    """How long a ballot waits for the person who has it."""
    seed: int = 0
    closed_at: datetime | None = None
    """From then on nobody gets another ballot."""
    two_phases: bool = False
    """Whether each ballot is ranked blind first, and again once cost and latency are revealed."""
    tags: tuple[str, ...] = TAGS
    """Categories of reasons that people are offered."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "made_at", utc(self.made_at))
        if self.closed_at is not None:
            object.__setattr__(self, "closed_at", utc(self.closed_at))
        _check_text("name", "the name of a study", self.name.strip(), 1, LONGEST_NAME)
        _check_text("guidelines", "the guidelines", self.guidelines, 0, LONGEST_GUIDELINES)
        _check_range("alternatives", self.alternatives, 2, MOST_ALTERNATIVES)
        _check_range("overlap", self.overlap, 1, MOST_OVERLAP)
        _check_range("gold_share", self.gold_share, 0, 1)
        _check_range("random_share", self.random_share, 0, 1)
        _check_range("lease_s", self.lease_s, 1, LONGEST_LEASE_S)
        _check_range("seed", self.seed, _SEEDS[0], _SEEDS[-1])
        _check_choice(self)
        _check_hidden(self)
        try:
            check_tags(self.tags)
        except RankingMismatch as error:
            raise WrongStudy("tags", str(error)) from None

    def lease(self, now: datetime) -> datetime:
        """When a lease that begins now runs out."""
        return utc(now) + timedelta(seconds=self.lease_s)

    def gold_is_due(self, annotator: str, given: int, gold: int) -> bool:
        """Whether the next ballot of a person who had `given`, of them `gold` gold ones, is to be gold.

        Where in its interval each gold ballot falls is drawn for each person, so that nobody can count it out.
        """
        return gold < math.floor((given + 1) * self.gold_share + _unit(f"gold {self.seed} {annotator}"))

    def position(self, annotator: str, ballot: str, place: int) -> float:
        """Where a ballot stands in a person's order; the smallest comes first. `place` is its place in the study."""
        if self.next_by == "random":
            return _unit(f"order {self.seed} {annotator} {ballot}")
        return float(place)


@dataclass(frozen=True, slots=True)
class Assignment:
    """One ballot of a study in the hands of one person: the only one there ever is for the three."""

    study: str
    ballot: str
    annotator: str
    state: AssignmentState
    leased_until: datetime
    first_leased_at: datetime
    changed_at: datetime
    counted: bool | None = None
    """Whether the ranking counts towards the overlap; `False` is an extra one. `None` before it is ranked."""
    reason: str | None = None
    """Why it was flagged or skipped."""
    gold: bool = False

    def held(self, now: datetime) -> bool:
        """Whether the person has it on lease now."""
        return self.state == "leased" and self.leased_until > utc(now)

    @property
    def words(self) -> str | None:
        """What the person should know of a ranking that came too late; `None` otherwise."""
        if self.state != "ranked" or self.counted:
            return None
        return "Your ranking is kept. Enough people had ranked this ballot meanwhile, so it is counted as an extra one."


@dataclass(frozen=True, slots=True)
class OwnProgress:
    """How far one person is."""

    annotator: str
    ranked: int = 0
    """Of which `extra` do not count towards the overlap."""
    extra: int = 0
    skipped: int = 0
    flagged: int = 0
    held: int = 0
    """On lease now."""
    expired: int = 0
    """Leases that ran out."""
    left: int | None = None
    """Ballots that could be given to this person now, besides what is held and what was skipped. `None` where only the
    whole was asked for."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a study is. `counted` + `held` + `free` = `wanted`."""

    ballots: int
    gold: int
    wanted: int
    """Rankings: ballots × overlap."""
    counted: int
    """Rankings that count towards the overlap."""
    held: int
    """Ballots on lease now."""
    free: int
    complete: int
    """Ballots with as many counted rankings as the overlap."""
    extra: int
    """Rankings beyond the overlap: they came after their lease had run out."""
    skipped: int
    flagged: int
    expired: int
    annotators: int
    """People who were ever given a ballot or ranked one."""
    own: tuple[OwnProgress, ...] = field(default=())
    """Of the person asked for, or of everybody by name."""


def _check_text(field: str, noun: str, text: str, least: int, most: int) -> None:
    if not least <= len(text) <= most:
        raise WrongStudy(field, f"{noun} must have {least} to {most:,} characters, not {len(text):,}")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise WrongStudy(field, f"{noun} holds half a character; send proper Unicode") from None
    if "\0" in text:
        raise WrongStudy(field, f"{noun} holds a NUL character; leave it out")


def _check_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise WrongStudy(name, f"{name} must be from {low:,g} to {high:,g}, not {value:,g}")


def _check_choice(study: Study) -> None:
    if study.next_by not in NEXT_BY:
        raise WrongStudy("next_by", f"next_by must be one of {', '.join(NEXT_BY)}, not {study.next_by!r}")
    if study.next_by != "informative":
        if study.most_ballots is not None:
            raise WrongStudy("most_ballots", "most_ballots is for informative studies alone; leave it out")
        return
    if study.most_ballots is None:
        raise WrongStudy(
            "most_ballots", "an informative study makes its ballots as people ask: say how many with most_ballots"
        )
    _check_range("most_ballots", study.most_ballots, 1, MOST_BALLOTS)
    if study.gold_share:
        raise WrongStudy(
            "gold_share", "an informative study has no gold ballots: set gold_share to 0, or choose another next_by"
        )


def _check_hidden(study: Study) -> None:
    for name in study.hidden:
        if name not in HIDDEN:
            raise WrongStudy("hidden", f"hidden may name {', '.join(HIDDEN)}, not {name!r}")
    if len(set(study.hidden)) < len(study.hidden):
        raise WrongStudy("hidden", "hidden names something twice")
    if study.gold_share and not {"cost", "latency"}.isdisjoint(study.hidden):
        raise WrongStudy(
            "gold_share",
            "gold ballots are fair only where cost and latency are shown: set gold_share to 0 or show both",
        )
    if study.two_phases and REVEALED.isdisjoint(study.hidden):
        raise WrongStudy(
            "two_phases", "a study in two phases reveals cost or latency in the second: name one or both in hidden"
        )


def _unit(text: str) -> float:
    """A number in [0, 1) drawn by a text."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6]) / 2**48

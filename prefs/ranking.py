"""A ranking: what one person said of one ballot. Append-only; a correction supersedes."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, get_args

from orchestrator.model_call import utc
from prefs.ballot import Ballot

Phase = Literal["blind", "revealed"]
"""Of a ballot that is ranked twice: before cost and latency are shown, and after."""
MarkKind = Literal["needless", "wrong", "good"]

PHASES: Final[tuple[Phase, ...]] = get_args(Phase)
MARK_KINDS: Final[tuple[MarkKind, ...]] = get_args(MarkKind)
REVEALED: Final = frozenset({"cost", "latency"})
"""Elements of P that a ballot may hide until the second look at it."""
LONGEST_REASON = 5_000
LONGEST_NOTE: Final = 500
LONGEST_TAG: Final = 60
MOST_TAGS: Final = 20


class RankingMismatch(ValueError):
    """The ranking does not fit the ballot; the message says where."""


@dataclass(frozen=True, slots=True)
class StepMark:
    """What a person says of one step of one alternative."""

    label: str
    step: int
    """Index from 0."""
    kind: MarkKind
    note: str = ""

    def __post_init__(self) -> None:
        if self.step < 0:
            raise RankingMismatch(f"steps count from 0; there is no step {self.step}")
        if self.kind not in MARK_KINDS:
            raise RankingMismatch(f"a step is marked {', '.join(MARK_KINDS)}, not {self.kind!r}")
        if len(self.note) > LONGEST_NOTE:
            raise RankingMismatch(f"a note has at most {LONGEST_NOTE} characters, not {len(self.note):,}")


@dataclass(frozen=True, slots=True)
class Ranking:
    """Labels as shown, in best-first groups; the labels within a group are tied."""

    id: str
    ballot: str
    groups: tuple[tuple[str, ...], ...]
    made_at: datetime
    unranked: tuple[str, ...] = ()
    acceptable: int | None = None
    """How many groups lie above the acceptability line (0 is "none"); `None` where no line was drawn."""
    reason: str | None = None
    annotator: str = "local"
    supersedes: str | None = None
    """The earlier ranking that this one corrects."""
    phase: Phase | None = None
    """`None` where the ballot is ranked once."""
    tags: tuple[str, ...] = ()
    """Categories of reasons."""
    marks: tuple[StepMark, ...] = ()
    """At most one for each step."""
    active_s: Mapping[str, float] = field(default_factory=dict[str, float], hash=False)
    """Seconds of attention by label, as the page measured them; empty where nobody did. Treat it as read-only."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "made_at", utc(self.made_at))
        if any(not group for group in self.groups):
            raise RankingMismatch("a group of a ranking cannot be empty")
        if self.acceptable is not None and not 0 <= self.acceptable <= len(self.groups):
            raise RankingMismatch(
                f"the acceptability line must lie between 0 and {len(self.groups)} groups, not {self.acceptable}"
            )
        if self.reason is not None and len(self.reason) > LONGEST_REASON:
            raise RankingMismatch(f"a reason has at most {LONGEST_REASON:,} characters, not {len(self.reason):,}")
        _check_phase(self)
        check_tags(self.tags)
        _check_marks(self)
        _check_attention(self)
        notes = (mark.note for mark in self.marks)
        try:
            "".join((self.reason or "", self.annotator, *self.labels, *self.tags, *notes)).encode()
        except UnicodeEncodeError:
            raise RankingMismatch("the ranking holds half a character; send it as proper Unicode") from None

    @property
    def labels(self) -> tuple[str, ...]:
        """Every label the ranking names, best first, the unranked last."""
        return (*(label for group in self.groups for label in group), *self.unranked)


def check(ranking: Ranking, ballot: Ballot) -> None:
    """Raises RankingMismatch unless the ranking names each label of the ballot exactly once and ranks something."""
    if ranking.ballot != ballot.id:
        raise RankingMismatch(f"the ranking is for ballot {ranking.ballot}, not {ballot.id}")
    if not ranking.groups and ranking.acceptable is None:
        raise RankingMismatch("nothing is ranked; place at least one alternative or say that none is acceptable")
    named, shown = Counter(ranking.labels), Counter(ballot.labels)
    strange = sorted((named - shown).elements())
    missing = sorted((shown - named).elements())
    if strange:
        raise RankingMismatch(f"not on the ballot, or named twice: {', '.join(strange)}; it shows {_list(shown)}")
    if missing:
        raise RankingMismatch(f"missing from the ranking: {', '.join(missing)}; put them in a group or in `unranked`")
    beside = sorted({*(mark.label for mark in ranking.marks), *ranking.active_s} - set(shown))
    if beside:
        raise RankingMismatch(f"not on the ballot: {', '.join(beside)}; it shows {_list(shown)}")


def next_phase(current: Ranking | None, *, two_phases: bool) -> Phase | None:
    """The phase of what a person says next, after the ranking that stands; `None` where the ballot is ranked once."""
    if current is None:
        return "blind" if two_phases else None
    return None if current.phase is None else "revealed"


def hidden_from(ballot: Ballot, phase: Phase | None) -> tuple[str, ...]:
    """What of the ballot a person does not see who ranks it in that phase."""
    return tuple(name for name in ballot.hidden if phase != "revealed" or name not in REVEALED)


def _check_phase(ranking: Ranking) -> None:
    if ranking.phase is not None and ranking.phase not in PHASES:
        raise RankingMismatch(f"a phase is {' or '.join(PHASES)}, not {ranking.phase!r}")
    if ranking.phase == "blind" and ranking.supersedes is not None:
        raise RankingMismatch("a blind ranking is the first of its ballot, so it corrects none")


def check_tags(tags: tuple[str, ...]) -> None:
    """Of a ranking, or those that a study offers."""
    if len(tags) > MOST_TAGS:
        raise RankingMismatch(f"there are at most {MOST_TAGS} tags, not {len(tags)}")
    for tag in tags:
        if not 1 <= len(tag) <= LONGEST_TAG or tag != tag.strip() or not tag.isprintable():
            raise RankingMismatch(
                f"a tag has 1 to {LONGEST_TAG} printable characters and no space at its ends, not {tag[:80]!r}"
            )
    if len(set(tags)) < len(tags):
        raise RankingMismatch("a tag is named twice")


def _check_marks(ranking: Ranking) -> None:
    places = Counter((mark.label, mark.step) for mark in ranking.marks)
    for (label, step), count in places.items():
        if count > 1:
            raise RankingMismatch(f"step {step} of {label} is marked twice; a step has one mark")


def _check_attention(ranking: Ranking) -> None:
    for label, seconds in ranking.active_s.items():
        if not (math.isfinite(seconds) and seconds >= 0):
            raise RankingMismatch(f"active_s of {label} must be seconds from 0, not {seconds}")


def _list(labels: Counter[str]) -> str:
    return ", ".join(sorted(labels))

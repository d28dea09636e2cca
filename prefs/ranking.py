"""A ranking: what one person said of one ballot. Append-only; a correction supersedes."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from orchestrator.model_call import utc
from prefs.ballot import Ballot

LONGEST_REASON = 5_000


class RankingMismatch(ValueError):
    """The ranking does not fit the ballot; the message says where."""


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
        try:
            "".join((self.reason or "", self.annotator, *self.labels)).encode()
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


def _list(labels: Counter[str]) -> str:
    return ", ".join(sorted(labels))

"""A ballot that one person ranked twice: blind to cost and latency, and again when both were revealed."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import combinations

from prefs.judgement import Judgement


@dataclass(frozen=True, slots=True)
class SecondLook:
    """Both rankings, of the same candidates in the same order shown."""

    blind: Judgement
    revealed: Judgement

    def __post_init__(self) -> None:
        one, other = self.blind, self.revealed
        if (one.ballot, one.annotator, one.candidates) != (other.ballot, other.annotator, other.candidates):
            raise ValueError(f"rankings {one.ranking} and {other.ranking} are not of one ballot by one person")

    @property
    def annotator(self) -> str:
        """Whose rankings they are."""
        return self.blind.annotator

    @property
    def places(self) -> tuple[int, ...]:
        """Of the candidates that both rankings place, in the order shown."""
        first, second = _ranks(self.blind), _ranks(self.revealed)
        return tuple(sorted(first.keys() & second.keys()))

    @property
    def reordered(self) -> Judgement:
        """The second order of the candidates that both rankings place, as a judgement of its own, without a line."""
        kept = {old: new for new, old in enumerate(self.places)}
        groups = (tuple(kept[place] for place in group if place in kept) for group in self.revealed.groups)
        return replace(
            self.revealed,
            candidates=tuple(self.revealed.candidates[place] for place in kept),
            groups=tuple(group for group in groups if group),
            unranked=(),
            acceptable=None,
        )

    @property
    def standing(self) -> tuple[float, ...]:
        """Of each of those candidates, how many it stood above in the blind order; a tie counts half."""
        ranks = _ranks(self.blind)
        return tuple(
            sum((ranks[other] > ranks[one]) + (ranks[other] == ranks[one]) / 2 for other in self.places if other != one)
            for one in self.places
        )


@dataclass(frozen=True, slots=True)
class Flips:
    """Pairs of alternatives that changed their order when cost and latency were revealed."""

    looks: int = 0
    changed: int = 0
    """Second looks that changed anything in the order."""
    pairs: int = 0
    """Pairs that both rankings place, one above the other in each."""
    flipped: int = 0
    to_cheaper: int = 0
    """Of the flipped ones, where the cheaper went up; a pair of one price, or with an unknown one, is in neither."""
    to_dearer: int = 0
    to_quicker: int = 0
    to_slower: int = 0


def flips(looks: Iterable[SecondLook]) -> Flips:
    """Counted over all of them."""
    counts = dict.fromkeys(Flips.__dataclass_fields__, 0)
    for look in looks:
        counts["looks"] += 1
        counts["changed"] += look.blind.groups != look.revealed.groups or look.blind.unranked != look.revealed.unranked
        for one in _pairs(look):
            counts["pairs"] += 1
            for name in one:
                counts[name] += 1
    return Flips(**counts)


def _pairs(look: SecondLook) -> Iterable[tuple[str, ...]]:
    """What each pair that both rankings order counts as, beside being one."""
    first, second = _ranks(look.blind), _ranks(look.revealed)
    for one, other in combinations(look.places, 2):
        if first[one] == first[other] or second[one] == second[other]:
            continue
        if (first[one] < first[other]) == (second[one] < second[other]):
            yield ()
            continue
        up, down = (one, other) if second[one] < second[other] else (other, one)
        risen, fallen = (look.revealed.candidates[place].features for place in (up, down))
        told = ["flipped"]
        if risen.cost_usd is not None and fallen.cost_usd is not None and risen.cost_usd != fallen.cost_usd:
            told.append("to_cheaper" if risen.cost_usd < fallen.cost_usd else "to_dearer")
        if risen.latency_s != fallen.latency_s:
            told.append("to_quicker" if risen.latency_s < fallen.latency_s else "to_slower")
        yield tuple(told)


def _ranks(judgement: Judgement) -> dict[int, int]:
    """Place on the ballot to number of the group, 0 the best; unranked ones are absent."""
    return {place: rank for rank, group in enumerate(judgement.groups) for place in group}

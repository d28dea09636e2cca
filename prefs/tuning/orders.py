"""The order that P implies on ballots, and what other prices make of it beside what people said."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from orchestrator.preference import PreferenceVector
from prefs.judgement import Comparison, Judgement
from prefs.tuning.packed import Packed, Rule, pack
from prefs.tuning.stored import Stored


@dataclass(frozen=True, slots=True)
class OrdersChanged:
    """What other prices change on the ballots that people ranked."""

    ballots: int
    winner_changed: tuple[str, ...]
    """Ballots whose best alternative under P is another one now."""
    order_changed: tuple[str, ...]
    """Ballots whose order under P is another one now; those above are among them."""
    pairs: int
    """That people put in an order, ties left out."""
    agreed_before: int
    """Of these: P with the old prices puts them in the same order."""
    agreed_after: int


def orders_changed(
    judgements: Iterable[Judgement],
    before: Mapping[str, Stored],
    after: Mapping[str, Stored],
    preference: PreferenceVector,
    rule: Rule | None = None,
) -> OrdersChanged:
    """Both by the id of the trajectory. Raises KeyError where a ranked one is missing."""
    listed = list(judgements)
    if not listed:
        return OrdersChanged(0, (), (), 0, 0, 0)
    worth = [_worth(_on_ballots(listed, side), preference, rule) for side in (before, after)]
    ballots = dict.fromkeys(judgement.ballot for judgement in listed)
    orders = [{ballot: _order(side[ballot]) for ballot in ballots} for side in worth]
    pairs = [(judgement, pair) for judgement in listed for pair in judgement.comparisons() if not pair.tied]
    agreed = [sum(_agrees(side[judgement.ballot], judgement, pair) for judgement, pair in pairs) for side in worth]
    return OrdersChanged(
        len(ballots),
        tuple(ballot for ballot in ballots if orders[0][ballot][0] != orders[1][ballot][0]),
        tuple(ballot for ballot in ballots if orders[0][ballot] != orders[1][ballot]),
        len(pairs),
        *agreed,
    )


def _on_ballots(judgements: Sequence[Judgement], known: Mapping[str, Stored]) -> list[Stored]:
    """The candidates of each ballot once, competing with those of their ballot."""
    shown = {
        (judgement.ballot, candidate.trajectory): known[candidate.trajectory]
        for judgement in judgements
        for candidate in judgement.candidates
    }
    return [replace(one, id=f"{ballot} {id}", query=ballot) for (ballot, id), one in shown.items()]


def _worth(alternatives: Sequence[Stored], p: PreferenceVector, rule: Rule | None) -> dict[str, dict[str, int]]:
    """Ballot to the worth of each trajectory, the best first; equal ones in the order of `Packed`."""
    packed = pack(alternatives, rule)
    utility = packed.utility(p)
    return {
        ballot: {
            packed.ids[row].removeprefix(f"{ballot} "): int(utility[row])
            for row in _best_first(packed, utility.tolist(), number)
        }
        for number, ballot in enumerate(packed.queries)
    }


def _best_first(packed: Packed, utility: Sequence[int], number: int) -> list[int]:
    return sorted(packed.rows(number), key=lambda row: (-utility[row], row))


def _order(worth: Mapping[str, int]) -> tuple[tuple[str, ...], ...]:
    """Groups of equal worth, the best first."""
    groups: dict[int, list[str]] = {}
    for id, value in worth.items():
        groups.setdefault(value, []).append(id)
    return tuple(tuple(sorted(group)) for group in groups.values())


def _agrees(worth: Mapping[str, int], judgement: Judgement, pair: Comparison) -> bool:
    shown = judgement.candidates
    return worth[shown[pair.better].trajectory] > worth[shown[pair.worse].trajectory]

"""The targets, each with what was measured and whether it is met. Nothing here is rounded in a policy's favour."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bench.bundled.counterfactual import Kind
from bench.bundled.episodes import INSTRUCTED
from bench.bundled.proof import ACCURATE, LOCAL, Proof
from bench.bundled.setting import ORACLE
from bench.bundled.shares import hearing, moves
from bench.bundled.sweep import BALANCED, Weight, sweep
from prefs.bootstrap import Interval

MOST_DOLLARS: Final = 0.40
MOST_STRONGEST: Final = 0.40
LEAST_AS_ORACLE: Final = 0.80
LEAST_SPAN: Final = 0.70
LEAST_LOCAL: Final = 0.95
LEAST_FOLLOWED: Final = 0.85
CHANGES: Final[tuple[tuple[Kind, str], ...]] = (
    ("cost", "only the cost preference changes"),
    ("price", "only one price changes (×4)"),
    ("removed", "only the favoured alias is removed"),
)


@dataclass(frozen=True, slots=True)
class Target:
    """One target and what came of it."""

    name: str
    met: bool
    measured: str
    """In words."""


def targets(proof: Proof) -> tuple[Target, ...]:
    """All of them, for the first policy."""
    return (
        *_against_strongest(proof),
        *_adherence(proof),
        *_counterfactual(proof),
        *_moved_weights(proof),
        *_local(proof),
        _instructions(proof),
    )


def percent(interval: Interval | None) -> str:
    """`81.5 % [76.2 to 86.9]`."""
    return "unknown" if interval is None else plain(interval.times(100), 1, " %")


def plain(interval: Interval | None, decimals: int = 2, unit: str = "") -> str:
    """`1.23 [1.10 to 1.35]`."""
    if interval is None:
        return "unknown"
    low, high = (f"{end:.{decimals}f}" for end in (interval.low, interval.high))
    return f"{interval.mean:.{decimals}f}{unit} [{low} to {high}]"


def _against_strongest(proof: Proof) -> Iterator[Target]:
    shown, route, episodes = proof.wanted.shown, proof.strongest_route, proof.balanced
    own, base = episodes.of(shown, BALANCED), episodes.of(route, BALANCED)
    difference = episodes.difference("solved", shown, route, BALANCED)
    yield Target(
        f"Balanced: solves at least as much as {route}",
        _mean(own.solved) >= _mean(base.solved),
        f"{percent(own.solved)} against {percent(base.solved)}; difference {percent(difference)}",
    )
    dollars = episodes.ratio("cost_usd", shown, route, BALANCED)
    yield Target(
        f"… at no more than {MOST_DOLLARS:.0%} of its dollars", _mean(dollars) <= MOST_DOLLARS, percent(dollars)
    )
    seconds = episodes.ratio("latency_s", shown, route, BALANCED)
    yield Target("… in fewer seconds", _mean(seconds) < 1, f"{percent(seconds)} of its seconds")
    yield Target(
        f"… with at most {MOST_STRONGEST:.0%} of its calls to the strongest models",
        _mean(own.strongest_share) <= MOST_STRONGEST,
        percent(own.strongest_share),
    )


def _adherence(proof: Proof) -> Iterator[Target]:
    shown = proof.wanted.shown
    for episodes, preference in ((proof.balanced, BALANCED), (proof.instructed, INSTRUCTED)):
        own = episodes.of(shown, preference).adherence
        for other in dict.fromkeys(("random", "nearest", *proof.wanted.supervised)):
            theirs = episodes.of(other, preference).adherence
            apart = own is not None and theirs is not None and own.low > theirs.high
            difference = episodes.difference("adherence", shown, other, preference)
            yield Target(
                f"{preference}: adherence above {other}, intervals apart",
                apart,
                f"{plain(own)} against {plain(theirs)}; paired difference {plain(difference)}",
            )


def _counterfactual(proof: Proof) -> Iterator[Target]:
    found = proof.moved[proof.wanted.shown]
    for kind, name in CHANGES:
        of_kind = moves(proof.pairs, found, (kind,))
        share = of_kind.as_oracle.share
        yield Target(
            f"Counterfactual, {name}: as the oracle in at least {LEAST_AS_ORACLE:.0%}",
            _mean(share) >= LEAST_AS_ORACLE,
            f"{percent(share)} of {of_kind.as_oracle.cases}; of the {of_kind.clearly.cases} clear moves "
            f"{percent(of_kind.clearly.share)}",
        )


def _moved_weights(proof: Proof) -> Iterator[Target]:
    cost = sweep(proof.sweeps, "cost", proof.wanted.shown)
    yield Target(
        f"Dollars from cost 0 to 1 span at least {LEAST_SPAN:.0%} of the oracle's span",
        _mean(cost.of_oracle) >= LEAST_SPAN,
        percent(cost.of_oracle),
    )
    weights: tuple[Weight, ...] = ("cost", "latency")
    for weight in weights:
        one = sweep(proof.sweeps, weight, proof.wanted.shown)
        unit = "dollars" if weight == "cost" else "seconds"
        totals = ", ".join(f"{total.mean:.2f}" for total in one.totals)
        yield Target(
            f"Moving {weight} from 0 to 1 lowers {unit}, no step surely up",
            one.falls,
            f"{totals} {unit} at 0, 0.5, 1; from 0 to 1 {plain(one.span)} less",
        )


def _local(proof: Proof) -> Iterator[Target]:
    shown = proof.wanted.shown
    share = proof.sweeps.of(shown, LOCAL).local_share
    yield Target(
        f"{LOCAL}: at least {LEAST_LOCAL:.0%} of calls to local aliases", _mean(share) >= LEAST_LOCAL, percent(share)
    )
    own, ceiling = (proof.reduced.of(policy, ACCURATE).solved for policy in (shown, ORACLE))
    difference = proof.reduced.difference("solved", shown, ORACLE, ACCURATE)
    yield Target(
        f"Without the strongest aliases, {ACCURATE}: solves what can be solved (the oracle's share lies within reach)",
        difference is not None and difference.high >= 0,
        f"{percent(own)} against the oracle's {percent(ceiling)}; difference {percent(difference)}",
    )


def _instructions(proof: Proof) -> Target:
    heard = hearing(proof.followed[proof.wanted.shown])
    return Target(
        f"Held-out instructions followed in at least {LEAST_FOLLOWED:.0%} of cases",
        _mean(heard.followed.share) >= LEAST_FOLLOWED,
        f"{percent(heard.followed.share)} of {heard.followed.cases} counted cases, of "
        f"{heard.counted_instructions} of {heard.instructions} instructions",
    )


def _mean(interval: Interval | None) -> float:
    """Not a number where nothing is known, so that every comparison with it fails."""
    return float("nan") if interval is None else interval.mean

"""Counterfactual pairs: one thing is changed, and a choice must move as the oracle's does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, Literal

from bench.bundled.cases import Asker, Case, cases_of
from bench.bundled.expectimax import rates, situation
from bench.bundled.setting import Setting, dearer
from orchestrator.pool import TOOL_OF, Pool
from orchestrator.preference import PRESETS, PreferenceVector
from orchestrator.rehearsal.chance import pick
from orchestrator.rehearsal.tasks import Task
from orchestrator.training.dynamics import dollars, seconds
from orchestrator.training.oracle import Oracle

Kind = Literal["cost", "latency", "price", "removed"]
KINDS: Final[tuple[Kind, ...]] = ("cost", "latency", "price", "removed")
DEARER: Final = Decimal(4)
NEAR: Final = 0.02
"""A choice is as good as the best one where its oracle value is at most this share of the best below it."""
_OTHERS: Final = ((1.0, 0.0), (1.0, 0.2), (1.0, 0.5), (0.6, 0.2))
"""Weights of accuracy, and of latency where cost changes or of cost where latency changes."""
_PRICED: Final = (PRESETS["Balanced"], PRESETS["Frugal"], PreferenceVector(1.0, 1.0, 0.0))
_REMOVED: Final = (*_PRICED, PRESETS["Fast"], PRESETS["Accuracy first"])


@dataclass(frozen=True, slots=True)
class Side:
    """One half of a pair."""

    pool: Pool
    offered: tuple[str, ...]
    preference: PreferenceVector

    def oracle(self, task: Task) -> Oracle:
        """Of the task on this side."""
        return Oracle(situation(task, self.offered, rates(self.pool), self.preference))


@dataclass(frozen=True, slots=True)
class Pair:
    """The same case before and after one change, and what the oracle does."""

    kind: Kind
    case: Case
    before: Side
    after: Side
    old: str
    """The oracle's choice before, and the alias that is made dearer or removed."""
    values: Mapping[str, float]
    """Of the oracle, after the change."""
    values_before: Mapping[str, float]

    @property
    def new(self) -> str:
        """The oracle's choice after."""
        return max(self.values, key=lambda alias: self.values[alias])

    @property
    def moves(self) -> bool:
        """Whether the oracle's choice is another one after the change."""
        return self.new != self.old

    @property
    def clear(self) -> bool:
        """Whether its old choice is no longer nearly as good, so that whoever stays is wrong."""
        return self.moves and not self.good(self.old)

    def good(self, alias: str | None) -> bool:
        """Whether a choice after the change is the oracle's or nearly as good."""
        return _good(self.values, alias)

    def good_before(self, alias: str | None) -> bool:
        """The same before the change."""
        return _good(self.values_before, alias)

    def rightly(self, before: str | None, after: str | None) -> bool | None:
        """Whether a policy's choice moved in the right direction; `None` where it had no cause to.

        It must leave its old choice for the tool that the oracle now calls, and within one tool for a cheaper alias
        (where cost began to weigh) or a quicker one (latency), or for the oracle's own. A price or a removal concerns
        only whoever chose that alias before.
        """
        if self.kind in ("price", "removed") and before != self.old:
            return None
        if before is None or after is None or after == before or TOOL_OF[after] != TOOL_OF[self.new]:
            return False
        if self.kind in ("price", "removed") or TOOL_OF[after] != TOOL_OF[before] or after == self.new:
            return True
        return self._spent(after) < self._spent(before)

    def _spent(self, alias: str) -> float:
        told = self.after.oracle(self.case.task).situation
        return dollars(told, alias, self.case.state) if self.kind == "cost" else seconds(told, alias)


@dataclass(frozen=True, slots=True)
class Moved:
    """What a policy did with a pair in which the oracle moves."""

    kind: Kind
    task: str
    clear: bool
    as_oracle: bool
    """Whether its choice after is the oracle's or nearly as good."""
    exact: bool
    """Whether its choice after is the very one of the oracle."""
    both: bool
    """Whether that holds before the change as well as after."""
    rightly: bool | None
    """Whether it moved in the right direction: see `Pair.rightly`."""


def pairs(setting: Setting, task: Task) -> list[Pair]:
    """One of each kind for each case of a task."""
    return [_pair(kind, case, setting.pool) for case in cases_of(task, setting.library) for kind in KINDS]


async def moved(
    setting: Setting, spec: str, several: Sequence[Pair], asker: Asker, tick: Callable[[int, int], None]
) -> list[Moved]:
    """What a policy does with the pairs in which the oracle moves."""
    telling = [pair for pair in several if pair.moves]
    found = []
    for number, pair in enumerate(telling, start=1):
        before = await _choice(setting, spec, pair.case, pair.before, asker)
        after = await _choice(setting, spec, pair.case, pair.after, asker)
        found.append(_told(pair, before, after))
        tick(number, len(telling))
    return found


def _told(pair: Pair, before: str | None, after: str | None) -> Moved:
    return Moved(
        pair.kind,
        pair.case.task.id,
        clear=pair.clear,
        as_oracle=pair.good(after),
        exact=after == pair.new,
        both=pair.good(after) and pair.good_before(before),
        rightly=pair.rightly(before, after),
    )


async def _choice(setting: Setting, spec: str, case: Case, side: Side, asker: Asker) -> str | None:
    return await asker.choice(setting.policy(spec, side.pool, likeliest=True), case.turn(side.preference, side.offered))


def _pair(kind: Kind, case: Case, pool: Pool) -> Pair:
    before = Side(pool, tuple(entry.alias for entry in pool.entries), _before(kind, case))
    values = before.oracle(case.task).values(case.state)
    old = max(values, key=lambda alias: values[alias])
    after = _after(kind, before, old)
    return Pair(kind, case, before, after, old, after.oracle(case.task).values(case.state), values)


def _good(values: Mapping[str, float], alias: str | None) -> bool:
    best = max(values.values())
    return alias is not None and values.get(alias, float("-inf")) >= best - NEAR * abs(best)


def _before(kind: Kind, case: Case) -> PreferenceVector:
    key = ("counterfactual", kind, case.task.id, case.index)
    if kind in ("cost", "latency"):
        accuracy, other = pick(_OTHERS, *key)
        return PreferenceVector(accuracy, 0.0, other) if kind == "cost" else PreferenceVector(accuracy, other, 0.0)
    return pick(_PRICED if kind == "price" else _REMOVED, *key)


def _after(kind: Kind, before: Side, old: str) -> Side:
    match kind:
        case "cost":
            return replace(before, preference=replace(before.preference, cost=1.0))
        case "latency":
            return replace(before, preference=replace(before.preference, latency=1.0))
        case "price":
            return replace(before, pool=dearer(before.pool, old, DEARER))
        case "removed":
            left = tuple(entry for entry in before.pool.entries if entry.alias != old)
            pool = replace(before.pool, entries=left)
            return replace(before, pool=pool, offered=tuple(entry.alias for entry in left))

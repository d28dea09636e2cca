"""The stored alternatives of many queries in arrays: packed once, then scored under any P in well under a millisecond.

Elements of M(τ) are scaled within the query, as R(τ) has it (`prefs.reward`), and do not depend on P.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from orchestrator.preference import PreferenceVector
from prefs.features import weights
from prefs.tuning.exact import MOST_COLUMNS, Ints, binary_units, decimal_units, on_scale, summable, weight_units
from prefs.tuning.stored import Stored

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
UNKNOWN: Final = -1
"""Stands for an outcome that nobody has graded."""
_FIRST_TO_LAST: Final = (1, None, 0)
"""Outcomes in the order in which ties are broken."""


class Ungraded(StrEnum):
    """What becomes of an alternative that nobody has graded."""

    IF_CORRECT = "if correct"
    """It competes with R(τ) as if it were solved, and is counted where it wins."""
    LEFT_OUT = "left out"
    """It does not compete; a query without graded alternatives has no winner."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How P chooses among the alternatives of a query."""

    gated: bool = True
    """R(τ): a wrong answer is worth 0. Otherwise accuracy is weighed against dollars and seconds, as in the fit."""
    ungraded: Ungraded = Ungraded.IF_CORRECT


@dataclass(frozen=True, eq=False)
class Packed:
    """Alternatives in rows: those of a query lie together, and of equal ones the first wins.

    First comes solved before ungraded before unsolved, then fewer dollars (unknown last), fewer seconds, the id.
    """

    rule: Rule
    ids: tuple[str, ...]
    queries: tuple[str, ...]
    """In the order of their text."""
    starts: Ints
    """First row of each query."""
    query_of: Ints
    """The query's number, for each row."""
    base: Ints
    """−1 for a row that does not compete, else 0."""
    columns: Mapping[str, Ints] = field(repr=False)
    """`accuracy`, `cost`, `latency` and each alias: scaled from 0 (worst) to 2³⁸ (best); 0 where R(τ) is 0 anyway."""
    outcome: Ints
    """1 solved, 0 unsolved, −1 ungraded."""
    units: NDArray[Any]
    """Known dollars in units of 10^`exponent`."""
    exponent: int
    unpriced_calls: Ints
    latency_s: Floats
    aliases: tuple[str, ...]
    uses: Ints
    """Calls of each alias: rows × aliases."""
    simulated: Bools

    def __len__(self) -> int:
        return len(self.ids)

    def utility(self, preference: PreferenceVector, *, but: str | None = None) -> Ints:
        """P · M of each row, in units of 2⁻³⁸ millionths, −1 where it does not compete. Without the element `but`."""
        total = self.base.copy()
        for name, weight in weights(preference).items():
            column = self.columns.get(name)
            if column is not None and name != but and (units := weight_units(weight)):
                total += units * column
        return total

    def rows(self, query: int) -> range:
        """The rows of a query."""
        last = int(self.starts[query + 1]) if query + 1 < len(self.starts) else len(self)
        return range(int(self.starts[query]), last)


def pack(alternatives: Iterable[Stored], rule: Rule | None = None) -> Packed:
    """Pack stored alternatives. Raises ValueError where there is none, or one twice."""
    rule = rule or Rule()
    listed = list(alternatives)
    if not listed:
        raise ValueError("there are no finished trajectories to choose among")
    if len({one.id for one in listed}) < len(listed):
        raise ValueError("a trajectory is given twice")
    units, exponent = decimal_units(one.known_usd for one in listed)
    seconds = binary_units(one.features.latency_s for one in listed)
    order = sorted(range(len(listed)), key=lambda i: (listed[i].query, *_precedence(listed[i], units[i], seconds[i])))
    listed, units, seconds = ([column[i] for i in order] for column in (listed, units, seconds))  # type: ignore[assignment]
    groups = [list(rows) for _, rows in groupby(range(len(listed)), key=lambda i: listed[i].query)]
    starts = np.array([rows[0] for rows in groups], np.int64)
    aliases = tuple(sorted({alias for one in listed for alias in one.features.uses}))
    if len(aliases) + 3 > MOST_COLUMNS:
        raise ValueError(f"at most {MOST_COLUMNS - 3} different aliases can be weighed at once, not {len(aliases)}")
    outcome = np.array([UNKNOWN if (o := one.features.outcome) is None else o for one in listed], np.int64)
    query_of = np.repeat(np.arange(len(groups)), np.diff(starts, append=len(listed)))
    columns = _columns(listed, groups, units, seconds, aliases)
    columns["accuracy"] = _accuracy(outcome, starts, query_of)
    return Packed(
        rule,
        tuple(one.id for one in listed),
        tuple(listed[rows[0]].query for rows in groups),
        starts,
        query_of,
        _base(outcome, rule),
        _gated(columns, outcome, rule),
        outcome,
        summable(units),
        exponent,
        np.array([one.unpriced_calls for one in listed], np.int64),
        np.array([one.features.latency_s for one in listed], np.float64),
        aliases,
        _uses(listed, aliases),
        np.array([one.simulated for one in listed], np.bool_),
    )


def _precedence(one: Stored, units: int, seconds: int) -> tuple[int, bool, int, int, str]:
    of = one.features
    return _FIRST_TO_LAST.index(of.outcome), of.cost_usd is None, units, seconds, one.id


def _columns(
    listed: Sequence[Stored],
    groups: Sequence[Sequence[int]],
    units: Sequence[int],
    seconds: Sequence[int],
    aliases: Sequence[str],
) -> dict[str, Ints]:
    """The scaled elements but accuracy."""
    cost, latency = np.zeros(len(listed), np.int64), np.zeros(len(listed), np.int64)
    used = {alias: np.zeros(len(listed), np.int64) for alias in aliases}
    for rows in groups:
        part = slice(rows[0], rows[-1] + 1)
        if all(one.features.cost_usd is not None for one in listed[part]):
            cost[part] = on_scale(units[part], falling=True)
        latency[part] = on_scale(seconds[part], falling=True)
        for alias in {alias for one in listed[part] for alias in one.features.uses}:
            used[alias][part] = on_scale([one.features.uses.get(alias, 0) for one in listed[part]])
    return {"cost": cost, "latency": latency, **used}


def _accuracy(outcome: Ints, starts: Ints, query_of: Ints) -> Ints:
    """The scaled outcome; what is ungraded counts as solved: 1 where another alternative is known to be wrong."""
    some_wrong = np.maximum.reduceat(outcome == 0, starts)
    return np.array(on_scale([0, 1])[1] * (some_wrong[query_of] & (outcome != 0)), np.int64)


def _base(outcome: Ints, rule: Rule) -> Ints:
    left_out = (outcome == UNKNOWN) & (rule.ungraded is Ungraded.LEFT_OUT)
    return np.where(left_out, -1, 0).astype(np.int64)


def _gated(columns: Mapping[str, Ints], outcome: Ints, rule: Rule) -> dict[str, Ints]:
    """The columns, with 0 in each row whose worth does not depend on P."""
    counts = np.ones(len(outcome), np.bool_)
    if rule.gated:
        counts &= outcome != 0
    if rule.ungraded is Ungraded.LEFT_OUT:
        counts &= outcome != UNKNOWN
    return {name: column * counts for name, column in columns.items()}


def _uses(listed: Sequence[Stored], aliases: Sequence[str]) -> Ints:
    place = {alias: number for number, alias in enumerate(aliases)}
    uses = np.zeros((len(listed), len(aliases)), np.int64)
    for row, one in enumerate(listed):
        for alias, count in one.features.uses.items():
            uses[row, place[alias]] = count
    return uses

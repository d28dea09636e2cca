"""The ledger: dollars are reserved in the transaction in which a trajectory begins, settled in that in which it ends.

Where no limit was ever set, nothing is kept and nothing is counted. docs/decisions/0022-spending-limits.md says why it
is built so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from orchestrator.alternatives import Run
from orchestrator.model_call import ModelCall, known_dollars, utc
from orchestrator.trajectory import Trajectory
from storage import trajectories
from storage.spending import amounts, switch
from storage.spending.rules import Payer, budgets, check_open
from storage.spending.tables import KILL_SWITCH, RESERVATION, SPEND_LIMIT
from storage.study_assignments import alone

_SET: Final = select(
    select(1).select_from(SPEND_LIMIT).exists(),
    select(1).select_from(RESERVATION).exists(),
    select(1).select_from(KILL_SWITCH).exists(),
)
_OPEN: Final = select(RESERVATION).where(
    RESERVATION.c.trajectory_id == bindparam("wanted"), RESERVATION.c.settled.is_(False)
)


@dataclass(frozen=True, slots=True)
class Real:
    """Real money: what stand-ins say that they cost is not in it."""

    usd: Decimal = Decimal(0)
    unpriced_calls: int = 0

    @classmethod
    def of(cls, calls: Iterable[ModelCall]) -> "Real":
        """Dollars of the calls that were not simulated."""
        paid = [call for call in calls if not call.simulated]
        return cls(known_dollars(paid), sum(call.charge.usd is None for call in paid))

    @classmethod
    def of_whole(cls, trajectory: Trajectory) -> "Real":
        """Dollars of a trajectory with those of its judge model."""
        judged = () if trajectory.outcome.call is None else (trajectory.outcome.call,)
        return cls.of((*trajectory.calls, *judged))


def begin(connection: Connection, run: Run, alternatives: Sequence[Trajectory], payer: Payer) -> tuple[Trajectory, ...]:
    """Reserve for trajectories and keep them as running, with their run; gives them as they are kept."""
    now = alternatives[0].started_at if alternatives else run.asked_at
    budgeted = reserve(connection, alternatives, payer, now)
    trajectories.begin(connection, run, budgeted)
    return budgeted


def finish(connection: Connection, ended: Trajectory, now: datetime) -> Trajectory:
    """Keep the end of a trajectory and settle what it spent; gives it as it is kept."""
    kept = trajectories.finish(connection, ended)
    settle(connection, ended, now)
    return kept


def add(connection: Connection, ended: Trajectory, now: datetime) -> bool:
    """Keep a trajectory that ran outside the database, and settle what it spent; False where it is kept already."""
    new = trajectories.add(connection, ended)
    settle(connection, ended, now)
    return new


def reopen(connection: Connection, trajectory_id: str, payer: Payer | None, now: datetime) -> Decimal | None:
    """An interrupted trajectory is running again; without a `payer` only to be ended, which costs nothing."""
    counting = payer is not None and _counting(connection)
    trajectories.reopen(connection, trajectory_id)
    return _resume(connection, trajectory_id, payer, now) if payer is not None and counting else None


def reserve(
    connection: Connection, alternatives: Sequence[Trajectory], payer: Payer, now: datetime
) -> tuple[Trajectory, ...]:
    """Reserve for trajectories that begin together, and give them as they must run: with a budget where limits apply.

    Reserving again for one that has a reservation counts once. Raises Overspent or RunsStopped, and nothing may be
    begun then.
    """
    if not _counting(connection) or not alternatives:
        return tuple(alternatives)
    kept = {one.id: _open(connection, one.id) for one in alternatives}
    new = [one for one in alternatives if kept[one.id] is None]
    payer = _with_study(connection, payer, new)
    wanted = [_wanted(one, payer) for one in new]
    day = utc(now).date()
    found = [] if payer.free else amounts.allowances(connection, payer, day)
    given = budgets(wanted, found) if new else ()
    budgeted = {}
    for place, one in enumerate(new):
        budgeted[one.id] = _keep(connection, one, payer, None if given is None else given[place], now)
    return tuple(_within(one, kept[one.id]) if kept[one.id] is not None else budgeted[one.id] for one in alternatives)


def _resume(connection: Connection, trajectory_id: str, payer: Payer, now: datetime) -> Decimal | None:
    """What an interrupted trajectory may spend in all when it goes on; `None`: what its own limits say.

    It goes on with the reservation that it has, unless limits were lowered below what is reserved. One without, or
    whose reservation is smaller than what it may still spend, reserves now. Raises Overspent.
    """
    whole = trajectories.find(connection, trajectory_id)
    if whole is None:
        return None
    row = _open(connection, trajectory_id)
    if row is None or not (payer.free or _covers(row, whole)):
        if row is not None:
            settle_row(connection, row, Real.of_whole(whole), now)
        study = payer.study or _study_of(connection, trajectory_id)
        return reserve(connection, [whole], replace(payer, study=study), now)[0].limits.usd
    if not payer.free:
        theirs = Payer(row.payer, row.study_id)
        check_open(amounts.allowances(connection, theirs, date.fromisoformat(row.day)))
    return _within(whole, row).limits.usd


def settle(connection: Connection, ended: Trajectory, now: datetime) -> None:
    """Count what an ended trajectory has really spent, in full, instead of what it reserved. Again, it does nothing.

    A judge model's call after the run is part of it.
    """
    row = _open(connection, ended.id)
    if row is None:
        return
    settle_row(connection, row, Real.of_whole(ended), now)


def settle_row(connection: Connection, row: Row[Any], real: Real, now: datetime) -> Decimal:
    """Settle an open reservation whose trajectory has really spent so much in all; gives what counts of it."""
    spent = max(real.usd - Decimal(row.before_usd), Decimal(0))
    unpriced = max(real.unpriced_calls - row.before_unpriced, 0)
    this = (RESERVATION.c.trajectory_id == row.trajectory_id) & (RESERVATION.c.number == row.number)
    values = {"settled": True, "settled_at": utc(now), "spent_usd": f"{spent:f}", "unpriced_calls": unpriced}
    done = update(RESERVATION).where(this, RESERVATION.c.settled.is_(False)).values(values | amounts.counted(spent))
    connection.execute(done)
    return spent


def _counting(connection: Connection) -> bool:
    """Whether anything has to be kept; then nobody else reserves until the end of this transaction.

    Raises RunsStopped. One short statement where nothing was ever set.
    """
    limited, reserved, stopped = connection.execute(_SET).one()
    if limited or reserved:
        alone(connection)  # whoever turned the switch on before us is seen behind this
    if (limited or reserved or stopped) and (on := switch.now(connection)) is not None:
        raise switch.RunsStopped(on)
    return bool(limited or reserved)


def _open(connection: Connection, trajectory_id: str) -> Row[Any] | None:
    return connection.execute(_OPEN, {"wanted": trajectory_id}).first()


def _with_study(connection: Connection, payer: Payer, some: Sequence[Trajectory]) -> Payer:
    """A fork of what was run for a study is run for it, too."""
    if payer.study is not None or not some or some[0].fork is None:
        return payer
    return replace(payer, study=_study_of(connection, some[0].fork.trajectory))


def _study_of(connection: Connection, trajectory_id: str) -> str | None:
    """The study that a trajectory was last run for."""
    of_it = (RESERVATION.c.trajectory_id == trajectory_id) & RESERVATION.c.study_id.is_not(None)
    latest = select(RESERVATION.c.study_id).where(of_it).order_by(RESERVATION.c.number.desc()).limit(1)
    study: str | None = connection.execute(latest).scalar()
    return study


def _wanted(trajectory: Trajectory, payer: Payer) -> Decimal | None:
    """Dollars that it may still spend, where its limits name some."""
    if payer.free:
        return Decimal(0)
    usd = trajectory.limits.usd
    return None if usd is None else max(usd - trajectory.cost_usd, Decimal(0))


def _keep(
    connection: Connection, trajectory: Trajectory, payer: Payer, budget: Decimal | None, now: datetime
) -> Trajectory:
    """Keep a new reservation, and give the trajectory as it must run."""
    before = Real.of(trajectory.calls)
    if trajectory.limits.usd is None and budget is not None and not payer.free:
        trajectory = replace(trajectory, limits=replace(trajectory.limits, usd=trajectory.cost_usd + budget))
    stop = trajectory.limits.usd
    of_it = RESERVATION.c.trajectory_id == trajectory.id
    last = connection.execute(select(func.max(RESERVATION.c.number)).where(of_it)).scalar()
    if last is None:
        trajectories.check_id("a trajectory", trajectory.id)
    row = {
        "trajectory_id": trajectory.id,
        "number": 0 if last is None else last + 1,
        "payer": payer.user,
        "study_id": payer.study,
        "day": utc(now).date().isoformat(),
        "reserved_at": utc(now),
        "reserved_usd": f"{budget or Decimal(0):f}",
        "stop_usd": None if stop is None else f"{stop:f}",
        "before_usd": f"{before.usd:f}",
        "before_unpriced": before.unpriced_calls,
        "settled": False,
        "unpriced_calls": 0,
    }
    connection.execute(insert(RESERVATION), row | amounts.counted(budget or Decimal(0)))
    return trajectory


def _covers(row: Row[Any], whole: Trajectory) -> bool:
    """Whether all that a trajectory may still spend is reserved; it is not where nothing limited it until now."""
    return row.stop_usd is not None and Decimal(row.stop_usd) - whole.cost_usd <= Decimal(row.reserved_usd)


def _within(trajectory: Trajectory, row: Row[Any] | None) -> Trajectory:
    """The trajectory with the limit of dollars that its reservation was made with."""
    if row is None or row.stop_usd is None:
        return trajectory
    return replace(trajectory, limits=replace(trajectory.limits, usd=Decimal(row.stop_usd)))

"""Filters as conditions on the table of listings."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, literal_column, or_

from storage.column_text import folded, searchable
from storage.search_rows import favoured, nano
from storage.search_tables import LISTING, ROUTED_CALL
from storage.search_wishes import GOING, Range, Wanted


def conditions(wanted: Wanted, along: ColumnElement[Any] | None = None) -> list[ColumnElement[bool]]:
    """The filters as conditions on `LISTING`.

    A range of dollars or seconds is kept from indexes unless the rows are read `along` that column: such ranges are
    wide, and a row picked from an index costs ten times one that is passed in order.
    """
    low, high = wanted.cost_usd
    dollars = (None if low is None else nano(low), None if high is None else nano(high))
    started = wanted.moments
    return [
        *(LISTING.c.words.contains(word, autoescape=True) for word in folded(wanted.words).split()),
        *(_called(alias) for alias in wanted.aliases),
        *_within(_plain(LISTING.c.cost_nano, along), dollars),
        *_within(_plain(LISTING.c.latency_s, along), wanted.latency_s),
        *(() if started[0] is None else (LISTING.c.started_at >= started[0],)),
        *(() if started[1] is None else (LISTING.c.started_at < started[1],)),
        *_among(LISTING.c.verdict, wanted.verdicts),
        *_stopped(wanted.stop_reasons),
        *_among(LISTING.c.policy, [searchable(policy) for policy in wanted.policies]),
        *_preferring(wanted),
        *_flags(wanted),
        *_of_run(wanted.run),
    ]


def _plain(column: ColumnElement[Any], along: ColumnElement[Any] | None) -> ColumnElement[Any]:
    return column if along is column else column + literal_column("0", column.type)


def _called(alias: str) -> ColumnElement[bool]:
    return exists().where(ROUTED_CALL.c.alias == folded(alias), ROUTED_CALL.c.trajectory_id == LISTING.c.trajectory_id)


def _within(column: ColumnElement[Any], ends: tuple[Any, Any] | Range) -> list[ColumnElement[bool]]:
    low, high = ends
    return [*(() if low is None else (column >= low,)), *(() if high is None else (column <= high,))]


def _among(column: ColumnElement[Any], values: Sequence[str]) -> list[ColumnElement[bool]]:
    return [column.in_(values)] if values else []


def _of_run(run: str | None) -> list[ColumnElement[bool]]:
    """No run has an id that cannot be printed, and not every database takes such a text as a value."""
    if run is None:
        return []
    return [LISTING.c.run_id == run if run.isprintable() else false()]


def _stopped(reasons: Sequence[str]) -> list[ColumnElement[bool]]:
    if not reasons:
        return []
    named = LISTING.c.stop_reason.in_([reason for reason in reasons if reason != GOING])
    return [or_(LISTING.c.stop_reason.is_(None), named) if GOING in reasons else named]


def _preferring(wanted: Wanted) -> list[ColumnElement[bool]]:
    named = ("accuracy", "cost", "latency")
    ranges = [one for name in named for one in _within(LISTING.c[name], getattr(wanted, name))]
    if (exact := wanted.preference) is None:
        return ranges
    weights = and_(*(LISTING.c[name] == getattr(exact, name) for name in named))
    return [*ranges, weights, LISTING.c.favoured == favoured(exact)]


def _flags(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for name, known in (("simulated", LISTING.c.simulated), ("ranked", LISTING.c.ranked)):
        if (is_so := getattr(wanted, name)) is not None:
            found.append(known.is_(is_so))
    if wanted.priced is not None:
        found.append(LISTING.c.unpriced_calls == 0 if wanted.priced else LISTING.c.unpriced_calls > 0)
    return found

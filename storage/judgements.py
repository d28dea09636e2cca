"""Current rankings beside what they rank, read in pages: what every statistic starts from."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final

from sqlalchemy import select

from orchestrator.trajectory import Trajectory
from prefs.ballot import Ballot
from prefs.judgement import Candidate, Judgement, candidate, of_candidates
from prefs.ranking import Ranking
from prefs.second_look import SecondLook
from storage.errors import StoreMissing
from storage.pages import Read, Row, batches, pages
from storage.rankings import not_superseded
from storage.records import load_ballot, load_parts, load_ranking
from storage.tables import BALLOT, RANKING, STEP, STUDY_BALLOT, TRAJECTORY

REMEMBERED: Final = 5_000
"""Trajectories whose measures are remembered: the ballots of one run share them, and lie close together."""
_AT_ONCE: Final = 50
"""Trajectories whose steps are in memory at once."""


class Candidates:
    """Measures of trajectories; the latest ones are remembered, so that a trajectory is read once for many ballots."""

    def __init__(self, read: Read, remembered: int = REMEMBERED) -> None:
        self._read = read
        self._remembered = remembered
        self._known: OrderedDict[str, Candidate] = OrderedDict()

    def of(self, ballots: Iterable[Ballot]) -> dict[str, Candidate]:
        """The measures of all trajectories on these ballots, by id; those that are not kept are absent."""
        wanted = {shown.trajectory for ballot in ballots for shown in ballot.alternatives}
        found = {id: self._known[id] for id in wanted if id in self._known}
        for some in batches(iter(sorted(wanted - found.keys())), _AT_ONCE):
            found.update(self._measured(some))
        for id in sorted(found):
            self._known[id] = found[id]
            self._known.move_to_end(id)
        while len(self._known) > self._remembered:
            self._known.popitem(last=False)
        return found

    def _measured(self, ids: list[str]) -> Iterator[tuple[str, Candidate]]:
        return ((id, candidate("", 0, trajectory)) for id, trajectory in trajectories(self._read, ids).items())


def trajectories(read: Read, ids: Sequence[str]) -> dict[str, Trajectory]:
    """The trajectories of these ids, as far as they are kept, all in memory at once."""
    steps = select(STEP.c.trajectory_id, STEP.c.record).where(STEP.c.trajectory_id.in_(ids))
    by_id: dict[str, list[str]] = {}
    for id, record in read(steps.order_by(STEP.c.trajectory_id, STEP.c.index)):
        by_id.setdefault(id, []).append(record)
    headers = read(select(TRAJECTORY.c.id, TRAJECTORY.c.header).where(TRAJECTORY.c.id.in_(ids)))
    return {id: load_parts(header, by_id.get(id, [])) for id, header in headers}


def current(read: Read) -> Iterator[Judgement]:
    """What every annotator says of every ballot now, the oldest ballots first; raises StoreMissing."""
    measures = Candidates(read)
    for page in _pages(read):
        ballots = {record: load_ballot(record) for record, _ in groupby(row[1] for row in page)}
        known = measures.of(ballots.values())
        for record, rows in groupby(page, lambda row: row[1]):
            ballot = ballots[record]
            yield from _judged(rows, ballot, _shown(ballot, known))


def whole(read: Read) -> Iterator[tuple[Judgement, tuple[Trajectory, ...]]]:
    """The same with the whole trajectories in the order shown, those of one ballot in memory at a time."""
    for page in _pages(read):
        for record, rows in groupby(page, lambda row: row[1]):
            ballot = load_ballot(record)
            found = trajectories(read, [one.trajectory for one in ballot.alternatives])
            shown = _shown(ballot, {id: candidate("", 0, trajectory) for id, trajectory in found.items()})
            in_order = tuple(found[one.trajectory] for one in ballot.alternatives)
            yield from ((judgement, in_order) for judgement in _judged(rows, ballot, shown))


def second_looks(read: Read, study_id: str | None = None) -> Iterator[SecondLook]:
    """Blind rankings beside what the same people say of the same ballots now that they know cost and latency.

    Of one study's ballots, or of all; the oldest ballots first. Raises StoreMissing where a trajectory is not there.
    """
    blind = RANKING.alias("blind")
    both = (blind.c.ballot_id == RANKING.c.ballot_id) & (blind.c.annotator == RANKING.c.annotator)
    query = (
        select(blind.c.record, RANKING.c.record.label("revealed"), BALLOT.c.record.label("ballot"))
        .select_from(BALLOT.join(RANKING, RANKING.c.ballot_id == BALLOT.c.id).join(blind, both))
        .where(blind.c.phase == "blind", RANKING.c.phase == "revealed", not_superseded())
    )
    if study_id is not None:
        if not study_id.isprintable():  # not every database takes such a text as a value
            return
        query = query.where(
            BALLOT.c.id.in_(select(STUDY_BALLOT.c.ballot_id).where(STUDY_BALLOT.c.study_id == study_id))
        )
    measures = Candidates(read)
    for page in pages(read, query, (BALLOT.c.made_at, BALLOT.c.id, RANKING.c.annotator)):
        ballots = {row[2]: load_ballot(row[2]) for row in page}
        known = measures.of(ballots.values())
        for row in page:
            shown = _shown(ballots[row[2]], known)
            yield SecondLook(*(of_candidates(load_ranking(said), ballots[row[2]], shown) for said in row[:2]))


def of(read: Read, ranking: Ranking) -> Judgement:
    """One ranking beside what it ranks; raises StoreMissing."""
    found = read(select(BALLOT.c.record).where(BALLOT.c.id == ranking.ballot))
    if not found:
        raise StoreMissing(f"there is no ballot {ranking.ballot}")
    ballot = load_ballot(found[0][0])
    return of_candidates(ranking, ballot, _shown(ballot, Candidates(read).of([ballot])))


def _pages(read: Read) -> Iterator[list[Row]]:
    """Records of rankings that stand beside those of their ballots; the rankings of a ballot lie together."""
    query = (
        select(RANKING.c.record, BALLOT.c.record.label("ballot"))
        .select_from(BALLOT.join(RANKING, RANKING.c.ballot_id == BALLOT.c.id))
        .where(not_superseded())
    )
    return pages(read, query, (BALLOT.c.made_at, BALLOT.c.id, RANKING.c.annotator))


def _judged(rows: Iterable[Row], ballot: Ballot, shown: tuple[Candidate, ...]) -> Iterator[Judgement]:
    """The judgements of one ballot."""
    return (of_candidates(load_ranking(row[0]), ballot, shown) for row in rows)


def _shown(ballot: Ballot, known: dict[str, Candidate]) -> tuple[Candidate, ...]:
    """The alternatives of a ballot, in the order shown."""
    missing = [one.trajectory for one in ballot.alternatives if one.trajectory not in known]
    if missing:
        raise StoreMissing(f"trajectory {missing[0]} of ballot {ballot.id} is not there: import it or restore a backup")
    return tuple(
        replace(known[one.trajectory], label=one.label, position=place) for place, one in enumerate(ballot.alternatives)
    )

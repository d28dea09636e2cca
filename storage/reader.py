"""What the store can tell: every read is short, and safe from any thread."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine, Select, func, select

from orchestrator.alternatives import Run
from orchestrator.trajectory import Trajectory
from prefs.ballot import Ballot
from prefs.judgement import Judgement
from prefs.ranking import Ranking
from storage import history, judgements, pages, parts, queries, rankings, texts, trajectories
from storage.database import named
from storage.errors import told_plainly
from storage.history import RunSummary
from storage.privacy_tables import FORGOTTEN_RANKING
from storage.queries import SavedQuery
from storage.records import load_ranking
from storage.tables import RANKING, TRAJECTORY
from storage.trajectories import State

T = TypeVar("T")
ALONE: Final = "AUTOCOMMIT"
"""Each statement of a read sees what was committed before it, as in a transaction on PostgreSQL: that needs none."""


class Reader:
    """Reads what is kept and gives domain values; all raise StoreError."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reading = engine if engine.dialect.name == "sqlite" else engine.execution_options(isolation_level=ALONE)

    def queries(self, limit: int = 50) -> tuple[SavedQuery, ...]:
        """Saved queries, latest first."""
        return self.read(lambda connection: queries.newest(connection, limit))

    def query(self, text: str) -> SavedQuery | None:
        """The saved query of that text."""
        return self.read(lambda connection: queries.find(connection, text))

    def text(self, address: str) -> str | None:
        """The long text at an address; raises StoreCorrupt where it is damaged."""
        return self.texts([address]).get(address)

    def texts(self, addresses: Iterable[str]) -> dict[str, str]:
        """The long texts at these addresses, as far as they are here; raises StoreCorrupt where one is damaged."""
        return self.read(lambda connection: texts.find(connection, addresses))

    def with_texts(self, trajectory: Trajectory) -> Trajectory:
        """The trajectory with its long texts instead of their addresses, as far as they are here."""
        return texts.with_texts(trajectory, self.texts(texts.addresses(texts.all_calls(trajectory))))

    def trajectory(self, id: str) -> Trajectory | None:
        """A trajectory with the steps kept so far, and the addresses of their long texts."""
        return self.read(lambda connection: trajectories.find(connection, id))

    def state(self, trajectory_id: str) -> State | None:
        """How far a trajectory has come."""
        return self.read(lambda connection: trajectories.state(connection, trajectory_id))

    def states_of(self, run_id: str) -> dict[str, State]:
        """How far a run's trajectories have come, by id, oldest first."""
        return self.read(lambda connection: parts.states_of(connection, run_id))

    def run(self, id: str) -> Run | None:
        """A run."""
        return self.read(lambda connection: trajectories.find_run(connection, id))

    def trajectories_of(self, run_id: str) -> tuple[Trajectory, ...]:
        """A run's trajectories, oldest first."""

        def read(connection: Connection) -> tuple[Trajectory, ...]:
            found = (trajectories.find(connection, id) for id in parts.states_of(connection, run_id))
            return tuple(trajectory for trajectory in found if trajectory is not None)

        return self.read(read)

    def interrupted(self) -> tuple[str, ...]:
        """The ids of the trajectories that can be resumed, oldest first."""
        return self.read(lambda connection: trajectories.in_state(connection, State.INTERRUPTED))

    def runs(self, search: str | None = None, limit: int = 50, before: str | None = None) -> list[RunSummary]:
        """The newest runs whose query has every word of `search`, older than the run with the id `before`."""
        return self.read(lambda connection: history.runs(connection, search, limit, before))

    def ballot(self, id: str) -> Ballot | None:
        """A ballot."""
        return self.read(lambda connection: rankings.find_ballot(connection, id))

    def ballot_of(self, run_id: str) -> Ballot | None:
        """The newest ballot of a run."""
        return self.read(lambda connection: rankings.newest_ballot(connection, run_id))

    def next_ballot(self, annotator: str, besides: Sequence[str] = ()) -> Ballot | None:
        """The oldest ballot that this annotator has not ranked, none of `besides`."""
        return self.read(lambda connection: rankings.next_ballot(connection, annotator, besides))

    def rankings_of(self, ballot_id: str) -> tuple[Ranking, ...]:
        """All rankings of a ballot, oldest first, superseded ones too."""
        return self.read(lambda connection: rankings.rankings_of(connection, ballot_id))

    def current_ranking(self, ballot_id: str, annotator: str) -> Ranking | None:
        """What an annotator says of a ballot now."""
        return self.read(lambda connection: rankings.current_ranking(connection, ballot_id, annotator))

    def iter_trajectories(self) -> Iterator[Trajectory]:
        """Every trajectory, oldest first, one in memory at a time."""
        for id, _ in pages.in_order_of_time(self.rows, TRAJECTORY, "started_at", "id"):
            trajectory = self.trajectory(id)
            if trajectory is not None:
                yield trajectory

    def iter_rankings(self, *, superseded: bool = True) -> Iterator[Ranking]:
        """Every ranking, oldest first, a page in memory at a time; corrected ones only if `superseded`."""
        wanted = None if superseded else rankings.not_superseded()
        for _, record in pages.in_order_of_time(self.rows, RANKING, "made_at", "record", wanted):
            yield load_ranking(record)

    def iter_ranked(self, *, superseded: bool = True) -> Iterator[tuple[Ranking, Ballot]]:
        """The same, each with the ballot that it ranks."""
        return rankings.ranked(self.rows, superseded=superseded)

    def iter_judgements(self) -> Iterator[Judgement]:
        """What every annotator says of every ballot now, with what was ranked; the oldest ballots first.

        A page in memory at a time. Raises StoreMissing where a trajectory is not there.
        """
        return judgements.current(self.rows)

    def iter_judged(self, *, texts: bool = False) -> Iterator[tuple[Judgement, tuple[Trajectory, ...]]]:
        """The same, each with its whole trajectories in the order shown; with their long texts where `texts`."""
        for judgement, shown in judgements.whole(self.rows):
            yield judgement, tuple(map(self.with_texts, shown)) if texts else shown

    def count_rankings(self) -> int:
        """How many rankings are kept, corrected ones too."""
        return int(
            self.read(lambda connection: connection.execute(select(func.count()).select_from(RANKING)).scalar_one())
        )

    def rankings_version(self) -> tuple[int, int]:
        """How many rankings are kept, and how many were forgotten. Nothing of a ranking changes: the same, the same."""

        def read(connection: Connection) -> tuple[int, int]:
            kept = select(func.count()).select_from(RANKING).scalar_subquery()
            gone = select(func.count()).select_from(FORGOTTEN_RANKING).scalar_subquery()
            row = connection.execute(select(kept, gone)).one()
            return int(row[0]), int(row[1])

        return self.read(read)

    def judgement_of(self, ranking: Ranking) -> Judgement:
        """One ranking beside what it ranks; raises StoreMissing without its ballot or a trajectory."""
        return judgements.of(self.rows, ranking)

    def rows(self, query: Select[Any]) -> list[tuple[Any, ...]]:
        """The rows of a query, in a short transaction of its own: for the other modules of this floor."""
        return self.read(partial(pages.rows, query=query))

    def read(self, read: Callable[[Connection], T]) -> T:
        """What `read` finds: for the other modules of this floor."""
        with told_plainly(named(self._engine)), self._reading.connect() as connection:
            return read(connection)

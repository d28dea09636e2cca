"""What a server acknowledged, taken down outside it, and whether its database says the same afterwards."""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from prefs.ranking import Ranking
from storage.database import check
from storage.records import trajectory_json
from storage.spending.tables import RESERVATION
from storage.store import Store
from storage.studies import Studies
from storage.trajectories import State

Place = tuple[str, str, str]
"""Study, ballot and annotator."""


@dataclass(slots=True)
class Record:
    """What clients sent and were told."""

    begun: set[str] = field(default_factory=set)
    """Trajectories of runs that were acknowledged."""
    steps: dict[str, dict[int, dict[str, Any]]] = field(default_factory=lambda: defaultdict(dict))
    """What followers were shown, by trajectory and index."""
    stopped: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Trajectory to the end that followers were shown."""
    sent: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    """Idempotency key to ballot and body, taken down before sending."""
    ranked: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Idempotency key to the acknowledgement."""
    ballots: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Run to the ballot that was shown of it."""
    aside: dict[Place, str] = field(default_factory=dict)
    """The last state that was acknowledged; what was asked since without an answer is not in here."""
    counts: Counter[str] = field(default_factory=Counter)
    """Replies by what was asked and by status, connections lost, sent again."""
    faults: list[str] = field(default_factory=list)
    """What must never be answered."""

    def show(self, step: dict[str, Any]) -> None:
        """A follower was shown a step."""
        seen = self.steps[step.pop("trajectory")]
        if seen.setdefault(step["index"], step) != step:
            self.faults.append(f"step {step['index']} was shown with two contents: {step} and {seen[step['index']]}")

    def end(self, trajectory: dict[str, Any]) -> None:
        """A follower was shown how a trajectory ended."""
        id = trajectory["id"]
        if self.stopped.setdefault(id, trajectory) != trajectory:
            self.faults.append(f"{id} ended twice: {self.stopped[id]} and {trajectory}")

    def show_ballot(self, run: str, ballot: dict[str, Any]) -> None:
        """Somebody was shown the ballot of a run; it is always the same one."""
        if self.ballots.setdefault(run, ballot)["id"] != ballot["id"]:
            self.faults.append(f"run {run} has two ballots: {self.ballots[run]['id']} and {ballot['id']}")

    def acknowledge(self, key: str, answer: dict[str, Any]) -> None:
        """A ranking was acknowledged; the same key always means the same one."""
        if self.ranked.setdefault(key, answer)["id"] != answer["id"]:
            self.faults.append(f"key {key} was acknowledged as {answer['id']} and as {self.ranked[key]['id']}")

    @property
    def acknowledged(self) -> int:
        """Rankings and steps so far."""
        return len(self.ranked) + sum(map(len, self.steps.values()))

    def told(self) -> str:
        """Counts in words."""
        steps = sum(map(len, self.steps.values()))
        kept = f"{len(self.ranked):,} rankings, {steps:,} steps, {len(self.stopped):,} ends, {len(self.aside):,} asides"
        return f"acknowledged: {kept}; replies: {dict(sorted(self.counts.items()))}"


def judge(record: Record, database: str, studies: list[str]) -> None:
    """Everything acknowledged is in the database, once, and nothing else that looks like it."""
    assert record.faults == []
    assert check(database) == []
    with Store.open(database) as store:
        _runs_are_there(record, store)
        _ballots_are_there(record, store)
        _rankings_are_there(record, store)
        _no_budget_drifts(record, store)
        for study in studies:
            _places_are_right(record, store, study)


def _runs_are_there(record: Record, store: Store) -> None:
    for id in record.begun | set(record.steps):
        kept = store.trajectory(id)
        assert kept is not None, f"trajectory {id} is lost"
        told = json.loads(json.dumps(trajectory_json(kept)))
        assert [step["index"] for step in told["steps"]] == list(range(len(told["steps"])))
        for index, shown in record.steps.get(id, {}).items():
            assert index < len(told["steps"]), f"step {index} of {id} is lost"
            assert told["steps"][index] == shown, f"step {index} of {id} is another one"
        state = store.state(id)
        assert (state is State.FINISHED) == (kept.stop_reason is not None)
        if id in record.stopped:
            assert state is State.FINISHED
            assert told == record.stopped[id], f"the end of {id} is another one"


def _no_budget_drifts(record: Record, store: Store) -> None:
    """What was spent is what the steps say that it cost; only what has not ended holds something back."""
    rows = store.read(lambda connection: connection.execute(select(RESERVATION)).all())
    by_trajectory: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        by_trajectory[row.trajectory_id].append(row)
    for id in record.begun | set(record.steps):
        assert id in by_trajectory, f"nothing was reserved for {id}"
    for id, reservations in by_trajectory.items():
        kept = store.trajectory(id)
        assert kept is not None, f"{id} reserves, but is not kept"
        held = [row for row in reservations if not row.settled]
        if store.state(id) is State.FINISHED:
            assert held == [], f"{id} has ended and still holds something back"
            assert sum(Decimal(row.spent_usd) for row in reservations) == kept.cost_usd, f"the budget of {id} drifts"
        else:
            assert len(held) == 1, f"{id} goes on with {len(held)} reservations"
    counted = sum(Decimal(row.counted_micro) + Decimal(row.counted_rest) / 10**6 for row in rows if row.settled)
    spent = sum(Decimal(row.spent_usd) for row in rows if row.settled)
    assert counted == spent * 10**6, "what counts against the limit is not what was spent"
    assert spent > 0


def _ballots_are_there(record: Record, store: Store) -> None:
    for run, shown in record.ballots.items():
        kept = store.ballot_of(run)
        assert kept is not None, f"the ballot of run {run} is lost"
        assert kept.id == shown["id"], f"run {run} has another ballot"
        assert [one.label for one in kept.alternatives] == [one["label"] for one in shown["alternatives"]]


def _rankings_are_there(record: Record, store: Store) -> None:
    """Every body has a reason of its own, and every one that was sent was sent again until it was acknowledged."""
    kept = list(store.iter_rankings())
    by_key = {ranking.reason: ranking for ranking in kept}
    assert len(by_key) == len(kept), "a ranking was kept twice"
    assert len({ranking.id for ranking in kept}) == len(kept)
    for key, answer in record.ranked.items():
        assert key in by_key, f"ranking {key} is lost"
        ballot, body = record.sent[key]
        found = by_key[key]
        assert (found.id, found.ballot) == (answer["id"], ballot)
        assert [list(group) for group in found.groups] == body["groups"], f"ranking {key} is another one"
    assert by_key.keys() == record.sent.keys() == record.ranked.keys(), "something is kept that nobody sent"
    _corrections_are_in_line(kept)


def _corrections_are_in_line(kept: list[Ranking]) -> None:
    lines: dict[tuple[str, str], list[Ranking]] = defaultdict(list)
    for ranking in kept:
        lines[ranking.ballot, ranking.annotator].append(ranking)
    for line in lines.values():
        superseded = Counter(ranking.supersedes for ranking in line)
        assert superseded[None] == 1, "two rankings of one person stand at once"
        assert set(superseded.values()) == {1}
        assert superseded.keys() - {None} < {ranking.id for ranking in line}


def _places_are_right(record: Record, store: Store, study_id: str) -> None:
    studies = Studies(store)
    study = studies.find(study_id)
    assert study is not None
    every = studies.assignments(study_id)
    counted = Counter(one.ballot for one in every if one.counted)
    assert max(counted.values(), default=0) <= study.overlap, "a ballot counts more often than its overlap"
    mine = set(studies.ballots(study_id))
    said = {(body["annotator"], ballot) for ballot, body in record.sent.values() if ballot in mine}
    ranked = {(one.annotator, one.ballot) for one in every if one.state == "ranked"}
    assert ranked == said, f"the places of {study_id} are others"
    states = {(one.study, one.ballot, one.annotator): one.state for one in every}
    for place, state in record.aside.items():
        if place[0] == study_id:
            assert states[place] == state, f"{place} was acknowledged as {state}"

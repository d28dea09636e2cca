"""What one person may see of a ballot now, read from the store."""

from collections.abc import Mapping

from orchestrator.trajectory import Trajectory
from prefs.ballot import Ballot
from prefs.study import TAGS
from storage.errors import StoreMissing
from storage.store import Store
from storage.studies import Studies
from storage.trajectories import check_id
from webapp.views.showing import Showing


def showing(store: Store, ballot_id: str, annotator: str, study_id: str | None = None) -> Showing:
    """Of a ballot, in a study or outside; raises StoreMissing without one of them or a trajectory, RecordError."""
    check_id("an annotator", annotator)
    shown = store.ballot(ballot_id)
    if shown is None:
        raise StoreMissing(f"there is no ballot {ballot_id[:200]}")
    studies = Studies(store)
    return Showing(
        shown,
        _trajectories(store, shown),
        store.current_ranking(ballot_id, annotator),
        studies.two_phases(ballot_id),
        TAGS if study_id is None else _tags(studies, study_id, ballot_id),
    )


def _tags(studies: Studies, study_id: str, ballot_id: str) -> tuple[str, ...]:
    study = studies.find(study_id)
    if study is None:
        raise StoreMissing(f"there is no study {study_id[:200]}")
    if not studies.has(study_id, ballot_id):
        raise StoreMissing(f"ballot {ballot_id} is not in study {study_id}; ask the study for its next one")
    return study.tags


def _trajectories(store: Store, ballot: Ballot) -> Mapping[str, Trajectory]:
    found = {}
    for alternative in ballot.alternatives:
        trajectory = store.trajectory(alternative.trajectory)
        if trajectory is None:
            raise StoreMissing(f"trajectory {alternative.trajectory} is not there: import it or restore a backup")
        found[trajectory.id] = trajectory
    return found

"""Ballots that people rank twice: blind, and once more when cost and latency are revealed. Over an open connection."""

from dataclasses import replace
from typing import Final

from sqlalchemy import Connection, bindparam, exists, select

from prefs.ranking import Ranking, RankingMismatch, next_phase
from prefs.study import Study
from storage.errors import StoreConflict
from storage.study_records import load_study
from storage.tables import RANKING, STUDY, STUDY_BALLOT

BLIND_STAYS: Final = (
    "cost and time were shown to you after your blind ranking, so that one stays as it is; send this as your second "
    'look, with phase "revealed"'
)
BLIND_FIRST: Final = 'rank this ballot blind first, with phase "blind"; cost and time are shown to you after that'
ONE_PHASE: Final = "this ballot is not ranked in two phases by you; leave out `phase`"

_STUDIES_WITH: Final = select(STUDY.c.record).join(STUDY_BALLOT).where(STUDY_BALLOT.c.ballot_id == bindparam("ballot"))


def two_phases(connection: Connection, ballot_id: str) -> bool:
    """Whether some study has people rank the ballot twice."""
    if not ballot_id.isprintable():  # not every database takes such a text as a value
        return False
    studies = connection.execute(_STUDIES_WITH, {"ballot": ballot_id}).scalars()
    return any(load_study(record).two_phases for record in studies)


def in_phase(connection: Connection, said: Ranking, current: Ranking | None) -> Ranking:
    """What somebody says, in the phase that it belongs to after the ranking that stands.

    Raises StoreConflict for another phase, such as a blind ranking after the reveal; RankingMismatch where the ballot
    is ranked once.
    """
    phase = next_phase(current, two_phases=two_phases(connection, said.ballot))
    if said.phase in (None, phase):
        return replace(said, phase=phase)
    if phase is None:
        raise RankingMismatch(ONE_PHASE)
    raise StoreConflict(BLIND_STAYS if said.phase == "blind" else BLIND_FIRST)


def half_done(connection: Connection, study: Study, annotator: str) -> frozenset[str]:
    """The ballots of the study that this person ranked blind and did not look at again."""
    if not study.two_phases:
        return frozenset()
    later = RANKING.alias("later")
    blind = (
        select(RANKING.c.ballot_id)
        .join(STUDY_BALLOT, STUDY_BALLOT.c.ballot_id == RANKING.c.ballot_id)
        .where(
            STUDY_BALLOT.c.study_id == study.id,
            RANKING.c.annotator == annotator,
            RANKING.c.phase == "blind",
            ~exists().where(later.c.supersedes == RANKING.c.id),
        )
    )
    return frozenset(connection.execute(blind).scalars())

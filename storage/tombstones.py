"""Who was forgotten does not come back: neither by an old file, nor with a newcomer of the same name."""

import re
import secrets
from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, select

from prefs.ranking import Ranking
from storage.privacy_tables import FORGETTING, FORGOTTEN_RANKING
from storage.tables import RANKING

PSEUDONYM: Final = re.compile(r"forgotten-[0-9a-f]{16}")
"""What somebody is called who was forgotten. It is drawn at random: no name leads to it."""
_AT_ONCE: Final = 500


def new_pseudonym() -> str:
    """One that nobody has."""
    return f"forgotten-{secrets.token_hex(8)}"


def being_forgotten(connection: Connection) -> list[str]:
    """The names of all who are being forgotten just now: a newcomer of that name would be forgotten, too."""
    return [name for name in connection.scalars(select(FORGETTING.c.name)) if name]


def forgotten(connection: Connection, rankings: Iterable[Ranking]) -> set[str]:
    """The ids of those that somebody gave who was forgotten since: deleted, kept without a name, or correcting one."""
    some = sorted(rankings, key=lambda one: one.made_at)
    gone = _gone(connection, sorted({id for one in some for id in (one.id, one.supersedes) if id is not None}))
    for one in some:
        if one.supersedes in gone:
            gone.add(one.id)
    return gone & {one.id for one in some}


def _gone(connection: Connection, ids: list[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(ids), _AT_ONCE):
        asked = ids[start : start + _AT_ONCE]
        found.update(connection.scalars(select(FORGOTTEN_RANKING.c.id).where(FORGOTTEN_RANKING.c.id.in_(asked))))
        named = connection.execute(select(RANKING.c.id, RANKING.c.annotator).where(RANKING.c.id.in_(asked)))
        found.update(row.id for row in named if PSEUDONYM.fullmatch(row.annotator))
    return found

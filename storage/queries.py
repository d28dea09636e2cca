"""Queries that somebody wants to have at hand, in SQL: small functions over an open connection."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from orchestrator.alternatives import check_query
from storage.tables import QUERY


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A query and its reference answer, if it has one. Two with the same text are the same query."""

    query: str
    reference: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "query", self.query.strip())
        check_query(self.query)

    @property
    def id(self) -> str:
        """Follows from the text."""
        return hashlib.sha256(self.query.encode(errors="surrogatepass")).hexdigest()[:32]


def add(connection: Connection, queries: Sequence[SavedQuery]) -> int:
    """Keep the ones that are not here yet; gives how many were new."""
    wanted = {query.id: query for query in queries}
    here = {id for id in wanted if connection.execute(select(QUERY.c.id).where(QUERY.c.id == id)).first()}
    new = [q for id, q in wanted.items() if id not in here]
    if new:
        connection.execute(insert(QUERY), [{"id": q.id, "query": q.query, "reference": q.reference} for q in new])
    return len(new)


def newest(connection: Connection, limit: int) -> tuple[SavedQuery, ...]:
    """Saved queries, latest first."""
    rows = connection.execute(select(QUERY.c.query, QUERY.c.reference).order_by(QUERY.c.sequence.desc()).limit(limit))
    return tuple(SavedQuery(query, reference) for query, reference in rows)


def find(connection: Connection, text: str) -> SavedQuery | None:
    """The saved query of that text."""
    asked = select(QUERY.c.query, QUERY.c.reference).where(QUERY.c.id == SavedQuery(text).id)
    row = connection.execute(asked).first()
    return None if row is None else SavedQuery(*row)

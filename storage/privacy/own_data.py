"""All that is kept about one person, as JSON values: what they may take with them, and nothing that opens a door."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Select, Table, select

from storage import askers
from storage.accounts.tables import ACCOUNT, IDENTITY, INVITATION, SESSION, TOKEN
from storage.errors import StoreMissing
from storage.pages import pages
from storage.privacy.person import Person, audit_entries, of_invitations, person
from storage.records import Json, load_ranking, load_run, ranking_json
from storage.spending.tables import RESERVATION
from storage.study_records import aware
from storage.tables import ASSIGNMENT, RANKING, RUN

if TYPE_CHECKING:
    from storage.store import Store

SECRET: Final = frozenset({"secret_sha256", "password", "folded_name", "sequence", "adopt"})
"""Columns that are not told: what opens a door, and what says nothing."""
_NOT_OF_ASSIGNMENTS: Final = frozenset({"annotator", "counted"})


def own_data(store: "Store", name: str) -> Json:
    """Account, logins, rankings, assignments, runs, money and entries of the log. Raises StoreMissing."""
    found = store.read(lambda connection: _rows(connection, name))
    whom: Person = found.pop("whom")
    return {**found, "rankings": list(_rankings(store, whom.name))}


def _rows(connection: Connection, name: str) -> dict[str, Any]:
    if not name or not name.isprintable():  # not every database takes such a text as a value
        raise StoreMissing("nothing is kept of anybody of that name")
    whom = person(connection, name)
    id = None if whom.account is None else whom.account.id

    def of(table: Table, wanted: Any, besides: frozenset[str] = frozenset()) -> list[Json]:
        return [_told(row._mapping, besides) for row in connection.execute(select(table).where(wanted))]

    account = of(ACCOUNT, ACCOUNT.c.id == id)
    runs = askers.runs_of(connection, whom.name)
    return {
        "whom": whom,
        "name": whom.name,
        "account": account[0] if account else None,
        "sessions": of(SESSION, SESSION.c.account_id == id),
        "tokens": of(TOKEN, TOKEN.c.account_id == id),
        "invitations": of(INVITATION, of_invitations(whom)),
        "identities": of(IDENTITY, IDENTITY.c.account_id == id),
        "assignments": of(ASSIGNMENT, ASSIGNMENT.c.annotator == whom.name, _NOT_OF_ASSIGNMENTS),
        "runs": list(_runs(connection, runs)),
        "spending": of(RESERVATION, RESERVATION.c.payer == whom.name),
        "audit": [_told(row._mapping) for row in audit_entries(connection, whom)],
    }


def _runs(connection: Connection, ids: tuple[str, ...]) -> Iterator[Json]:
    for id in ids:
        record = connection.scalar(select(RUN.c.record).where(RUN.c.id == id))
        if record is not None:
            run = load_run(record)
            yield {"id": run.id, "query": run.query, "reference": run.reference, "asked_at": _plain(run.asked_at)}


def _rankings(store: "Store", name: str) -> Iterator[Json]:
    theirs: Select[Any] = select(RANKING.c.record).where(RANKING.c.annotator == name)
    for page in pages(store.rows, theirs, (RANKING.c.made_at, RANKING.c.id)):
        yield from (ranking_json(load_ranking(row[0])) for row in page)


def _told(row: Mapping[Any, Any], besides: frozenset[str] = frozenset()) -> Json:
    return {str(name): _plain(value) for name, value in row.items() if str(name) not in SECRET | besides}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return aware(value).isoformat()
    return value.isoformat() if isinstance(value, date) else value

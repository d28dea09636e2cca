"""All that is kept about one person, as JSON values: what they may take with them, and nothing that opens a door."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Select, Table, select

from storage import askers
from storage.accounts.names import folded
from storage.accounts.secret import sha256
from storage.accounts.tables import ACCOUNT, IDENTITY, INVITATION, LOGIN_FAILURE, LOGIN_PLACE, SESSION, TOKEN
from storage.errors import StoreMissing
from storage.pages import pages
from storage.privacy import in_log
from storage.privacy.person import of_invitations
from storage.privacy.whom import Person, person
from storage.records import Json, load_ranking, load_run, ranking_json
from storage.spending.rules import Scope
from storage.spending.tables import RESERVATION, SPEND_LIMIT
from storage.study_records import aware
from storage.tables import ASSIGNMENT, RANKING, RUN

if TYPE_CHECKING:
    from storage.store import Store

SECRET: Final = frozenset({"secret_sha256", "password", "folded_name", "name_sha256", "sequence", "adopt"})
"""Columns that are not told: what opens a door, and what says nothing."""
_NOT_OF_ASSIGNMENTS: Final = frozenset({"annotator", "counted"})
_NOT_OF_LIMITS: Final = frozenset({"set_by"})
_OF_ACTOR: Final = frozenset({"actor", "actor_id", "address"})
"""Of an entry of the log. Where somebody else did something to this person, these are somebody else's."""


def own_data(store: "Store", name: str) -> Json:
    """Account, logins, places, rankings, assignments, runs, money and entries of the log. Raises StoreMissing."""
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
    own_limit = (SPEND_LIMIT.c.scope == str(Scope.USER)) & (SPEND_LIMIT.c.subject == whom.name)
    return {
        "whom": whom,
        "name": whom.name,
        "account": account[0] if account else None,
        **_logins(connection, whom.name),
        "sessions": of(SESSION, SESSION.c.account_id == id),
        "tokens": of(TOKEN, TOKEN.c.account_id == id),
        "invitations": of(INVITATION, of_invitations(whom)),
        "identities": of(IDENTITY, IDENTITY.c.account_id == id),
        "assignments": of(ASSIGNMENT, ASSIGNMENT.c.annotator == whom.name, _NOT_OF_ASSIGNMENTS),
        "runs": list(_runs(connection, runs)),
        "spending": of(RESERVATION, RESERVATION.c.payer == whom.name),
        "limits": of(SPEND_LIMIT, own_limit, _NOT_OF_LIMITS),
        "audit": [
            _told(row._mapping, frozenset() if in_log.is_actor(row, whom) else _OF_ACTOR)
            for row in in_log.entries_on(connection, whom)
        ],
    }


def _logins(connection: Connection, name: str) -> dict[str, list[Json]]:
    """Where from this name logged in, and from where it failed: only the hash of the name is kept with these."""
    digest = sha256(folded(name))
    found = {}
    for called, table in (("login_places", LOGIN_PLACE), ("login_failures", LOGIN_FAILURE)):
        theirs = connection.execute(select(table).where(table.c.name_sha256 == digest))
        found[called] = [_told(row._mapping) for row in theirs]
    return found


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

"""A name is found in the log only where it stands for somebody: not in a longer name, and not as a common word."""

from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from sqlalchemy import select

from storage import spending_acts
from storage.accounts.account import Role
from storage.accounts.accounts import Accounts
from storage.accounts.actor import Actor
from storage.accounts.audit import Act, AuditLog
from storage.accounts.names import BadName, check_name
from storage.accounts.tables import AUDIT
from storage.accounts.throttle import LoginThrottle
from storage.accounts.tokens import Tokens
from storage.privacy.forgetting import Forgetting, Wish
from storage.privacy.own_data import own_data
from storage.spending.rules import Limit, Period, Scope
from storage.store import Store
from tests.examples import NOON

CONSOLE = Actor.at_console("root")
ALIKE = ("ann-marie", "Ann Smith", "ann@example.org", "anna")
WORDS = ("annotator", "read", "2026", "rankings")


async def town(store: Store, name: str) -> Actor:
    """Somebody of that name, and others to whom things are done; gives the admin."""
    accounts = Accounts(store)
    root = await accounts.add("root", Role.ADMIN, None, CONSOLE)
    by = Actor("root", root.id, "192.0.2.99")
    await accounts.add(name, Role.VIEWER, None, by)
    for other in ALIKE:
        made = await accounts.add(other, Role.ANNOTATOR, None, by)
        await accounts.set_role(made.id, Role.AUTHOR, by)
        await Tokens(store).make(made, "a label to read 2026", {"read", "rank"}, by)
    await AuditLog(store).note(by, Act.EXPORTED, "rankings", "rankings.jsonl")
    return by


@pytest.mark.parametrize("name", ["ann", *WORDS])
async def test_nobody_reads_or_changes_what_the_log_says_of_others(store: Store, name: str) -> None:
    await town(store, name)
    told = own_data(store, name)["audit"]
    assert [(one["act"], one["subject"]) for one in told] == [("account added", name)]
    assert "root" not in str(told)
    assert "192.0.2.99" not in str(told)
    whole = select(AUDIT).where(AUDIT.c.subject.is_(None) | (AUDIT.c.subject != name)).order_by(AUDIT.c.sequence)
    before = store.rows(whole)
    await Forgetting(store, late=timedelta()).forget(Wish(name), CONSOLE)
    assert set(before) < set(store.rows(whole))
    left = {row[0] for row in store.rows(select(AUDIT.c.act).where(AUDIT.c.subject == name))}
    assert left <= {str(Act.EXPORTED)}


async def test_limits_of_somebody_stay_in_the_log_without_the_name(store: Store) -> None:
    by = await town(store, "ann")
    for usd, whose in ((1, "ann"), (2, "ann"), (3, "ann-marie")):
        limit = Limit(Scope.USER, Period.DAY, Decimal(usd), whose)
        await store.write(partial(spending_acts.set_limit, limit=limit, by=by, now=NOON))
    limit = Limit(Scope.STUDY, Period.TOTAL, Decimal(4), "ann")
    await store.write(partial(spending_acts.set_limit, limit=limit, by=by, now=NOON))
    assert [one["usd"] for one in own_data(store, "ann")["limits"]] == ["2"]
    await Forgetting(store, late=timedelta()).forget(Wish("ann"), CONSOLE)
    of_limits = select(AUDIT.c.subject, AUDIT.c.detail).where(AUDIT.c.act == Act.LIMIT_SET).order_by(AUDIT.c.sequence)
    first, second, hers, study = store.rows(of_limits)
    assert first[1] == f"$1 a day for user {first[0]}"
    assert second[1] == f"$2 a day for user {first[0]}; before: $1 a day for user {first[0]}"
    assert hers == ("ann-marie", "$3 a day for user ann-marie")
    assert study == ("ann", "$4 in total for study ann")


async def test_somebody_learns_from_where_they_logged_in_and_what_failed(store: Store) -> None:
    await town(store, "ann")
    throttle = LoginThrottle(store)
    await throttle.attempt("Ann", "192.0.2.1")
    await throttle.succeeded("ANN", "192.0.2.1")
    await throttle.attempt("ann", "192.0.2.2")
    await throttle.attempt("anna", "192.0.2.3")
    found = own_data(store, "ann")
    assert [one["place"] for one in found["login_places"]] == ["192.0.2.1"]
    assert [one["place"] for one in found["login_failures"]] == ["192.0.2.2"]
    assert "sha256" not in str(found)


def test_nobody_is_called_as_the_log_calls_the_server() -> None:
    with pytest.raises(BadName):
        check_name("The  Server")

"""`podium user` and `podium audit`."""

import asyncio
import getpass
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from prefs.ranking import Ranking
from prefs.study import Study
from storage.accounts.account import Role
from storage.accounts.accounts import Accounts
from storage.accounts.invitations import Invitations
from storage.accounts.passwords import Cost, set_cost
from storage.accounts.sessions import Sessions
from storage.accounts.tokens import Tokens
from storage.store import Store
from storage.studies import Studies
from tests.accounts import CHEAP, SECRET, admin
from tests.examples import NOON
from tests.kept import keep_ballot
from webapp.cli import main


@pytest.fixture(autouse=True)
def cheap() -> Iterator[None]:
    set_cost(CHEAP)
    yield
    set_cost(Cost())


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("PODIUM_DATA_DIR", str(tmp_path))
    return f"sqlite:///{tmp_path / 'podium.db'}"


@pytest.fixture
def with_ada(db: str) -> str:
    """A database with one admin."""
    with Store.open(db) as store:
        asyncio.run(admin(store))
    return db


def done(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 0
    return capsys.readouterr().out.strip()


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 2
    return capsys.readouterr().err.strip()


def typed(monkeypatch: pytest.MonkeyPatch, *passwords: str) -> list[str]:
    """At a terminal somebody types these; gives what they were asked."""
    answers, asked = iter(passwords), list[str]()

    def answer(prompt: str = "") -> str:
        asked.append(prompt)
        return next(answers)

    monkeypatch.setattr(getpass, "getpass", answer)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    return asked


def piped(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_the_first_account_is_an_admin_and_says_that_everybody_logs_in_from_now_on(
    db: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    piped(monkeypatch, f"{SECRET}\n")
    for role in ("viewer", "annotator", "author"):
        says = refused(capsys, "user", "add", "Ada", "--role", role, "--password-stdin", "--db", db)
        assert says == "podium: the first account must be an admin: podium user add 'Ada' --role admin"
    says = done(capsys, "user", "add", "Ada", "--role", "admin", "--password-stdin", "--db", db)
    assert says.startswith("Ada is an admin\nThis is the first account: from now on everybody has to log in")
    piped(monkeypatch, f"{SECRET}\r\n")
    says = done(capsys, "user", "add", "Vic", "--role", "viewer", "--password-stdin", "--db", db)
    assert says == "Vic is a viewer"
    with Store.open(db) as store:
        for name in ("Ada", "Vic"):
            assert asyncio.run(Accounts(store).entered(name, SECRET)) is not None


def test_a_password_is_typed_twice_on_a_terminal(
    with_ada: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    add = ("user", "add", "Ann", "--role", "author", "--db", with_ada)
    typed(monkeypatch, SECRET, SECRET + "!")
    assert "two different passwords" in refused(capsys, *add)
    asked = typed(monkeypatch, "short")
    assert "10 to 1,000 characters" in refused(capsys, *add)
    assert asked == ["Password of Ann: "]
    typed(monkeypatch, SECRET, SECRET)
    assert done(capsys, *add) == "Ann is an author"
    piped(monkeypatch, "")
    assert "--password-stdin, or use --invite" in refused(capsys, "user", "password", "Ann", "--db", with_ada)


def test_a_name_is_looked_at_before_a_password_is_typed(
    with_ada: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = typed(monkeypatch)
    for name, says in (("ADA", "already an account"), ("local", "choose another name"), ("a\u200bb", "cannot be seen")):
        assert says in refused(capsys, "user", "add", name, "--role", "viewer", "--db", with_ada)
    assert asked == []


def test_a_name_with_rankings_is_given_with_adopt_alone(
    with_ada: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(with_ada) as store:
        asyncio.run(_rank(store, "ann"))
    add = ("user", "add", "ann", "--role", "annotator", "--password-stdin", "--db", with_ada)
    piped(monkeypatch, SECRET)
    assert "--adopt" in refused(capsys, *add)
    piped(monkeypatch, SECRET)
    assert done(capsys, *add, "--adopt") == "ann is an annotator"


async def _rank(store: Store, annotator: str) -> None:
    shown = await keep_ballot(store)
    await store.keep_ranking(Ranking("k1", shown.id, (("A",), ("B",), ("C",)), NOON, annotator=annotator))


def test_accounts_are_listed_disabled_enabled_and_given_roles(
    with_ada: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    piped(monkeypatch, SECRET)
    done(capsys, "user", "add", "Ann", "--role", "annotator", "--password-stdin", "--db", with_ada)
    assert done(capsys, "user", "role", "ann", "author", "--db", with_ada) == "Ann is an author"
    assert "Ann is disabled" in done(capsys, "user", "disable", "ANN", "--db", with_ada)
    assert ", disabled since" in done(capsys, "user", "list", "--db", with_ada).splitlines()[1]
    records = [json.loads(line) for line in done(capsys, "user", "list", "--json", "--db", with_ada).splitlines()]
    assert [(one["name"], one["role"], one["disabled_at"] is None) for one in records] == [
        ("Ada", "admin", True),
        ("Ann", "author", False),
    ]
    assert done(capsys, "user", "enable", "Ann", "--db", with_ada) == "Ann may log in again"
    assert "Ada is the last admin" in refused(capsys, "user", "disable", "Ada", "--db", with_ada)
    assert "Ada is the last admin" in refused(capsys, "user", "role", "Ada", "viewer", "--db", with_ada)
    assert "no account 'Bob'" in refused(capsys, "user", "disable", "Bob", "--db", with_ada)


def test_a_new_password_and_logging_out_end_sessions_while_the_server_has_the_database_open(
    with_ada: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(with_ada) as server:
        sessions, accounts = Sessions(server), Accounts(server)
        ada = accounts.all()[0]
        first, _ = asyncio.run(sessions.begin(ada, "10.0.0.1", "Firefox"))
        piped(monkeypatch, "another secret\n")
        done(capsys, "user", "password", "Ada", "--password-stdin", "--db", with_ada)
        assert sessions.of(first) is None
        assert asyncio.run(accounts.entered("Ada", "another secret")) == ada
        second, began = asyncio.run(sessions.begin(ada, "10.0.0.1", "Firefox"))
        says = done(capsys, "user", "sessions", "Ada", "--db", with_ada)
        assert says.startswith(f"{began.id}  since ")
        assert says.endswith("10.0.0.1, Firefox")
        (record,) = done(capsys, "user", "sessions", "Ada", "--json", "--db", with_ada).splitlines()
        assert json.loads(record)["id"] == began.id
        assert done(capsys, "user", "sessions", "Ada", "--end", "--db", with_ada).endswith("; sessions that ended: 1")
        assert sessions.of(second) is None


def test_an_invitation_is_a_link_that_is_printed_once(with_ada: str, capsys: pytest.CaptureFixture[str]) -> None:
    with Store.open(with_ada) as store:
        asyncio.run(Studies(store).create(Study("s1", "Routing", NOON), []))
    link = done(
        capsys,
        *("user", "invite", "--role", "annotator", "--days", "3", "--study", "s1"),
        *("--url", "https://podium.example.org/", "--db", with_ada),
    )
    base, _, secret = link.rpartition("/")
    assert base == "https://podium.example.org/invitation"
    (line,) = done(capsys, "user", "invitations", "--db", with_ada).splitlines()
    assert "anybody as annotator, by command line (" in line
    assert line.endswith(", study s1")
    record = done(capsys, "user", "invitations", "--json", "--db", with_ada)
    assert secret not in line + record
    with Store.open(with_ada) as store:
        found = Invitations(store).look(secret)
        assert found is not None
        assert (found.role, (found.expires_at - found.made_at).days) == (Role.ANNOTATOR, 3)
        assert done(capsys, "user", "revoke", found.id, "--db", with_ada) == "the invitation is void"
        assert Invitations(store).look(secret) is None


def test_an_account_with_a_link_chooses_its_own_password(with_ada: str, capsys: pytest.CaptureFixture[str]) -> None:
    link = done(capsys, "user", "add", "Ann", "--role", "author", "--invite", "--db", with_ada)
    assert link.startswith("http://127.0.0.1:8000/invitation/")
    with Store.open(with_ada) as store:
        ann = asyncio.run(Invitations(store).accept(link.rpartition("/")[2], "", SECRET))
    assert (ann.name, ann.role) == ("Ann", Role.AUTHOR)


def test_nobody_is_invited_before_the_first_account(db: str, capsys: pytest.CaptureFixture[str]) -> None:
    Store.open(db).close()
    for command in (("invite",), ("add", "Ann", "--invite")):
        says = refused(capsys, "user", *command, "--role", "admin", "--db", db)
        assert "podium user add NAME --role admin" in says


def test_a_token_is_printed_once_listed_and_revoked(with_ada: str, capsys: pytest.CaptureFixture[str]) -> None:
    made = ("user", "token", "Ada", "--label", "nightly", "--scope", "read", "export", "--days", "30")
    secret = done(capsys, *made, "--db", with_ada)
    with Store.open(with_ada) as store:
        found = Tokens(store).of(secret)
        assert found is not None
        token = found[1]
        assert token.scopes == {"read", "export"}
        for whose in ((), ("Ada",)):
            line = done(capsys, "user", "tokens", *whose, "--db", with_ada)
            assert line.startswith(f"{token.id}  Ada: nightly (export, read), until ")
            assert line.endswith("never used")
        record = json.loads(done(capsys, "user", "tokens", "--json", "--db", with_ada))
        assert (record["scopes"], record["used_at"]) == (["export", "read"], None)
        done(capsys, "user", "revoke-token", token.id, "--db", with_ada)
        assert Tokens(store).of(secret) is None


def test_the_log_names_who_sat_at_the_command_line(
    with_ada: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "operator")
    secret = done(capsys, "user", "token", "Ada", "--label", "x", "--scope", "read", "--db", with_ada)
    link = done(capsys, "user", "invite", "--role", "viewer", "--db", with_ada)
    lines = done(capsys, "audit", "--db", with_ada).splitlines()
    assert [line[25:].split("  ")[0] for line in lines] == ["command line (operator)"] * 2 + ["command line (root)"]
    assert "invitation made" in lines[0]
    assert lines[1].split("token made")[1].strip().startswith("Ada: x: read, until ")
    records = done(capsys, "audit", "--json", "--limit", "2", "--db", with_ada)
    assert [json.loads(line)["act"] for line in records.splitlines()] == ["invitation made", "token made"]
    for hidden in (secret[4:], link.rpartition("/")[2], SECRET):
        assert hidden not in records + str(lines)
    assert len(done(capsys, "audit", "--subject", "Ada", "--act", "token made", "--db", with_ada).splitlines()) == 1
    assert done(capsys, "audit", "--actor", "nobody", "--db", with_ada) == ""
    assert "--act is one of" in refused(capsys, "audit", "--act", "flew", "--db", with_ada)


@pytest.mark.parametrize(
    "wrong",
    [
        ("user", "invite", "--role", "king"),
        ("user", "invite", "--role", "viewer", "--days", "0"),
        ("user", "token", "Ada", "--label", "x", "--scope", "everything"),
        ("user", "token", "Ada", "--label", "x"),
        ("user", "add", "Ann"),
        ("audit", "--limit", "0"),
    ],
)
def test_flags_that_make_no_sense_are_refused(wrong: tuple[str, ...], with_ada: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*wrong, "--db", with_ada])
    assert ended.value.code == 2

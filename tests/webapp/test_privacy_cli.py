"""`podium privacy` and the daily look of the server: what nobody asked for stays, and what was asked for goes."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.accounts.audit import Act, AuditLog
from storage.database import check
from storage.privacy.periods import Retention
from storage.store import Store
from tests.kept import ended, going, keep_whole, run
from tests.webapp.exported import fill
from webapp.cli import main
from webapp.retiring import Retiring
from webapp.settings import Settings, SettingsError

Podium = Callable[..., tuple[int, str, str]]


@pytest.fixture
def podium(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Podium:
    """Runs `podium` on a database with rankings of Ann and Bob; gives exit code, stdout and stderr."""
    monkeypatch.setenv("PODIUM_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PODIUM_DATABASE_URL", f"sqlite:///{tmp_path}/one.db")
    with Store.open(f"sqlite:///{tmp_path}/one.db") as store:
        asyncio.run(fill(store))

    def invoke(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        return code, *capsys.readouterr()

    return invoke


def annotators(folder: Path) -> set[str]:
    with Store.open(f"sqlite:///{folder}/one.db") as store:
        return {one.annotator for one, _ in store.iter_ranked()}


def test_forgetting_asks_first_and_says_what_it_did(
    podium: Podium, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, _ = podium("privacy", "forget", "bob", "--dry-run", "--json")
    assert (code, json.loads(out)["rankings"]) == (0, 2)
    code, _, err = podium("privacy", "forget", "bob")
    assert (code, "--yes" in err) == (2, True)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _: "bobby")
    assert podium("privacy", "forget", "bob")[0] == 1
    assert annotators(tmp_path) == {"Ann Lee", "bob"}
    monkeypatch.setattr("builtins.input", lambda _: "bob")
    assert podium("privacy", "forget", "bob")[0] == 0
    assert "bob" not in annotators(tmp_path)
    code, out, err = podium("privacy", "forget", "Ann Lee", "--rankings", "--yes", "--vacuum")
    assert (code, out) == (0, "forgotten: 2 rankings deleted, 0 texts deleted\n")
    assert "Backups" in err
    assert podium("privacy", "forget", "Ann Lee", "--yes")[0] == 2
    assert check(f"sqlite:///{tmp_path}/one.db") == []


def test_forgotten_people_have_no_keyed_pseudonym_in_exports(podium: Podium) -> None:
    before = {json.loads(line)["annotator"] for line in podium("export", "rankings")[1].splitlines()}
    podium("privacy", "forget", "bob", "--yes")
    after = {json.loads(line)["annotator"] for line in podium("export", "rankings")[1].splitlines()}
    assert len(before & after) == 1
    assert {one.partition("-")[0] for one in after - before} == {"forgotten"}


def test_retaining_needs_to_be_told_how_long(podium: Podium, monkeypatch: pytest.MonkeyPatch) -> None:
    assert podium("privacy", "retain")[0] == 2
    code, out, _ = podium("privacy", "retain", "--rankings-days", "1", "--dry-run")
    assert (code, "4 rankings" in out) == (0, True)
    monkeypatch.setenv("PODIUM_RETAIN_RANKINGS_DAYS", "1")
    monkeypatch.setenv("PODIUM_RETAIN_RUNS_DAYS", "1")
    code, out, _ = podium("privacy", "retain", "--json")
    found = json.loads(out)
    assert (code, found["rankings"], found["trajectories"]) == (0, 4, 6)
    assert podium("export", "rankings")[1] == ""


def test_settings_say_how_long_what_is_kept() -> None:
    assert Settings.from_environment({"PODIUM_RETAIN_RUNS_DAYS": "90"}).retention == Retention(runs_days=90)
    with pytest.raises(SettingsError, match="PODIUM_RETAIN_RUNS_DAYS"):
        Settings.from_environment({"PODIUM_RETAIN_RUNS_DAYS": "soon"})


async def test_the_server_looks_once_a_day_and_writes_it_down(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/one.db") as store:
        long_ago = datetime.now(UTC) - timedelta(days=40)
        whole = ended(going(1, "r1", started_at=long_ago), 1)
        await keep_whole(store, whole, run(asked_at=long_ago))
        looking = asyncio.create_task(Retiring(store, Retention(runs_days=30), first_s=0, every_s=3600).run())
        async with asyncio.timeout(20):
            while store.trajectory("t1") is not None or not AuditLog(store).entries():  # noqa: ASYNC110 - another task
                await asyncio.sleep(0.01)
        looking.cancel()
        await asyncio.wait([looking])
        assert [(one.actor, one.act) for one in AuditLog(store).entries()] == [("the server", str(Act.DATA_RETIRED))]

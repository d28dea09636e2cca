"""Others reach a server only where somebody has an account, or where it was said that anyone may do everything."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from webapp.server import check_binding
from webapp.settings import Settings, SettingsError

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.9"])
def test_this_machine_alone_needs_no_account(host: str) -> None:
    check_binding(Settings(host=host), any_account=False)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.23", "podium.example"])
def test_elsewhere_an_account_is_needed_and_the_refusal_says_how_to_make_one(host: str) -> None:
    with pytest.raises(SettingsError, match=r"podium user add NAME --role admin") as refused:
        check_binding(Settings(host=host), any_account=False)
    assert "PODIUM_ALLOW_ANYONE=1" in str(refused.value)
    check_binding(Settings(host=host), any_account=True)


def test_that_anyone_may_do_everything_is_said_loudly(capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings.from_environment({"PODIUM_HOST": "0.0.0.0", "PODIUM_ALLOW_ANYONE": "1"})
    check_binding(settings, any_account=False)
    assert "ANYONE WHO REACHES 0.0.0.0 MAY DO EVERYTHING" in capsys.readouterr().err


def test_serving_others_without_an_account_ends_with_code_2(tmp_path: Path) -> None:
    environment = {**os.environ, "PODIUM_DATA_DIR": str(tmp_path), "PODIUM_HOST": "0.0.0.0"}
    command = [sys.executable, "-m", "webapp", "serve", "--port", "0", "--policy", "random"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2
    assert "nobody has an account yet" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("name", "text"),
    [("PODIUM_TRUSTED_PROXIES", "proxy.example"), ("PODIUM_SESSION_HOURS", "long"), ("PODIUM_SESSION_HOURS", "0")],
)
def test_settings_of_accounts_that_make_no_sense_are_refused(name: str, text: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_environment({name: text})

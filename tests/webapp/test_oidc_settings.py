"""How the environment names a provider of OpenID Connect, and what a server says that cannot ask one."""

import socket
import sys
from pathlib import Path

import pytest

from storage.accounts.account import Role
from webapp.oidc.provider import Provider
from webapp.server import serve
from webapp.settings import Settings, SettingsError

GOOD = {
    "PODIUM_OIDC_ISSUER": "https://login.example.org/realms/ours",
    "PODIUM_OIDC_CLIENT_ID": "podium",
    "PODIUM_OIDC_CLIENT_SECRET": "kept well",
}


def test_a_provider_has_an_issuer_a_client_and_its_secret() -> None:
    assert Settings.from_environment({}).oidc is None
    found = Settings.from_environment(GOOD).oidc
    assert found == Provider(GOOD["PODIUM_OIDC_ISSUER"], "podium", "kept well")
    assert found.host == "login.example.org"
    assert "kept well" not in repr(found)
    assert found.newcomers is None
    opened = Settings.from_environment(GOOD | {"PODIUM_OIDC_NEWCOMERS": "Viewer"}).oidc
    assert opened is not None
    assert opened.newcomers is Role.VIEWER


def test_the_secret_may_be_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("kept well\n", encoding="utf-8")
    named = {name: value for name, value in GOOD.items() if "SECRET" not in name}
    found = Settings.from_environment(named | {"PODIUM_OIDC_CLIENT_SECRET_FILE": str(file)}).oidc
    assert found == Provider(GOOD["PODIUM_OIDC_ISSUER"], "podium", "kept well")
    with pytest.raises(SettingsError, match="not both"):
        Settings.from_environment(GOOD | {"PODIUM_OIDC_CLIENT_SECRET_FILE": str(file)})
    with pytest.raises(SettingsError, match="cannot be read"):
        Settings.from_environment(named | {"PODIUM_OIDC_CLIENT_SECRET_FILE": str(tmp_path / "none")})


@pytest.mark.parametrize("missing", GOOD)
def test_a_provider_that_is_half_named_is_refused(missing: str) -> None:
    with pytest.raises(SettingsError, match=f"set {missing}"):
        Settings.from_environment({name: value for name, value in GOOD.items() if name != missing})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PODIUM_OIDC_ISSUER", "http://login.example.org"),
        ("PODIUM_OIDC_ISSUER", "login.example.org"),
        ("PODIUM_OIDC_ISSUER", "https://login.example.org/?a=b"),
        ("PODIUM_OIDC_ISSUER", "https://user:word@login.example.org"),
        ("PODIUM_OIDC_NEWCOMERS", "admin"),
        ("PODIUM_OIDC_NEWCOMERS", "everybody"),
    ],
)
def test_an_issuer_that_could_be_overheard_and_admins_from_anywhere_are_refused(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_environment(GOOD | {name: value})


def test_a_server_without_the_library_does_not_start_and_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "authlib.oidc.core", None)
    settings = Settings(data_dir=tmp_path / "data", oidc=Provider("https://login.example.org", "podium", "secret"))
    with socket.socket() as listener, pytest.raises(SettingsError, match=r"pip install 'podium\[oidc\]'"):
        serve(settings, listener)
    assert not (tmp_path / "data").exists()

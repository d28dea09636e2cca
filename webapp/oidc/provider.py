"""The provider of OpenID Connect, as the environment names it."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from storage.accounts.account import Role

ISSUER: Final = "PODIUM_OIDC_ISSUER"
CLIENT_ID: Final = "PODIUM_OIDC_CLIENT_ID"
CLIENT_SECRET: Final = "PODIUM_OIDC_CLIENT_SECRET"  # noqa: S105 - the name of a variable
SECRET_FILE: Final = "PODIUM_OIDC_CLIENT_SECRET_FILE"  # noqa: S105
NEWCOMERS: Final = "PODIUM_OIDC_NEWCOMERS"
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_ROLES: Final = (Role.VIEWER, Role.ANNOTATOR, Role.AUTHOR)
_LIBRARY: Final = "authlib.oidc.core"


@dataclass(frozen=True, slots=True)
class Provider:
    """Who says who somebody is. Raises ValueError where the issuer is no address that can be trusted."""

    issuer: str
    """Exactly as the provider writes it."""
    client_id: str
    client_secret: str = field(repr=False)
    newcomers: Role | None = None
    """Role of whoever comes without an invitation; `None`: nobody gets in without one."""

    def __post_init__(self) -> None:
        parts = urlsplit(self.issuer)
        safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
        if not safe or not parts.hostname or parts.query or parts.fragment or parts.username is not None:
            raise ValueError(f"{ISSUER} must be an address such as https://login.example.org, without a query")

    @property
    def host(self) -> str:
        """By which people know it."""
        return urlsplit(self.issuer).netloc


def read_provider(environment: Mapping[str, str]) -> Provider | None:
    """The provider of the PODIUM_OIDC_… variables; `None` without any of them. Raises ValueError."""
    issuer, client_id = environment.get(ISSUER, "").strip(), environment.get(CLIENT_ID, "").strip()
    secret = _secret(environment)
    if not (issuer or client_id or secret):
        return None
    for name, value in ((ISSUER, issuer), (CLIENT_ID, client_id), (f"{CLIENT_SECRET} or {SECRET_FILE}", secret)):
        if not value:
            raise ValueError(f"to log in by OpenID Connect, set {name} too")
    return Provider(issuer, client_id, secret, _newcomers(environment.get(NEWCOMERS, "").strip().lower()))


def check_installed() -> None:
    """Raises ValueError where the library for it is missing."""
    try:
        importlib.import_module(_LIBRARY)
    except ImportError:
        raise ValueError(
            f"{ISSUER} is set, and what logging in by OpenID Connect needs is not installed: "
            "pip install 'podium[oidc]', or unset the PODIUM_OIDC_… variables"
        ) from None


def _secret(environment: Mapping[str, str]) -> str:
    secret, file = environment.get(CLIENT_SECRET, "").strip(), environment.get(SECRET_FILE, "").strip()
    if secret and file:
        raise ValueError(f"set {CLIENT_SECRET} or {SECRET_FILE}, not both")
    if not file:
        return secret
    try:
        found = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"the file that {SECRET_FILE} names cannot be read ({type(error).__name__})") from None
    if not found:
        raise ValueError(f"the file that {SECRET_FILE} names is empty")
    return found


def _newcomers(text: str) -> Role | None:
    if not text:
        return None
    if text not in _ROLES:
        raise ValueError(f"{NEWCOMERS} must be {', '.join(_ROLES[:-1])} or {_ROLES[-1]}, or unset: invited people only")
    return Role(text)

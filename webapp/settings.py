"""How this process was asked to run: flags first, then the environment, then defaults. Read once, at the start."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from webapp.operations.logs import LogForm

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8000
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class SettingsError(ValueError):
    """A flag or an environment variable makes no sense; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that the command line and the environment can say."""

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    data_dir: Path = Path.home() / ".local" / "share" / "podium"
    database_url: str | None = None
    """`None`: an SQLite file in `data_dir`."""
    pool: Path | None = None
    """`None`: the rehearsal pool."""
    policy: str | None = None
    """SPEC; `None`: the default."""
    documents: Path | None = None
    allowed_hosts: frozenset[str] = frozenset()
    """Further host names by which this server is called, such as a proxy's."""
    pace: float = 1.0
    """How much of their declared latency stand-ins really wait; 0 is none."""
    prompt_profile: str | None = None
    """How an `openai:` or `transformers:` policy is prompted; `None`: as the pool file says, else the default."""
    tokenizer: Path | None = None
    """The orchestrator's `tokenizer.json`, or the folder that holds it."""
    discover: bool = False
    """Look for model servers on loopback, to offer them."""
    redact: Path | None = None
    """Regular expressions, one on each line, of what is struck out of what is shared beside keys and addresses."""
    audience: tuple[str, int] | None = None
    """Host and port of a second listener, for the phones of an audience alone; `None`: they join at the app itself."""
    audience_url: str | None = None
    """By which phones reach that listener where its own address is not it, such as that of a tunnel."""
    log: LogForm = LogForm.TEXT

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Settings of the PODIUM_… variables; raises SettingsError."""
        found = cls()
        if text := environment.get("PODIUM_DATA_DIR"):
            found = replace(found, data_dir=Path(text))
        if text := environment.get("PODIUM_PORT"):
            found = replace(found, port=port_number(text, "PODIUM_PORT"))
        if text := environment.get("PODIUM_POOL"):
            found = replace(found, pool=Path(text))
        if text := environment.get("PODIUM_AUDIENCE"):
            found = replace(found, audience=host_and_port(text, "PODIUM_AUDIENCE"))
        if text := environment.get("PODIUM_AUDIENCE_URL"):
            found = replace(found, audience_url=web_address(text, "PODIUM_AUDIENCE_URL"))
        if text := environment.get("PODIUM_PACE"):
            found = replace(found, pace=_pace(text))
        hosts = environment.get("PODIUM_ALLOWED_HOSTS", "").lower().split(",")
        return replace(
            found,
            allowed_hosts=frozenset(host.strip() for host in hosts if host.strip()),
            host=environment.get("PODIUM_HOST") or found.host,
            database_url=environment.get("PODIUM_DATABASE_URL") or None,
            policy=environment.get("PODIUM_POLICY") or None,
            prompt_profile=environment.get("PODIUM_PROMPT_PROFILE") or None,
            tokenizer=Path(text) if (text := environment.get("PODIUM_TOKENIZER")) else None,
            redact=Path(text) if (text := environment.get("PODIUM_REDACT")) else None,
            log=_log_form(environment.get("PODIUM_LOG") or LogForm.TEXT),
            discover=environment.get("PODIUM_DISCOVER", "1").strip().lower() not in ("0", "no", "off", "false"),
        )

    @property
    def names(self) -> frozenset[str]:
        """Host names by which this server may be called; empty is any. On loopback nobody else needs another name."""
        return LOOPBACK | self.allowed_hosts if self.host in LOOPBACK else self.allowed_hosts

    @property
    def database(self) -> str:
        """The database's URL."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'podium.sqlite3').absolute()}"


def port_number(text: str, name: str) -> int:
    """A TCP port from 0 (any free one) to 65535; raises SettingsError."""
    if not text.isdecimal() or int(text) > 65535:
        raise SettingsError(f"{name} must be a port number from 0 to 65535, not {text!r}")
    return int(text)


def host_and_port(text: str, name: str) -> tuple[str, int]:
    """An address to listen on, such as `192.168.1.23:8080` or `[::]:8080`; raises SettingsError."""
    host, colon, port = text.strip().rpartition(":")
    if not colon or not host:
        raise SettingsError(f"{name} must be HOST:PORT, such as 192.168.1.23:8080, not {text!r}")
    return host.removeprefix("[").removesuffix("]"), port_number(port, f"the port of {name}")


def web_address(text: str, name: str) -> str:
    """An http or https address without query; raises SettingsError."""
    parts = urlsplit(text.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise SettingsError(f"{name} must be an address such as https://talk.example.org, not {text!r}")
    return text.strip().rstrip("/")


def _log_form(text: str) -> LogForm:
    try:
        return LogForm(text.strip().lower())
    except ValueError:
        raise SettingsError(f"PODIUM_LOG must be {' or '.join(LogForm)}, not {text!r}") from None


def _pace(text: str) -> float:
    try:
        pace = float(text)
    except ValueError:
        pace = -1.0
    if not 0 <= pace <= 100:
        raise SettingsError(f"PODIUM_PACE must be a number from 0 to 100, not {text!r}")
    return pace

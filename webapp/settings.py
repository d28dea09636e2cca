"""How this process was asked to run: flags first, then the environment, then defaults. Read once, at the start."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from storage.privacy.periods import FOREVER, Retention
from webapp.oidc.provider import Provider, read_provider
from webapp.operations.logs import LogForm

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8000
DEFAULT_STOP_WITHIN_S = 10.0
DEFAULT_LEAST_FREE_MB = 50.0
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
DEFAULT_PROXIES = "127.0.0.1,::1"
DEFAULT_SESSION_HOURS = 24.0 * 14


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
    stop_within_s: float = DEFAULT_STOP_WITHIN_S
    """Seconds from the signal to stop until the process has ended; what runs may finish its step meanwhile."""
    least_free_mb: float = DEFAULT_LEAST_FREE_MB
    """Free space on the disk, in MB, below which the process says that it is not ready."""
    allow_anyone: bool = False
    """Let whoever reaches the server do everything while there is no account, also from elsewhere."""
    trusted_proxies: str = DEFAULT_PROXIES
    """Addresses and networks, with commas between, whose word on where a request comes from is believed; `*`: all."""
    session_hours: float = DEFAULT_SESSION_HOURS
    """After which somebody logs in again."""
    retention: Retention = FOREVER
    """How long what is kept."""
    oidc: Provider | None = None
    """Whose login people may use beside names and passwords."""

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
            allow_anyone=environment.get("PODIUM_ALLOW_ANYONE", "0").strip().lower() in ("1", "yes", "on", "true"),
            trusted_proxies=_proxies(environment.get("PODIUM_TRUSTED_PROXIES") or DEFAULT_PROXIES),
            session_hours=_hours(environment.get("PODIUM_SESSION_HOURS") or str(DEFAULT_SESSION_HOURS)),
            stop_within_s=_number(environment, "PODIUM_STOP_WITHIN_S", DEFAULT_STOP_WITHIN_S, "seconds", 3600),
            least_free_mb=_number(environment, "PODIUM_LEAST_FREE_MB", DEFAULT_LEAST_FREE_MB, "megabytes", 1e9),
            retention=_retention(environment),
            oidc=_oidc(environment),
            log=_log_form(environment.get("PODIUM_LOG") or LogForm.TEXT),
            discover=environment.get("PODIUM_DISCOVER", "1").strip().lower() not in ("0", "no", "off", "false"),
        )

    @property
    def loopback(self) -> bool:
        """Whether only programs on this machine reach it."""
        return is_loopback(self.host)

    @property
    def names(self) -> frozenset[str]:
        """Host names by which this server may be called; empty is any. On loopback nobody else needs another name."""
        return LOOPBACK | self.allowed_hosts if self.host in LOOPBACK else self.allowed_hosts

    @property
    def database(self) -> str:
        """The database's URL."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'podium.sqlite3').absolute()}"


def is_loopback(host: str) -> bool:
    """Whether only programs on this machine reach that address."""
    try:
        return host in LOOPBACK or ip_address(host).is_loopback
    except ValueError:
        return False


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


def _proxies(text: str) -> str:
    """The same without spaces; raises SettingsError."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    try:
        for part in parts:
            if part != "*":
                ip_network(part, strict=False)
    except ValueError:
        raise SettingsError(
            f"PODIUM_TRUSTED_PROXIES must be addresses such as 10.0.0.7,10.1.0.0/16, not {text!r}"
        ) from None
    return ",".join(parts)


def _retention(environment: Mapping[str, str]) -> Retention:
    try:
        return Retention.read(environment)
    except ValueError as error:
        raise SettingsError(str(error)) from None


def _oidc(environment: Mapping[str, str]) -> Provider | None:
    try:
        return read_provider(environment)
    except ValueError as error:
        raise SettingsError(str(error)) from None


def _hours(text: str) -> float:
    try:
        hours = float(text)
    except ValueError:
        hours = 0.0
    if not 0.1 <= hours <= 24 * 366:
        raise SettingsError(f"PODIUM_SESSION_HOURS must be a number of hours from 0.1 to a year, not {text!r}")
    return hours


def _number(environment: Mapping[str, str], name: str, default: float, unit: str, most: float) -> float:
    """A number of that unit from 0 to `most`; raises SettingsError."""
    text = environment.get(name) or str(default)
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found <= most:
        raise SettingsError(f"{name} must be a number of {unit} from 0 to {most:g}, not {text!r}")
    return found


def _pace(text: str) -> float:
    try:
        pace = float(text)
    except ValueError:
        pace = -1.0
    if not 0 <= pace <= 100:
        raise SettingsError(f"PODIUM_PACE must be a number from 0 to 100, not {text!r}")
    return pace

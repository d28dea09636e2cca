"""The database as a whole: open it by URL, bring its schema up to date, check it."""

from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, func, make_url, select
from sqlalchemy.exc import ArgumentError

from storage import integrity, sqlite
from storage.errors import (
    READ_ONLY,
    StoreCorrupt,
    StoreReadOnly,
    StoreUnreachable,
    StoreVersion,
    told_plainly,
)

_POSTGRES: Final = ("postgresql", "postgresql+psycopg")
_CONNECTION: Final = {
    "application_name": "podium",
    "connect_timeout": "5",
    "tcp_user_timeout": "15000",
    "keepalives_idle": "10",
    "options": "-c lock_timeout=10s -c idle_in_transaction_session_timeout=10s",
}
"""How PostgreSQL is connected to unless the URL says otherwise: nobody waits for ever for a server that is gone, and a
process that is frozen in the middle of a transaction does not hold up the others."""
IDLE: Final = 16
"""Connections that are kept for the next request; to open one costs PostgreSQL a process each time."""
_UPGRADING: Final = 0x504F4449554D
"""Key of the lock under which one process upgrades a PostgreSQL schema."""


def open_engine(url: str, *, create: bool = True) -> Engine:
    """An engine for `sqlite:///FILE`, `sqlite://` (in memory, shared by threads) or `postgresql://…`.

    Raises StoreUnreachable for an address that cannot be understood or opened; `create` allows a new SQLite file.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise StoreUnreachable(
            f"{_nameless(url)!r} is not a database URL: write sqlite:///FILE or postgresql://USER@HOST/NAME"
        ) from error
    if parsed.get_backend_name() == "sqlite":
        return sqlite.open_sqlite(parsed, create=create)
    if parsed.drivername not in _POSTGRES:
        raise StoreUnreachable(f"Podium keeps its data in SQLite or PostgreSQL, not in {parsed.drivername}")
    try:
        own = {name: value for name, value in _CONNECTION.items() if name not in parsed.query}
        return create_engine(
            parsed.set(drivername=_POSTGRES[1]),
            pool_pre_ping=True,
            pool_size=IDLE,
            max_overflow=-1,
            connect_args=own,
            hide_parameters=True,
        )
    except ModuleNotFoundError as error:
        raise StoreUnreachable("PostgreSQL needs a driver: pip install 'podium[postgres]'") from error


def _nameless(url: str) -> str:
    """A mistyped address without what stands before its last @ and behind its first ?: either may be a password."""
    before, at, rest = url.rpartition("@")
    return "…" if "?" in before else f"{'…@' if at else ''}{rest.partition('?')[0]}"


def named(engine: Engine) -> str:
    """The database in a message, without its password, which may stand in the query as well."""
    if engine.dialect.name == "sqlite":
        return sqlite.place(engine)
    return engine.url.set(query={}).render_as_string(hide_password=True)


def writing(engine: Engine) -> Engine:
    """The same engine for transactions that write."""
    return engine.execution_options(**{sqlite.WRITES: True})


def read_only(engine: Engine) -> bool:
    """Whether the database was opened for reading."""
    return sqlite.is_read_only(engine)


def upgrade(url: str) -> None:
    """Create the database, or bring its schema up to date. Raises StoreError."""
    engine = open_engine(url)
    try:
        upgrade_engine(engine)
    finally:
        engine.dispose()


def upgrade_engine(engine: Engine) -> None:
    """Bring the schema up to date in one transaction. Raises StoreVersion for a database of a newer Podium."""
    with told_plainly(named(engine)), engine.connect() as connection:
        if version_problem(connection) is None:
            return
    if read_only(engine):
        raise StoreReadOnly(f"its schema must be brought up to date first, but {READ_ONLY}")
    with told_plainly(named(engine)), writing(engine).begin() as connection:
        if engine.dialect.name == "postgresql":  # SQLite holds its write lock by now.
            upgrade_alone(connection)
        if (foreign := foreign_version(connection)) is not None:
            raise StoreVersion(foreign)
        bring(connection, "head")


def upgrade_alone(connection: Connection) -> None:
    """Wait, as long as it takes, until no other process changes the schema of a PostgreSQL database."""
    for setting in ("lock_timeout", "idle_in_transaction_session_timeout"):
        connection.execute(select(func.set_config(setting, "0", True)))
    connection.execute(select(func.pg_advisory_xact_lock(_UPGRADING)))


def migrate(url: str, to: str) -> None:
    """Bring the schema to that version, newer or older; an older one loses what came with later ones.

    Raises StoreError. For tests and measurements: nobody else may use the database meanwhile.
    """
    engine = open_engine(url)
    try:
        with told_plainly(named(engine)), writing(engine).begin() as connection:
            bring(connection, to)
    finally:
        engine.dispose()


def version_problem(connection: Connection) -> str | None:
    """Why the schema is not the one of this version; `None` where it is."""
    foreign = foreign_version(connection)
    if foreign is not None:
        return foreign
    needed = newest_version()
    current = MigrationContext.configure(connection).get_current_revision()
    if current == needed:
        return None
    return f"its schema is {current or 'empty'}, this version needs {needed}: run `podium db upgrade`"


def newest_version() -> str | None:
    """The version of the schema that this Podium needs."""
    return ScriptDirectory.from_config(_settings()).get_current_head()


def check(url: str) -> list[str]:
    """What is wrong with a database, in words; empty where all is well. Raises StoreUnreachable where there is none."""
    engine = open_engine(url, create=False)
    try:
        with told_plainly(named(engine)), engine.connect() as connection:
            problem = version_problem(connection)
            return integrity.problems(connection) if problem is None else [problem]
    except StoreCorrupt as damage:
        return [str(damage)]
    finally:
        engine.dispose()


def schema_version(connection: Connection) -> str | None:
    """The version of the schema that is there; `None` where there is none."""
    version: str | None = MigrationContext.configure(connection).get_current_revision()
    return version


def foreign_version(connection: Connection) -> str | None:
    """Why the schema is none that this Podium knows; `None` where it is one."""
    known = {script.revision for script in ScriptDirectory.from_config(_settings()).walk_revisions()}
    strange = set(MigrationContext.configure(connection).get_current_heads()) - known
    if not strange:
        return None
    return (
        f"the database was made by a newer Podium (its schema is {', '.join(sorted(strange))}): "
        "update Podium, or choose another database with --db"
    )


def bring(connection: Connection, to: str) -> None:
    """Upgrade, or take back where the schema is newer than that; in the transaction of this connection."""
    settings = _settings()
    settings.attributes["connection"] = connection
    current = MigrationContext.configure(connection).get_current_revision()
    behind = ScriptDirectory.from_config(settings).walk_revisions("base", current) if current else ()
    move = command.downgrade if to in {script.revision for script in behind} else command.upgrade
    move(settings, to)


def _settings() -> Config:
    settings = Config()
    settings.set_main_option("script_location", "storage:migrations")
    return settings

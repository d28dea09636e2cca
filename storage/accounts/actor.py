"""Who does something: an account, or a person at the server's own command line."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Actor:
    """As the log names it."""

    name: str
    account: str | None = None
    """Id of the account; `None` at the command line and in single-user mode."""
    address: str | None = None
    """Where a request came from."""
    console: bool = False
    """Whether this person has the server's database in hand, and so may do everything. Never true of a request."""

    @classmethod
    def at_console(cls, login: str) -> Self:
        """The person of that login at the machine's command line."""
        return cls(f"command line ({login})", console=True)

"""Passwords: argon2id, and what a new one has to be.

Hashing takes a tenth of a second and 64 MiB. It runs in two threads of its own: not in the event loop, not in the
thread that writes, and never so often at once that the memory runs out.
"""

import asyncio
import secrets
import unicodedata
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from storage.accounts.names import folded

SHORTEST: Final = 10
LONGEST: Final = 1_000
"""Characters."""


class BadPassword(ValueError):
    """This cannot be a new password; the message says why, without it."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one hash costs. The default is the second choice of RFC 9106, for machines with little memory."""

    passes: int = 3
    memory_kib: int = 64 * 1024
    lanes: int = 4


_THREADS: Final = ThreadPoolExecutor(2, "podium-password")
_cost = Cost()


def set_cost(cost: Cost) -> None:
    """From now on new hashes cost that much; those that are kept cost what they did."""
    global _cost  # noqa: PLW0603 - one process hashes in one way
    _cost = cost


def hash_password(text: str) -> str:
    """What to keep of a password. Takes about 0.1 s: call `hashed` from the event loop."""
    return _hasher(_cost).hash(_bytes(text))


def password_fits(text: str, hashed: str | None) -> bool:
    """Whether it is the password. Without a hash it takes as long, and is false. Call `fits` from the event loop."""
    possible = hashed is not None and len(text) <= LONGEST
    known = hashed if possible and hashed is not None else _of_nobody(_cost)
    try:
        return _hasher(_cost).verify(known, _bytes(text[:LONGEST])) and possible
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False


def outdated(hashed: str) -> bool:
    """Whether it costs another amount than new hashes do; the next login makes it anew."""
    return _hasher(_cost).check_needs_rehash(hashed)


async def hashed(text: str) -> str:
    """As `hash_password`, without holding up the event loop."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, hash_password, text)


async def fits(text: str, hashed: str | None) -> bool:
    """As `password_fits`, without holding up the event loop."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, password_fits, text, hashed)


def check_new_password(text: str, name: str = "") -> None:
    """Raises BadPassword where it is too short or too long, or is the name of the account."""
    if not SHORTEST <= len(text) <= LONGEST:
        raise BadPassword(f"a password has {SHORTEST} to {LONGEST:,} characters, not {len(text):,}")
    if len(set(text)) < 4:
        raise BadPassword("a password has at least four different characters")
    if name and folded(text) == folded(name):
        raise BadPassword("a password is not the name of its account")


def _bytes(text: str) -> bytes:
    """Keyboards compose the same letter in different ways."""
    return unicodedata.normalize("NFKC", text).encode("utf-8", "surrogatepass")


@cache
def _hasher(cost: Cost) -> PasswordHasher:
    return PasswordHasher(time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=cost.lanes)


@cache
def _of_nobody(cost: Cost) -> str:
    """What looks like a hash, of no password; checking it costs what checking a real one does."""
    salt, made = (b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (16, 32))
    return f"$argon2id$v=19$m={cost.memory_kib},t={cost.passes},p={cost.lanes}${salt}${made}"

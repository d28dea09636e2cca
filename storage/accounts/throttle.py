"""How often somebody may try to log in. Kept in the database, so that all processes count together.

Of one name five attempts in a quarter of an hour, from one address twenty. Where from somebody logged in lately, that
name is counted apart: whoever tries that name from elsewhere, for days if they like, cannot keep its owner out there.
Who shares that address can, and so can anybody where the owner comes from a new one.
"""

import ipaddress
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import ColumnElement, Connection, delete, insert, select

from storage.accounts.clock import now_utc
from storage.accounts.names import folded
from storage.accounts.secret import sha256
from storage.accounts.tables import LOGIN_FAILURE, LOGIN_PLACE
from storage.study_assignments import alone
from storage.study_records import aware

if TYPE_CHECKING:
    from storage.store import Store

WINDOW: Final = timedelta(minutes=15)
OF_NAME: Final = 5
"""Attempts of one name in that time."""
OF_PLACE: Final = 20
"""Attempts from one address in that time, whatever the names."""
LATELY: Final = timedelta(days=30)
"""So long an address is known as one where from that name logs in."""
_IPV6_NETWORK: Final = 64
"""Bits; one subscriber has at least so large a network."""


class LoginThrottle:
    """The attempts that a store counts. Names are folded here: any spelling counts as the same."""

    def __init__(self, store: "Store", clock: Callable[[], datetime] = now_utc) -> None:
        self._store = store
        self._clock = clock

    def wait_s(self, name: str, address: str) -> float:
        """Seconds to wait until that name may be tried from that address; 0: now. Counts nothing."""
        key = _key(name, address)
        return self._store.read(lambda connection: _wait_s(connection, key, self._clock()))

    async def attempt(self, name: str, address: str) -> float:
        """Count an attempt as failed, before the password is looked at, and give 0; or seconds to wait, uncounted.

        Counted at once, so that a thousand attempts at the same moment are not all the first one.
        """
        key = _key(name, address)

        def write(connection: Connection) -> float:
            alone(connection)
            now = self._clock()
            connection.execute(delete(LOGIN_FAILURE).where(LOGIN_FAILURE.c.failed_at <= now - WINDOW))
            wait_s = _wait_s(connection, key, now)
            if wait_s <= 0:
                _fail(connection, key, now)
            return wait_s

        return await self._store.write(write)

    async def succeeded(self, name: str, address: str) -> None:
        """Forget the failures of that name from that address, and know it as one where from this name logs in."""
        name_sha256, place = _key(name, address)

        def write(connection: Connection) -> None:
            alone(connection)
            now = self._clock()
            own = (LOGIN_FAILURE.c.name_sha256 == name_sha256) & (LOGIN_FAILURE.c.place == place)
            connection.execute(delete(LOGIN_FAILURE).where(own))
            this = (LOGIN_PLACE.c.name_sha256 == name_sha256) & (LOGIN_PLACE.c.place == place)
            connection.execute(delete(LOGIN_PLACE).where(this | (LOGIN_PLACE.c.at < now - LATELY)))
            connection.execute(insert(LOGIN_PLACE), {"name_sha256": name_sha256, "place": place, "at": now})

        await self._store.write(write)


def _key(name: str, address: str) -> tuple[str, str]:
    return sha256(folded(name)), place_of(address)


def place_of(address: str) -> str:
    """The address, or the network of an IPv6 address: its owner has as many addresses as they like."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "".join(one for one in address[:100] if one.isprintable()) or "unknown"
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, _IPV6_NETWORK), strict=False))


def _fail(connection: Connection, key: tuple[str, str], now: datetime) -> None:
    name_sha256, place = key
    connection.execute(insert(LOGIN_FAILURE), {"name_sha256": name_sha256, "place": place, "failed_at": now})


def _wait_s(connection: Connection, key: tuple[str, str], now: datetime) -> float:
    name_sha256, place = key
    name, here = LOGIN_FAILURE.c.name_sha256 == name_sha256, LOGIN_FAILURE.c.place == place
    known = select(LOGIN_PLACE.c.place).where(LOGIN_PLACE.c.name_sha256 == name_sha256, LOGIN_PLACE.c.at > now - LATELY)
    if place in set(connection.execute(known).scalars()):
        return _left_s(connection, name & here, OF_NAME, now)
    elsewhere = name & LOGIN_FAILURE.c.place.not_in(known)
    return max(_left_s(connection, elsewhere, OF_NAME, now), _left_s(connection, here, OF_PLACE, now))


def _left_s(connection: Connection, which: ColumnElement[bool], most: int, now: datetime) -> float:
    """Seconds until fewer than that many of these failures are left in the window."""
    recent = select(LOGIN_FAILURE.c.failed_at).where(which, LOGIN_FAILURE.c.failed_at > now - WINDOW)
    newest = recent.order_by(LOGIN_FAILURE.c.failed_at.desc(), LOGIN_FAILURE.c.sequence.desc())
    moment = connection.execute(newest.offset(most - 1).limit(1)).scalar()
    return 0.0 if moment is None else max((aware(moment) + WINDOW - now).total_seconds(), 0.0)

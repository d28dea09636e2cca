"""How often something may be done, for each who does it: a bucket of tokens that fills again with time."""

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import AddressValueError, IPv6Address
from typing import Final

MOST_KEYS: Final = 10_000
"""Who was here longest ago is forgotten first."""


class Limit:
    """At most `burst` at once, and `per_s` a second after that, for each key."""

    def __init__(self, burst: float, per_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst = burst
        self._per_s = per_s
        self._clock = clock
        self._left: OrderedDict[object, tuple[float, float]] = OrderedDict()
        """Key to tokens left, and when."""

    def take(self, key: object) -> float:
        """Take a token: 0 where there was one, else the seconds until there is."""
        now = self._clock()
        left, at = self._left.pop(key, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._per_s)
        wait = 0.0 if left >= 1 else (1 - left) / self._per_s
        self._left[key] = (left - 1 if left >= 1 else left, now)
        if len(self._left) > MOST_KEYS:
            self._left.popitem(last=False)
        return wait


def household(address: str) -> str:
    """What counts as one address: a machine has a whole network of IPv6 addresses to choose from, /64."""
    try:
        parts = IPv6Address(address.partition("%")[0])
    except AddressValueError:
        return address
    return str(parts.ipv4_mapped or IPv6Address(int(parts) >> 64 << 64))

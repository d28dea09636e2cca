"""Chance that repeats: numbers drawn from a stable hash, the same in every process and on every machine."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def draw(*key: object) -> float:
    """A number in [0, 1) that depends on the key alone."""
    digest = hashlib.blake2b("\x1f".join(map(str, key)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def pick(options: Sequence[T], *key: object) -> T:
    """One of the options, the same for the same key; raises IndexError if there are none."""
    return options[int(draw(*key) * len(options))]


class Dice:
    """A stream of draws from one key, for generators."""

    def __init__(self, *key: object) -> None:
        self._key = key
        self._draws = 0

    def between(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        self._draws += 1
        return low + int(draw(*self._key, self._draws) * (high - low + 1))

    def one_of(self, options: Sequence[T]) -> T:
        """One of the options."""
        return options[self.between(0, len(options) - 1)]

    def several(self, options: Sequence[T], count: int) -> list[T]:
        """So many different places of the options, in random order."""
        left = list(options)
        return [left.pop(self.between(0, len(left) - 1)) for _ in range(count)]

"""Names as whole numbers, which is what everything below counts with."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import chain
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.intp]
Names = Sequence[str] | NDArray[np.str_]
T = TypeVar("T", bound=Hashable)


def coded(*columns: Names) -> tuple[tuple[str, ...], tuple[Codes, ...]]:
    """The names in rising order, and each column as places in them. The columns share the names."""
    places: defaultdict[str, int] = _places()
    codes = tuple(_codes(places.__getitem__, _plain(column), len(column)) for column in columns)
    return in_order(list(places), codes)


def coded_rows(rows: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], Codes, Codes]:
    """The names in rising order, the rows one after another as places in them, and the length of each row."""
    places: defaultdict[str, int] = _places()
    lengths = np.fromiter(map(len, rows), np.intp, len(rows))
    codes = _codes(places.__getitem__, chain.from_iterable(rows), int(lengths.sum()))
    names, (flat,) = in_order(list(places), (codes,))
    return names, flat, lengths


def numbered(keys: Sequence[T] | NDArray[np.generic]) -> Codes:
    """Equal keys get equal numbers, from 0 in the order in which they first come."""
    places: defaultdict[T, int] = _places()
    return _codes(places.__getitem__, _plain(keys), len(keys))


def in_order(names: list[str], columns: tuple[Codes, ...]) -> tuple[tuple[str, ...], tuple[Codes, ...]]:
    """The same with the names sorted, so that nothing depends on the order in which they came."""
    order = sorted(range(len(names)), key=names.__getitem__)
    if order == list(range(len(names))):
        return tuple(names), columns
    place = np.empty(len(names), np.intp)
    place[order] = np.arange(len(names))
    return tuple(names[at] for at in order), tuple(place[column] for column in columns)


def _places() -> defaultdict[T, int]:
    places: defaultdict[T, int] = defaultdict()
    places.default_factory = places.__len__
    return places


def _plain(column: Sequence[T] | NDArray[np.generic]) -> Iterable[T]:
    """A Python list, because looking up its strings is faster than making one from each cell of an array."""
    return cast(list[T], column.tolist()) if isinstance(column, np.ndarray) else column


def _codes(place: Callable[[T], int], values: Iterable[T], count: int) -> Codes:
    return np.fromiter(map(place, values), np.intp, count)

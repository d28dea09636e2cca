"""Arrays that grow at their last axis, at amortised constant cost per entry."""

from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

Scalar = TypeVar("Scalar", bound=np.generic)


class Growing(Generic[Scalar]):
    """An array of fixed leading shape whose last axis can be appended to. `values` is a view and goes stale."""

    __slots__ = ("_kept", "count")

    def __init__(self, lead: tuple[int, ...], dtype: DTypeLike) -> None:
        self._kept: NDArray[Scalar] = np.empty((*lead, 0), dtype)
        self.count = 0

    @property
    def values(self) -> NDArray[Scalar]:
        """What was appended: leading shape × count."""
        view: NDArray[Scalar] = self._kept[..., : self.count]
        return view

    def append(self, more: NDArray[Any]) -> None:
        """Add entries of the same leading shape."""
        end = self.count + more.shape[-1]
        if end > self._kept.shape[-1]:
            room = max(end, 2 * self._kept.shape[-1]) if self.count else end
            grown = np.empty((*self._kept.shape[:-1], room), self._kept.dtype)
            grown[..., : self.count] = self.values
            self._kept = grown
        self._kept[..., self.count : end] = more
        self.count = end

    def keep(self, mask: NDArray[np.bool_]) -> None:
        """Forget the entries where `mask` is false."""
        self._kept = np.ascontiguousarray(self.values[..., mask])
        self.count = self._kept.shape[-1]

    def widen(self, rows: int) -> None:
        """Add so many rows of zeros to the axis before the last."""
        shape = (*self._kept.shape[:-2], rows, self._kept.shape[-1])
        self._kept = np.concatenate([self._kept, np.zeros(shape, self._kept.dtype)], axis=-2)

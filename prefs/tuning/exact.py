"""Dollars, seconds and weights as whole numbers, so that sums, ties and thresholds are exact and fast in int64."""

from collections.abc import Iterable, Sequence
from decimal import Decimal, localcontext
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
SCALE_BITS: Final = 38
"""A scaled element of M(τ) is a whole number of 2⁻³⁸."""
WEIGHT_UNITS: Final = 1_000_000
"""A weight is read to six decimals."""
MOST_COLUMNS: Final = 32
"""So many products of a weight and a scaled element can be added up without leaving 64 bits."""
_MOST_INT64: Final = 2**62


def weight_units(weight: float) -> int:
    """A weight from 0 to 1 in millionths."""
    return round(weight * WEIGHT_UNITS)


def decimal_units(amounts: Iterable[Decimal]) -> tuple[list[int], int]:
    """The amounts as whole multiples of one power of ten, and its exponent. Nothing is rounded."""
    listed = list(amounts)
    exponent = min((_exponent(amount) for amount in listed), default=0)
    with localcontext() as context:
        context.prec = 1_000
        return [int(amount.scaleb(-exponent)) for amount in listed], exponent


def _exponent(amount: Decimal) -> int:
    found = amount.as_tuple().exponent
    if not isinstance(found, int):
        raise ValueError(f"dollars must be a finite number, not {amount}")
    return min(found, 0)


def binary_units(seconds: Iterable[float]) -> list[int]:
    """The floats as whole multiples of one power of two. Nothing is rounded; raises ValueError unless finite."""
    try:
        ratios = [value.as_integer_ratio() for value in map(float, seconds)]
    except (OverflowError, ValueError):
        raise ValueError("seconds must be finite numbers") from None
    shared = max((denominator for _, denominator in ratios), default=1)
    return [numerator * (shared // denominator) for numerator, denominator in ratios]


def on_scale(units: Sequence[int], *, falling: bool = False) -> list[int]:
    """(x − min) / (max − min) in units of 2⁻³⁸, rounded; 0 where max = min. `falling`: the least is best."""
    low, high = min(units), max(units)
    span = high - low
    if not span:
        return [0] * len(units)
    above = ((high - unit if falling else unit - low) for unit in units)
    return [((one << (SCALE_BITS + 1)) // span + 1) >> 1 for one in above]


def summable(units: Sequence[int]) -> NDArray[Any]:
    """The units as an array of which any part sums up exactly: int64 where all together fit, else Python's own."""
    return np.array(units, dtype=np.int64 if sum(units) < _MOST_INT64 else object)


def dollars(units: int, exponent: int) -> Decimal:
    """The amount of these units, exactly."""
    return Decimal(f"{units}E{exponent}")

"""Tails of the distributions that agreement is tested with: the one module here that knows scipy."""

from scipy import special


def chi_squared_tail(value: float, freedom: int) -> float:
    """Probability that χ² with so many degrees of freedom is at least the value."""
    return float(special.chdtrc(freedom, value))

"""Which items can be placed against which (Ford 1957; Hunter, Annals of Statistics 32, 2004, assumption 1)."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

MOST_NAMED: Final = 5


class NoEstimate(ValueError):
    """The strengths have no finite or no unique best value; the message says between which items."""


def linked(wins: NDArray[np.float64], *, strong: bool = False) -> NDArray[np.intp]:
    """The part that each item belongs to, parts numbered from the largest.

    Between parts nothing was compared, or, where `strong`, all preferences go one way. `wins[i, j]` above 0: i was
    once preferred to j; ties count both ways.
    """
    count, part = connected_components(wins > 0, directed=True, connection="strong" if strong else "weak")
    order = np.argsort(-np.bincount(part, minlength=count), kind="stable")
    place = np.empty(count, np.intp)
    place[order] = np.arange(count)
    found: NDArray[np.intp] = place[part]
    return found


def check_connected(names: tuple[str, ...], wins: NDArray[np.float64]) -> None:
    """Raises NoEstimate unless the best strengths exist without a prior."""
    if len(names) < 2:
        raise NoEstimate("strengths need at least two items")
    part = linked(wins, strong=True)
    if not part.any():
        return
    inside = part == part[int(np.argmax(part))]
    out, back = wins[inside][:, ~inside].sum(), wins[~inside][:, inside].sum()
    those = _list([name for name, here in zip(names, inside, strict=True) if here])
    said = (
        "were never compared with the others"
        if not out and not back
        else f"were {'never' if back else 'always'} preferred to the others"
        if not (out and back)
        else "stand above some of the others without ever losing to them, and below some without ever beating them"
    )
    raise NoEstimate(f"{those} {said}, so no finite strengths are best; give a prior (`prior_sd`), or more comparisons")


def _list(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")

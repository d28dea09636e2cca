"""How far an evaluation has come: one line that is rewritten at a terminal, now and then a line elsewhere."""

import time
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from webapp.evaluation.bench import Standing

REWRITE_S = 0.2
LINE_S = 10.0


class Ticker:
    """Told of each finished trajectory; says so often enough to be of use and seldom enough to be read."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._rewrites = out.isatty()
        self._next = 0.0 if self._rewrites else time.monotonic() + LINE_S

    def __call__(self, standing: "Standing") -> None:
        """Say it, unless something was just said."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + (REWRITE_S if self._rewrites else LINE_S)
        self._say(standing, last=False)

    def end(self, standing: "Standing") -> None:
        """Say how it ended."""
        self._say(standing, last=True)

    def _say(self, standing: "Standing", *, last: bool) -> None:
        start, end = ("\r\x1b[K", "\n" if last else "") if self._rewrites else ("", "\n")
        print(f"{start}{words(standing)}", end=end, file=self._out, flush=True)


def words(standing: "Standing") -> str:
    """`120 of 412 trajectories, $0.4310 so far, 8.1 s, 20 s left`."""
    from webapp.views.amounts import dollars, seconds  # noqa: PLC0415

    missing = f" + {standing.unpriced_calls} unpriced" if standing.unpriced_calls else ""
    said = f"{standing.done:,} of {standing.total:,} trajectories, {dollars(standing.usd)}{missing} so far"
    said += f", {seconds(standing.elapsed_s)}"
    if standing.left_s is not None and standing.done < standing.total:
        said += f", about {seconds(standing.left_s)} left"
    return said

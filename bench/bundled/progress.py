"""Progress on stderr: which measurement is under way and how far it is."""

import sys
import time
from typing import Final, TextIO

from webapp.evaluation.bench import Standing

_EVERY_S: Final = 2.0


class Progress:
    """One line for each measurement, rewritten while it goes on."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._name = ""
        self._began = self._said = time.monotonic()

    def begin(self, name: str) -> None:
        """The measurement that starts now."""
        self._name = name
        self._began = self._said = time.monotonic()
        self._stream.write(f"{name} …")
        self._stream.flush()

    def tick(self, done: int, total: int) -> None:
        """So many of so many are done."""
        now = time.monotonic()
        if done < total and now - self._said < _EVERY_S:
            return
        self._said = now
        end = "\n" if done >= total else ""
        self._stream.write(f"\r{self._name}: {done:,} of {total:,}, {now - self._began:.0f} s{end}")
        self._stream.flush()

    def standing(self, standing: Standing) -> None:
        """The same, as an evaluation says it."""
        self.tick(standing.done, standing.total)

"""A thread of its own says every two seconds that this process lives, and looks who does so no longer.

A thread, because neither a long write nor a busy event loop may make a living process look dead.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from storage.errors import StoreError

BEAT_S: Final = 2.0
"""Between two heartbeats."""
SILENT_S: Final = 15.0
"""A process that was silent for so long is dead for the others."""
DEADLINE_S: Final = 11.0
"""A process that could not say for so long that it lives stops what it drives: it must be done before others begin."""

logger = logging.getLogger(__name__)


class Heartbeat:
    """Does `beat` again and again; `beat` tells whether this process still counts as alive."""

    def __init__(self, beat: Callable[[], bool], every_s: float = BEAT_S) -> None:
        self._beat = beat
        self._every_s = every_s
        self._stop = threading.Event()
        self._heard_at = time.monotonic()
        self._dead = False
        self._thread = threading.Thread(target=self._go_on, name="podium-heartbeat", daemon=True)

    def start(self) -> None:
        """The process has just said that it lives."""
        self._heard_at = time.monotonic()
        self._thread.start()

    @property
    def silent_s(self) -> float:
        """Seconds since it was last known that the others count this process as alive."""
        return time.monotonic() - self._heard_at

    @property
    def lost(self) -> bool:
        """Whether this process has to take it that others count it as dead."""
        return self._dead or self.silent_s > DEADLINE_S

    def stop(self) -> None:
        """No heartbeat any more. One that hangs is not waited for longer than two seconds."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(BEAT_S)

    def _go_on(self) -> None:
        while not self._stop.wait(self._every_s):
            begun = time.monotonic()
            try:
                if not self._beat():
                    self._dead = True
                    return
            except StoreError as error:
                logger.warning("no heartbeat for %.0f s: %s", self.silent_s, error)
            except Exception:
                logger.exception("the heartbeat failed")
            else:
                self._heard_at = begun

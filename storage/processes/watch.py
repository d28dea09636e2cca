"""Who is silent: what one process has seen of the heartbeats of the others, by its own clock beside the database's."""

import time
from collections.abc import Callable, Iterable

from storage.processes.heartbeat import BEAT_S, SILENT_S
from storage.processes.process import AtWork

SEEN_S = 3 * BEAT_S
"""The same count of heartbeats must have been seen for so long: the clock of the database may have been set forward."""


class Watch:
    """Finds the dead among the processes of a database. Where none of them `beats`, silence says nothing."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, beats: bool = True) -> None:
        self._clock = clock
        self._beats = beats
        self._seen: dict[str, tuple[int, float]] = {}
        """Process to its count of heartbeats, and when that count was first seen."""

    def dead(self, others: Iterable[AtWork]) -> list[str]:
        """Those that were silent for too long, or that no longer run on this machine.

        Too long is SILENT_S by the clock of the database while this process itself saw nothing new for SEEN_S; or
        SILENT_S by its own clock, should the other one have been set back.
        """
        now, found, seen = self._clock(), [], {}
        for other in others:
            process = other.process
            beats, since = self._seen.get(process.id, (-1, now))
            seen[process.id] = (beats, since) if beats == process.beats else (process.beats, now)
            unheard_s = now - seen[process.id][1]
            silent = unheard_s >= SILENT_S or (unheard_s >= SEEN_S and other.silent_s >= SILENT_S)
            if (self._beats and silent) or process.surely_gone:
                found.append(process.id)
        self._seen = seen
        return found

"""Who is silent, and who has to take it that the others think so."""

import threading
from dataclasses import replace

import pytest

from storage.errors import StoreUnreachable
from storage.processes import heartbeat, process
from storage.processes.heartbeat import DEADLINE_S, SILENT_S, Heartbeat
from storage.processes.process import AtWork, Process, this_process
from storage.processes.watch import SEEN_S, Watch
from tests.examples import NOON

ELSEWHERE = Process("p1", "web-1", 4711, None, None, None, NOON, 3, NOON)


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_process_is_dead_when_both_clocks_say_so(clock: Clock) -> None:
    watch = Watch(clock)
    assert watch.dead([AtWork(ELSEWHERE, 9.0, 1)]) == []
    clock.now_s = SEEN_S
    assert watch.dead([AtWork(ELSEWHERE, SILENT_S, 1)]) == ["p1"]


def test_a_database_whose_clock_jumps_forward_kills_nobody(clock: Clock) -> None:
    watch = Watch(clock)
    watch.dead([AtWork(ELSEWHERE, 1.0, 1)])
    clock.now_s = 2.0
    assert watch.dead([AtWork(ELSEWHERE, 3601.0, 1)]) == []
    clock.now_s = 4.0
    assert watch.dead([AtWork(replace(ELSEWHERE, beats=4), 2.0, 1)]) == []


def test_a_database_whose_clock_jumps_back_hides_no_death(clock: Clock) -> None:
    watch = Watch(clock)
    watch.dead([AtWork(ELSEWHERE, -3600.0, 1)])
    clock.now_s = SILENT_S - 0.1
    assert watch.dead([AtWork(ELSEWHERE, -3590.0, 1)]) == []
    clock.now_s = SILENT_S
    assert watch.dead([AtWork(ELSEWHERE, -3585.0, 1)]) == ["p1"]


def test_a_process_that_beats_is_alive_however_the_clocks_stand(clock: Clock) -> None:
    watch = Watch(clock)
    for beats in range(100):
        clock.now_s += 10.0
        assert watch.dead([AtWork(replace(ELSEWHERE, beats=beats), 10_000.0, 1)]) == []


def test_this_machine_knows_its_dead() -> None:
    mine = Process(**this_process(None), started_at=NOON, beats=0, heartbeat_at=NOON)
    assert not mine.surely_gone
    if mine.machine is None or mine.born is None:
        pytest.skip("the system tells nothing of its processes")
    assert replace(mine, pid=2**22 + 1).surely_gone
    assert replace(mine, born=mine.born - 1).surely_gone, "another process has its number now"
    assert not replace(mine, pid=2**22 + 1, machine="another").surely_gone


def test_a_process_that_the_system_hides_is_not_taken_for_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under `/proc` with hidepid, those of other users cannot be seen."""
    mine = Process(**this_process(None), started_at=NOON, beats=0, heartbeat_at=NOON)
    if mine.machine is None:
        pytest.skip("the system tells nothing of its processes")
    monkeypatch.setattr(process, "_stat", lambda _: None)
    assert not mine.surely_gone
    assert not replace(mine, pid=1).surely_gone
    assert replace(mine, pid=2**22 + 1).surely_gone


def test_where_nobody_beats_silence_kills_nobody(clock: Clock) -> None:
    watch = Watch(clock, beats=False)
    for now_s in (0.0, SILENT_S + 1.0, 3600.0):
        clock.now_s = now_s
        assert watch.dead([AtWork(ELSEWHERE, now_s, 1)]) == []
    mine = Process(**this_process(None), started_at=NOON, beats=0, heartbeat_at=NOON)
    if mine.machine is not None:
        assert watch.dead([AtWork(replace(mine, pid=2**22 + 1), 1.0, 1)]) == [mine.id]


def test_a_process_that_cannot_say_that_it_lives_gives_up_before_others_take_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(heartbeat, "BEAT_S", 0.01)
    clock, tried = Clock(), threading.Event()
    monkeypatch.setattr("storage.processes.heartbeat.time.monotonic", clock)

    def beat() -> bool:
        if clock.now_s:
            tried.set()
            raise StoreUnreachable("no route")
        return True

    beating = Heartbeat(beat, every_s=0.001)
    beating.start()
    assert not beating.lost
    clock.now_s = DEADLINE_S - 0.5
    assert tried.wait(5)
    assert not beating.lost
    clock.now_s = DEADLINE_S + 0.5
    assert beating.lost
    assert beating.silent_s < SILENT_S
    beating.stop()


def test_a_process_that_learns_of_its_death_stops_beating() -> None:
    beating = Heartbeat(lambda: False, every_s=0.001)
    beating.start()
    beating._thread.join(5)
    assert beating.lost
    beating.stop()

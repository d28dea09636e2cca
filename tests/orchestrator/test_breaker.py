from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from orchestrator.breaker import (
    FAILURES_TO_OPEN,
    FIRST_COOL_DOWN_S,
    LONGEST_COOL_DOWN_S,
    Breaker,
    BreakerState,
    Passage,
)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def opened() -> tuple[Breaker, Clock]:
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(FAILURES_TO_OPEN):
        assert breaker.state is BreakerState.CLOSED
        assert breaker.admit() is Passage.FREE
        breaker.ill(Passage.FREE, "gone")
    return breaker, clock


def test_failures_in_a_row_open_it_and_one_good_reply_between_them_does_not() -> None:
    breaker, _ = opened()
    assert breaker.state is BreakerState.OPEN
    assert breaker.admit() is None
    assert breaker.last_error == "gone"
    other = Breaker()
    for _ in range(FAILURES_TO_OPEN - 1):
        other.ill(Passage.FREE, "gone")
    other.alive()
    other.ill(Passage.FREE, "gone")
    assert other.state is BreakerState.CLOSED


def test_the_pause_grows_with_each_failed_probe_up_to_a_limit_and_is_short_again_after_a_good_one() -> None:
    breaker, clock = opened()
    pauses: list[float] = []
    for _ in range(9):
        pauses.append(breaker.wait_s)
        clock.now += breaker.wait_s
        assert breaker.state is BreakerState.HALF_OPEN
        assert breaker.admit() is Passage.PROBE
        assert breaker.admit() is None
        breaker.ill(Passage.PROBE, "gone")
    assert pauses[:4] == [FIRST_COOL_DOWN_S * factor for factor in (1, 2, 4, 8)]
    assert max(pauses) == LONGEST_COOL_DOWN_S
    breaker.alive()
    assert breaker.admit() is Passage.FREE
    for _ in range(FAILURES_TO_OPEN):
        breaker.ill(Passage.FREE, "gone")
    assert breaker.wait_s == FIRST_COOL_DOWN_S


def test_calls_that_began_before_it_opened_do_not_lengthen_the_pause() -> None:
    breaker, clock = opened()
    clock.now += 0.5
    breaker.ill(Passage.FREE, "gone")
    assert breaker.wait_s == FIRST_COOL_DOWN_S - 0.5


def test_an_abandoned_probe_leaves_its_turn_to_the_next_call() -> None:
    breaker, clock = opened()
    clock.now += FIRST_COOL_DOWN_S
    assert breaker.admit() is Passage.PROBE
    breaker.abandon(Passage.PROBE)
    assert breaker.admit() is Passage.PROBE


class AnyCourse(RuleBasedStateMachine):
    """Calls come, go and fail in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.breaker = Breaker(self.clock)
        self.under_way: list[Passage] = []

    @rule(seconds=st.floats(0, 100))
    def time_passes(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule()
    def a_call_comes(self) -> None:
        refused = self.breaker.refuses
        passage = self.breaker.admit()
        assert (passage is None) is refused
        if passage is not None:
            self.under_way.append(passage)

    @precondition(lambda self: self.under_way)
    @rule(how=st.sampled_from(["alive", "ill", "abandon"]), data=st.data())
    def a_call_ends(self, how: str, data: st.DataObject) -> None:
        passage = self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))
        match how:
            case "alive":
                self.breaker.alive()
            case "ill":
                self.breaker.ill(passage, "gone")
            case _:
                self.breaker.abandon(passage)

    @invariant()
    def it_is_never_shut_for_good(self) -> None:
        assert 0 <= self.breaker.wait_s <= LONGEST_COOL_DOWN_S
        if not self.under_way:
            assert not self.breaker.refuses or self.breaker.wait_s > 0


TestAnyCourse = AnyCourse.TestCase

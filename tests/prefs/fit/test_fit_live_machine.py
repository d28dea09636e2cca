"""The live fit under any sequence of rankings, corrections and removals."""

from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from prefs.fit.choices import Choices
from prefs.fit.estimation import fitted, scaled_fit
from prefs.fit.live import LiveFit
from prefs.judgement import Judgement
from tests.prefs.fit.judging import judgements


class LiveMachine(RuleBasedStateMachine):
    """Aliases appear and go, prices are missing, lines and ties come and are taken back."""

    def __init__(self) -> None:
        super().__init__()
        self.live = LiveFit()
        self.now: dict[str, Judgement] = {}
        self.count = 0

    def new(self, given: Judgement, alias: str | None, unpriced: bool) -> Judgement:
        self.count += 1
        first = given.candidates[0]
        uses = {**first.features.uses, **({alias: 2} if alias else {})}
        cost = None if unpriced else first.features.cost_usd
        first = replace(first, features=replace(first.features, uses=uses, cost_usd=cost))
        number = f"n{self.count}"
        return replace(given, ranking=number, ballot=number, candidates=(first, *given.candidates[1:]))

    @rule(
        given=judgements(most=2),
        alias=st.sampled_from([None, None, "answer-1", "answer-2"]),
        unpriced=st.integers(0, 5).map(lambda number: number == 0),
        corrects=st.booleans(),
        place=st.integers(0, 100),
    )
    def rank(self, given: list[Judgement], alias: str | None, unpriced: bool, corrects: bool, place: int) -> None:
        one = self.new(given[0], alias, unpriced)
        earlier = sorted(self.now)[place % len(self.now)] if corrects and self.now else None
        self.live.add(one, supersedes=earlier)
        if earlier is not None:
            del self.now[earlier]
        self.now[one.ranking] = one

    @rule(given=judgements(most=4), alias=st.sampled_from([None, "answer-1"]), corrects=st.sets(st.integers(0, 3)))
    def several_rank(self, given: list[Judgement], alias: str | None, corrects: set[int]) -> None:
        """At once; some correct a ranking that was there, or one of the same batch."""
        new: list[tuple[Judgement, str | None]] = []
        for number, judgement in enumerate(given):
            one = self.new(judgement, alias, unpriced=False)
            earlier = next(iter(self.now)) if number in corrects and self.now else None
            if earlier is not None:
                del self.now[earlier]
            self.now[one.ranking] = one
            new.append((one, earlier))
        self.live.add_all(new)

    @precondition(lambda self: self.now)
    @rule(place=st.integers(0, 100))
    def remove(self, place: int) -> None:
        gone = sorted(self.now)[place % len(self.now)]
        self.live.remove(gone)
        del self.now[gone]

    @invariant()
    def is_the_fit_of_all(self) -> None:
        choices = Choices("ballot")
        choices.extend(self.now.values())
        if not choices.rankings:
            assert self.live.fit is None
            return
        whole, live = scaled_fit(choices, fitted(choices)), self.live.fit
        assert live is not None
        assert set(live.weights) == set(whole.weights)
        assert live.beta.mean == pytest.approx(whole.beta.mean, abs=1e-5)
        for name, one in whole.free.items():
            assert live.free[name].mean == pytest.approx(one.mean, abs=1e-5)


TestLive = LiveMachine.TestCase
TestLive.settings = settings(max_examples=12, stateful_step_count=15, deadline=None)

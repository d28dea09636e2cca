"""Hypothesis strategies for whole domain values: everything that the types allow, odd text included."""

from dataclasses import replace
from datetime import UTC, timezone
from decimal import Decimal
from typing import Final, TypeVar

from hypothesis import strategies as st

from orchestrator.alternatives import Run
from orchestrator.model_call import Attempt, CallRole, Charge, ChargeStatus, ModelCall, Usage
from orchestrator.pool import TOOL_OF
from orchestrator.preference import PreferenceVector
from orchestrator.trajectory import (
    CodeRun,
    Document,
    Fork,
    Limits,
    Observation,
    Origin,
    Outcome,
    Step,
    StopReason,
    ToolCall,
    Trajectory,
    Verdict,
)
from prefs.ballot import MOST_ALTERNATIVES, Ballot, ballot
from prefs.ranking import Ranking
from prefs.study import TAGS

T = TypeVar("T")

TEXT = st.text(st.characters(), max_size=30)
"""Any text, with control characters and halves of surrogate pairs: models send both."""
PROPER = st.text(max_size=30)
"""What people type: half a surrogate pair is refused there."""
IDS = st.text("0123456789abcdef-_é", min_size=1, max_size=12)
TIMES = st.datetimes(timezones=st.sampled_from([UTC, timezone.min, timezone.max])).filter(
    lambda moment: 2 < moment.year < 9998
)
SECONDS = st.floats(0, 1e9, allow_nan=False)
DOLLARS = st.decimals(0, 10**6, places=9, allow_nan=False)
SEEDS = st.integers(-(2**63), 2**63 - 1)
ALIASES = st.sampled_from(sorted(TOOL_OF))
_FIXED: Final = {ChargeStatus.UNPRICED: None, ChargeStatus.FREE: Decimal(0)}
WEIGHTS = st.floats(0, 1)


def maybe(values: st.SearchStrategy[T]) -> st.SearchStrategy[T | None]:
    """A value, or unknown."""
    return st.none() | values


def tuples(values: st.SearchStrategy[T], most: int = 3) -> st.SearchStrategy[tuple[T, ...]]:
    """A few values."""
    return st.lists(values, max_size=most).map(tuple)


PREFERENCES = st.builds(PreferenceVector, WEIGHTS, WEIGHTS, WEIGHTS, st.dictionaries(ALIASES, WEIGHTS, max_size=3))


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    """Tokens whose parts do not exceed the whole."""
    given_tokens, written = draw(maybe(st.integers(0, 10**9))), draw(maybe(st.integers(0, 10**9)))
    return Usage(
        given_tokens,
        written,
        draw(maybe(st.integers(0, 10**9 if given_tokens is None else given_tokens))),
        draw(maybe(st.integers(0, 10**9 if written is None else written))),
    )


@st.composite
def charges(draw: st.DrawFn) -> Charge:
    """A charge of any status."""
    status = draw(st.sampled_from(ChargeStatus))
    usd = _FIXED[status] if status in _FIXED else draw(DOLLARS)
    prices = [draw(maybe(DOLLARS)) for _ in range(4)]
    return Charge(usd, status, draw(TEXT), draw(maybe(st.dates())), *prices)


ATTEMPTS = st.builds(Attempt, TIMES, SECONDS, TEXT, maybe(DOLLARS))
MODEL_CALLS = st.builds(
    ModelCall,
    role=st.sampled_from(CallRole),
    alias=maybe(ALIASES),
    model=maybe(TEXT),
    usage=maybe(usages()),
    charge=charges(),
    started_at=TIMES,
    latency_s=SECONDS,
    simulated=st.booleans(),
    attempts=tuples(ATTEMPTS, 2),
    in_flight=maybe(st.integers(1, 1000)),
    prompt=maybe(TEXT),
    reply=maybe(TEXT),
    error=maybe(TEXT),
    queued_s=maybe(SECONDS),
    tokens_by=maybe(TEXT),
)
LONG_TEXTS = st.builds(lambda text, times: (text + "–") * times, TEXT, st.integers(256, 300))
"""Texts that are kept aside."""
LONG_CALLS = st.builds(
    lambda call, prompt, reply: replace(call, prompt=prompt, reply=reply), MODEL_CALLS, LONG_TEXTS, LONG_TEXTS | TEXT
)
DOCUMENTS = st.builds(
    Document, IDS, TEXT, TEXT, TEXT, maybe(st.floats(allow_nan=False, allow_infinity=False)), st.booleans()
)
CODE_RUNS = st.builds(CodeRun, TEXT, TEXT, TEXT, maybe(TEXT), maybe(TEXT))
OBSERVATIONS = st.builds(
    Observation, TEXT, st.sampled_from(Origin), tuples(DOCUMENTS, 2), maybe(TEXT), maybe(CODE_RUNS), maybe(TEXT)
)
TOOL_CALLS = ALIASES.map(lambda alias: ToolCall(TOOL_OF[alias], alias))
LIMITS = st.builds(Limits, st.integers(1, 1000), maybe(DOLLARS), maybe(SECONDS), maybe(st.integers(0, 10**9)))
OUTCOMES = st.builds(Outcome, st.sampled_from(Verdict), maybe(TEXT), maybe(TEXT), maybe(MODEL_CALLS))
QUERIES = PROPER.filter(lambda text: bool(text.strip()))


def steps(index: int = 0) -> st.SearchStrategy[Step]:
    """A step of that number."""
    return st.builds(
        Step, st.just(index), TEXT, maybe(TOOL_CALLS), maybe(OBSERVATIONS), tuples(MODEL_CALLS, 2), maybe(TEXT)
    )


def trajectories(most_steps: int = 3) -> st.SearchStrategy[Trajectory]:
    """A whole trajectory, ended or not."""
    numbered = st.integers(0, most_steps).flatmap(lambda count: st.tuples(*(steps(index) for index in range(count))))
    return st.builds(
        Trajectory,
        id=IDS,
        query=QUERIES,
        preference=PREFERENCES,
        policy=TEXT,
        pool=TEXT,
        seed=SEEDS,
        started_at=TIMES,
        steps=numbered,
        stop_reason=maybe(st.sampled_from(StopReason)),
        stop_detail=maybe(TEXT),
        answer=maybe(TEXT),
        outcome=OUTCOMES,
        reference=maybe(TEXT),
        limits=LIMITS,
        run=maybe(IDS),
        fork=maybe(st.builds(Fork, IDS, st.integers(0, 1000))),
    )


RUNS = st.builds(Run, IDS, QUERIES, TIMES, maybe(TEXT), st.booleans())


@st.composite
def ballots(draw: st.DrawFn) -> Ballot:
    """A shuffled ballot of two or more trajectories."""
    shown = draw(st.lists(IDS, min_size=2, max_size=MOST_ALTERNATIVES, unique=True))
    hidden = draw(st.lists(st.sampled_from(["identity", "cost", "latency", "preference"]), unique=True))
    return ballot(
        draw(IDS),
        shown,
        query=draw(QUERIES),
        run=draw(maybe(IDS)),
        seed=draw(SEEDS),
        made_at=draw(TIMES),
        hidden=hidden,
    )


@st.composite
def rankings(draw: st.DrawFn, shown: Ballot) -> Ranking:
    """A ranking that fits the ballot: any groups, any tray, any line."""
    labels = draw(st.permutations(shown.labels))
    placed = draw(st.integers(1, len(labels)))
    groups: list[list[str]] = []
    for label in labels[:placed]:
        if not groups or draw(st.booleans()):
            groups.append([])
        groups[-1].append(label)
    return Ranking(
        id=draw(IDS),
        ballot=shown.id,
        groups=tuple(map(tuple, groups)),
        made_at=draw(TIMES),
        unranked=tuple(labels[placed:]),
        acceptable=draw(maybe(st.integers(0, len(groups)))),
        reason=draw(maybe(PROPER)),
        annotator=draw(IDS),
        tags=tuple(draw(st.lists(st.sampled_from(TAGS), max_size=3, unique=True))),
        active_s=draw(st.dictionaries(st.sampled_from(labels), st.floats(0, 1e6), max_size=2)),
    )

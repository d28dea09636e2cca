"""What a phase of load showed: latencies, lags, errors, memory and processor time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import linear_regression
from typing import Final

from bench.load.people import Heard

WARM: Final = 0.2
"""Of a soak's samples, the first that say nothing yet: caches fill, pools grow."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A distribution, in seconds."""

    count: int
    p50: float
    p95: float
    p99: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread | None":
        """`None` of no value."""
        if not values:
            return None
        ordered = sorted(values)

        def at(share: float) -> float:
            return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

        return cls(len(values), at(0.5), at(0.95), at(0.99), ordered[-1])

    def __str__(self) -> str:
        quantiles = (("p50", self.p50), ("p95", self.p95), ("p99", self.p99), ("most", self.most))
        return f"{self.count:,}: " + ", ".join(f"{name} {1000 * value:.1f} ms" for name, value in quantiles)


@dataclass(frozen=True, slots=True)
class Sample:
    """The server's memory at one moment."""

    at_s: float
    rss_bytes: int
    rankings: int


@dataclass(slots=True)
class Measured:
    """A phase."""

    name: str
    seconds: float = 0.0
    acknowledged: Spread | None = None
    given: Spread | None = None
    lag: Spread | None = None
    untimed: int = 0
    """Steps that followers were shown before their run was followed live: there is no lag in catching up."""
    runs: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    exhausted: int = 0
    server_cpu_s: float = 0.0
    client_cpu_s: float = 0.0
    samples: list[Sample] = field(default_factory=list)
    acknowledged_ids: set[str] = field(default_factory=set)
    """Rankings."""

    @property
    def per_s(self) -> float:
        """Rankings acknowledged in a second."""
        return 0.0 if self.acknowledged is None else self.acknowledged.count / self.seconds


def measured(name: str, heard: Heard, commits: Mapping[tuple[str, int], int], seconds: float) -> Measured:
    """The figures of what people saw."""
    lags = [(at - commits[id, index]) / 1e9 for id, index, at in heard.steps if (id, index) in commits]
    return Measured(
        name,
        seconds,
        Spread.of(heard.acknowledged_s),
        Spread.of(heard.given_s),
        Spread.of(lags),
        len(heard.steps) - len(lags),
        heard.finished.total(),
        dict(heard.errors),
        heard.exhausted,
        acknowledged_ids=set(heard.rankings.values()),
    )


@dataclass(frozen=True, slots=True)
class Growth:
    """How memory went once the server was warm."""

    warm_mb: float
    end_mb: float
    kb_per_1000: float
    """Slope of a straight line through the samples, per 1,000 rankings."""

    @property
    def share(self) -> float:
        """Of what it was when warm."""
        return self.end_mb / self.warm_mb - 1 if self.warm_mb else 0.0


def growth(samples: Sequence[Sample]) -> Growth | None:
    """From the samples after the warm-up; nothing where they are too few."""
    warm = samples[int(WARM * len(samples)) :]
    if len(warm) < 5 or warm[-1].rankings == warm[0].rankings:
        return None
    slope = linear_regression([one.rankings for one in warm], [one.rss_bytes for one in warm]).slope
    few = max(1, len(warm) // 10)
    first = sum(one.rss_bytes for one in warm[:few]) / few
    last = sum(one.rss_bytes for one in warm[-few:]) / few
    return Growth(first / 1e6, last / 1e6, slope)  # Bytes for each are KB for a thousand.

"""What an operator watches, in Prometheus's text format: requests, runs, and what calls cost and take.

Everything is counted since this process started. Labels are names of Podium's own (routes, aliases, reasons), so that
nobody can make them grow by asking for something else.
"""

from collections.abc import Callable
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from orchestrator.model_call import ModelCall
from orchestrator.trajectory import Step, Trajectory

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
REPLY_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 10)
"""Upper ends of the classes of seconds until a reply begins."""
CALL_S: Final = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60, 120, 300)
"""Those of the seconds of a call."""


class Metrics:
    """Counts of one process, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._replies = Counter(
            "podium_http_replies", "Replies by route", ("method", "route", "status"), registry=registry
        )
        self._begun = Histogram(
            "podium_http_reply_seconds",
            "Seconds until a reply began",
            ("method", "route"),
            buckets=REPLY_S,
            registry=registry,
        )
        self._ended = Counter(
            "podium_trajectories_ended", "Trajectories that came to their end", ("stop_reason",), registry=registry
        )
        self._steps = Counter("podium_steps", "Steps that were kept", ("error",), registry=registry)
        called = ("role", "alias", "simulated")
        self._calls = Counter("podium_calls", "Billed or timed calls", called, registry=registry)
        self._dollars = Counter("podium_call_dollars", "Known dollars of calls", called, registry=registry)
        self._failed = Counter("podium_failed_calls", "Calls that ended in an error", called, registry=registry)
        self._unpriced = Counter("podium_unpriced_calls", "Calls whose dollars are unknown", called, registry=registry)
        self._took = Histogram("podium_call_seconds", "Seconds of a call", called, buckets=CALL_S, registry=registry)

        self._refused = Counter(
            "podium_limit_refusals",
            "Runs that a spending limit or the kill switch refused",
            ("scope",),
            registry=registry,
        )

    def watch(self, name: str, words: str, now: Callable[[], float]) -> None:
        """Tell a number that goes up and down, asked for at each scrape."""
        Gauge(name, words, registry=self._registry).set_function(now)

    def replied(self, method: str, route: str, status: int, latency_s: float) -> None:
        """A reply has begun, `latency_s` after its request."""
        self._replies.labels(method, route, str(status)).inc()
        self._begun.labels(method, route).observe(latency_s)

    def limit_refused(self, scope: str) -> None:
        """A run, a fork or a resume was refused by a limit of that scope, or by the kill switch."""
        self._refused.labels(scope).inc()

    def step_kept(self, step: Step) -> None:
        """A step is in the database."""
        self._steps.labels("yes" if step.error is not None else "no").inc()
        for call in step.calls:
            self._called(call)

    def trajectory_ended(self, trajectory: Trajectory) -> None:
        """The end of a trajectory is in the database."""
        if trajectory.stop_reason is not None:
            self._ended.labels(trajectory.stop_reason).inc()
        if trajectory.outcome.call is not None:
            self._called(trajectory.outcome.call)

    def _called(self, call: ModelCall) -> None:
        labels = (call.role, call.alias or "none", "yes" if call.simulated else "no")
        self._calls.labels(*labels).inc()
        self._took.labels(*labels).observe(call.latency_s)
        if call.error is not None:
            self._failed.labels(*labels).inc()
        if call.charge.usd is None:
            self._unpriced.labels(*labels).inc()
        else:
            self._dollars.labels(*labels).inc(float(call.charge.usd))

    def text(self) -> bytes:
        """All of it, as CONTENT_TYPE says."""
        return generate_latest(self._registry)

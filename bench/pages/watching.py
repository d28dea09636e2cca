"""What Chromium itself measures of a page: first paint, layout shifts, interactions and what was loaded."""

from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any

from playwright.sync_api import Page

WATCH = """
window.seen = { shift: 0, paint: null, interactions: {} };
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) seen.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (entry.name === "first-contentful-paint") seen.paint = entry.startTime;
}).observe({ type: "paint", buffered: true });
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    const id = entry.interactionId;
    if (id) seen.interactions[id] = Math.max(seen.interactions[id] || 0, entry.duration);
  }
}).observe({ type: "event", durationThreshold: 16, buffered: true });
"""
"""Event Timing leaves out what took less than 16 ms, and rounds to 8 ms."""
LEAST_MS = 16.0
LOADED = """() => performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))
  .reduce((sum, one) => [sum[0] + 1, sum[1] + one.transferSize], [0, 0])"""


@dataclass(slots=True)
class Seen:
    """One visit of one page."""

    paint_ms: float
    """First contentful paint."""
    shift: float
    """Cumulative layout shift, without what follows an input at once."""
    requests: int
    kilobytes: float
    """As transferred, headers included."""
    pressed: int
    """Keys and clicks."""
    waits_ms: list[float] = field(default_factory=list)
    """Of the interactions that took 16 ms or more: from the input to the next frame painted."""

    @property
    def p95_ms(self) -> float:
        """95th percentile over all interactions; those that Chromium does not report count as 16 ms."""
        filled = sorted([*self.waits_ms, *[LEAST_MS] * max(self.pressed - len(self.waits_ms), 0)])
        return quantiles(filled, n=20, method="inclusive")[-1] if len(filled) > 1 else (filled or [LEAST_MS])[0]


def seen(page: Page, pressed: int) -> Seen:
    """What the visit came to, once `pressed` keys and clicks are through."""
    page.wait_for_timeout(300)
    found: dict[str, Any] = page.evaluate("window.seen")
    requests, size = page.evaluate(LOADED)
    waits = [float(wait) for wait in found["interactions"].values()]
    return Seen(found["paint"], found["shift"], requests, size / 1024, pressed, waits)

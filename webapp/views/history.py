"""Past runs as rows of a list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from webapp.views import amounts
from webapp.views.calls import JsonObject


@dataclass(frozen=True, slots=True)
class PastRun:
    """What the history shows of a run."""

    run: str
    query: str
    asked_at: datetime
    alternatives: int
    state: str
    """In words, such as `3 answered, 1 stopped`."""
    rankings: int
    simulated: bool = False


def history_view(runs: Sequence[PastRun], search: str) -> JsonObject:
    """Rows, latest first as given; `search`, as it was sought, tells an empty history from an empty search."""
    return {
        "search": search.strip(),
        "rows": [
            {
                "run": past.run,
                "query": past.query if len(past.query) <= 300 else f"{past.query[:300]}…",
                "when": past.asked_at.astimezone(UTC).isoformat(),
                "alternatives": amounts.counted(past.alternatives, "alternative"),
                "state": past.state,
                "rankings": amounts.counted(past.rankings, "ranking") if past.rankings else "–",
                "simulated": past.simulated,
            }
            for past in runs
        ],
    }

"""The dashboard: what was found in sums, and three charts of one metric."""

from collections.abc import Mapping
from typing import Any, Final

from orchestrator.pool import TOOL_OF
from storage.figures import Figures, Period, Spread
from webapp.charts import spreads
from webapp.charts.chart import Chart, packed
from webapp.charts.series import short_name
from webapp.views.calls import JsonObject

METRICS: Final = (*spreads.METRICS, "errors")


def check_metric(metric: str) -> None:
    """Raises ValueError for a metric that is not drawn."""
    if metric not in METRICS:
        raise ValueError(f"there is no metric {metric[:50]!r}; choose from: {', '.join(METRICS)}")


def figures_view(figures: Figures, metric: str, period: Period) -> JsonObject:
    """Tiles of all that was found, and the charts of one of `METRICS`."""
    whole = figures.all
    return {
        "metric": metric,
        "period": period.value,
        "trajectories": whole.count,
        "unpriced": whole.unpriced,
        "simulated": whole.simulated,
        "steps": whole.steps,
        "failed_steps": whole.errors,
        "tiles": {name: _tile(spreads.METRICS[name], whole) for name in spreads.METRICS},
        "charts": [packed(chart, key) for key, chart in _charts(figures, metric, period).items()],
    }


def _tile(metric: spreads.Metric, whole: Spread) -> dict[str, Any]:
    said = {}
    for name, share, _ in spreads.SHARES:
        value = metric.at(whole, share)
        said[name] = None if value is None else metric.say(value)
    return said


def _charts(figures: Figures, metric: str, period: Period) -> Mapping[str, Chart]:
    known = [alias for alias in TOOL_OF if alias in figures.aliases]
    aliases = {alias: figures.aliases[alias] for alias in (*known, *sorted(set(figures.aliases).difference(known)))}
    policies = _named(figures.policies)
    if metric == "errors":
        return {
            "alias": spreads.errors_among(aliases, "calls, by alias", "alias", colour=True),
            "policy": spreads.errors_among(policies, "steps, by policy", "policy", colour=False),
            "time": spreads.errors_over_time(figures.times, period.value),
        }
    chosen = spreads.METRICS[metric]
    by_alias = {"alias": spreads.among(chosen, aliases, "a call, by alias", "alias", colour=True)}
    return {
        **({} if metric == "turns" else by_alias),
        "policy": spreads.among(chosen, policies, "a trajectory, by policy", "policy", colour=False),
        "time": spreads.over_time(chosen, figures.times, period.value),
    }


def _named(policies: Mapping[str, Spread]) -> dict[str, Spread]:
    """By short names, where these differ."""
    short = [short_name(spec) for spec in policies]
    return {short_name(spec) if short.count(short_name(spec)) == 1 else spec: one for spec, one in policies.items()}

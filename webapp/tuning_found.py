"""The slower figures of *Tune*, for threads: thresholds and front are remembered while a slider moves."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from threading import Lock
from typing import Any, Final
from weakref import WeakKeyDictionary

from orchestrator.preference import PreferenceVector
from prefs.judgement import Judgement
from prefs.tuning.flips import Flips, flips, reweighed
from prefs.tuning.front import front
from prefs.tuning.orders import OrdersChanged, orders_changed
from prefs.tuning.packed import Rule
from prefs.tuning.profile import preference_json
from prefs.tuning.winners import Tuning, Winners
from webapp.charts import pareto
from webapp.charts.chart import packed
from webapp.tuning import Snapshot
from webapp.tuning_prices import Variant
from webapp.views.tuning import setting_words

Json = dict[str, Any]
REMEMBERED: Final = 64
"""Results of one packing."""
_LOCK: Final = Lock()
_FOUND: Final[WeakKeyDictionary[Tuning, "OrderedDict[object, Any]"]] = WeakKeyDictionary()


def flips_of(tuning: Tuning, preference: PreferenceVector, names: Sequence[str]) -> dict[str, Flips]:
    """The thresholds of these weights. Those of a weight do not depend on its own value, so they outlive its moves."""
    known = (*tuning.packed.columns, *preference.tools)
    return {name: _flips(tuning, preference, name) for name in names if name in known}


def _flips(tuning: Tuning, preference: PreferenceVector, name: str) -> Flips:
    others = reweighed(preference, name, 0.0)
    key = ("flips", name, repr(others))
    found: Flips | None = _get(tuning, key)
    if found is None:
        found = flips(tuning, others, name)
        _put(tuning, key, found)
    value = getattr(preference, name) if name in ("accuracy", "cost", "latency") else preference.tools.get(name, 0.0)
    return replace(found, value=float(value))


def front_of(tuning: Tuning, winners: Winners) -> Json:
    """The front around P: of settings on the grid alone, so that the chart stays still while P moves over it."""
    p = replace(winners.preference, cost=0.0, latency=0.0)
    p = p if tuning.packed.rule.gated else replace(p, accuracy=0.0)
    key = ("front", repr(p))
    found: Json | None = _get(tuning, key)
    if found is None:
        made = front(tuning, p)
        drawn = pareto.chart(made, simulated=bool(tuning.packed.simulated.any()))
        best = [
            {
                "preference": preference_json(one.preference),
                "usd": one.totals.usd_float,
                "latency_s": one.totals.latency_s,
                "solved": one.totals.solved,
                "words": setting_words(one.totals),
            }
            for one in pareto.on_front(made)
        ]
        found = {"chart": packed(drawn, "front"), "settings": best, "outcomes": len(made.settings)}
        _put(tuning, key, found)
    return found


def orders_of(
    judgements: Sequence[Judgement], snapshot: Snapshot, variant: Variant, p: PreferenceVector, rule: Rule
) -> OrdersChanged:
    """What other prices change on ballots, of those whose alternatives are all in the snapshot."""
    after = {one.id: one for one in variant.alternatives}
    before = {id: one.stored for id, one in snapshot.by_id.items()}
    whole = [one for one in judgements if all(shown.trajectory in after for shown in one.candidates)]
    return orders_changed(whole, before, after, p, rule)


def _get(tuning: Tuning, key: object) -> Any:
    with _LOCK:
        return _FOUND.get(tuning, OrderedDict()).get(key)


def _put(tuning: Tuning, key: object, made: object) -> None:
    with _LOCK:
        kept = _FOUND.setdefault(tuning, OrderedDict())
        kept[key] = made
        while len(kept) > REMEMBERED:
            kept.popitem(last=False)

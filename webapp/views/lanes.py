"""Who is on which lane of a talk's chart, and the charts in one sentence each."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from orchestrator.model_call import CallRole
from orchestrator.pool import TOOL_OF, Pool
from orchestrator.trajectory import Step, Trajectory
from webapp.views import amounts
from webapp.views import talk_words as words
from webapp.views.aliases import who
from webapp.views.calls import JsonObject

MOST_LANES: Final = 7
"""More cannot be told apart from the back row; what is called least shares the lane “other”."""
LONGEST_ROUTE: Final = 6
"""Calls that a sentence can name one by one."""
MODELS: Final = frozenset({CallRole.QUERY_WRITER, CallRole.CODE_WRITER, CallRole.EXPERT})
"""Calls that a model behind an alias answers; a retriever and a sandbox are no models."""
_ORDER: Final = {alias: place for place, alias in enumerate(TOOL_OF)}


def lanes(trajectories: Sequence[Trajectory], pool: Pool) -> list[JsonObject]:
    """The lanes of all alternatives of a run, so that the same lane means the same alias in each of them."""
    steps = [step for one in trajectories for step in one.steps]
    called = Counter(map(alias_of, steps))
    models = {alias_of(step): model for step in steps if (model := called_model(step))}
    most = [alias for alias, _ in sorted(called.items(), key=lambda item: (-item[1], _place(item[0])))]
    alone = most if len(most) <= MOST_LANES else most[: MOST_LANES - 1]
    drawn = [_lane([alias], models, pool) for alias in sorted(alone, key=_place)]
    rest = sorted(most[len(alone) :], key=_place)
    return [*drawn, _lane(rest, models, pool)] if rest else drawn


def alias_of(step: Step) -> str:
    """The alias that the step called; empty where its reply held no valid call."""
    return "" if step.call is None else step.call.model


def called_model(step: Step) -> str | None:
    """The model that stood behind the alias when it was called."""
    return next((short(call.model) for call in step.calls if call.alias and call.model and call.role in MODELS), None)


def short(model: str) -> str:
    """The model without whoever publishes it: `Qwen3-32B` of `Qwen/Qwen3-32B`."""
    return model.rpartition("/")[2] or model


def route_words(trajectory: Trajectory) -> str:
    """The route in one sentence."""
    called = [alias_of(step) or words.NO_CALL for step in trajectory.steps]
    if not called:
        return words.LANES_NONE
    if len(called) == 1:
        return words.LANES_ONE.format(who=called[0])
    if len(called) <= LONGEST_ROUTE:
        return words.LANES_FEW.format(count=len(called), route=", then ".join(_runs(called)))
    (most, times), *_ = Counter(called).most_common(1)
    return words.LANES_MANY.format(count=len(called), who=len(set(called)), most=most, times=times)


def money_words(trajectory: Trajectory) -> str:
    """Where the money went, in one sentence."""
    if not trajectory.steps:
        return words.STAIRS_NONE
    total = amounts.cost(trajectory.calls)
    if trajectory.cost_usd == 0:
        return words.STAIRS_FREE.format(total=total)
    dearest = max(trajectory.steps, key=lambda step: step.cost_usd)
    share = f"{100 * dearest.cost_usd / trajectory.cost_usd:.0f} %"
    name = alias_of(dearest) or words.NO_CALL
    return words.STAIRS.format(total=total, number=dearest.index + 1, who=name, share=share)


def _runs(called: Sequence[str]) -> list[str]:
    """Repetitions in a row together: `search-3 ×2`."""
    runs: list[tuple[str, int]] = []
    for name in called:
        if runs and runs[-1][0] == name:
            runs[-1] = (name, runs[-1][1] + 1)
        else:
            runs.append((name, 1))
    return [name if times == 1 else f"{name} ×{times}" for name, times in runs]


def _lane(aliases: Sequence[str], models: dict[str, str], pool: Pool) -> JsonObject:
    """One lane; several aliases share the last."""
    if len(aliases) > 1:
        names = ", ".join(alias or words.NO_CALL for alias in aliases)
        return {"name": words.OTHER, "model": names, "who": None, "aliases": list(aliases)}
    alias = aliases[0]
    if not alias:
        return {"name": words.NO_CALL, "model": "", "who": None, "aliases": [""]}
    known = who(alias, pool)
    return {"name": alias, "model": models.get(alias) or short(known["model"] or ""), "who": known, "aliases": [alias]}


def _place(alias: str) -> int:
    return _ORDER.get(alias, len(_ORDER))

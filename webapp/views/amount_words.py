"""Where the dollars and the seconds went: the dearest beside the cheapest alternative, and the steps it comes from.

Unknown dollars are said, never read as zero. Every number is a sum over the records.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from orchestrator.model_call import ChargeStatus
from orchestrator.trajectory import Step, Trajectory
from prefs.alignment import NO_CALL, Row
from prefs.widest import Amount, Widest, widest
from webapp.views import amounts
from webapp.views.parting_words import call_words, joined

_TWICE: Final = Decimal("1.95")
"""From this ratio on, times are said; below it, per cent."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Alternatives under their labels, in the rows of their alignment."""

    labels: tuple[str, ...]
    trajectories: tuple[Trajectory, ...]
    rows: tuple[Row, ...]
    tools_only: bool = False
    """Nobody may know aliases and models."""

    def step(self, row: int, alternative: int) -> Step | None:
        """That alternative's step in the row."""
        index = self.rows[row].steps[alternative]
        return None if index is None else self.trajectories[alternative].steps[index]

    def names(self, members: Sequence[int]) -> str:
        """Their labels."""
        return joined(self.labels[number] for number in members)


def money_sentence(compared: Compared) -> str:
    """Which one costs more, how much of that comes from which step, and whose dollars are not known."""
    known, reasons = _known(compared)
    if len(known) < 2:
        return f"What they cost cannot be compared: {reasons}."
    found = widest_cost(compared, known)
    left_out = f"; left out: {reasons}" if reasons else ""
    if not found.difference:
        return f"{_all_or(compared, known)} cost {amounts.dollars(found.total_most)} each{left_out}."
    about = "about " if any(_estimated(compared.trajectories[n]) for n in (found.most, found.least)) else ""
    most, least = compared.labels[found.most], compared.labels[found.least]
    return f"{most} costs {about}{_ratio(found, least)}: {_share(compared, found)}{left_out}."


def time_sentence(compared: Compared) -> str:
    """Which one takes longer, and how much of that comes from which step."""
    ended = [n for n, one in enumerate(compared.trajectories) if one.stop_reason is not None]
    if len(ended) < 2:
        return "Their times cannot be compared before they have ended."
    found = widest_time(compared, ended)
    if amounts.seconds(found.total_most) == amounts.seconds(found.total_least):
        return f"{_all_or(compared, ended)} take {amounts.seconds(found.total_most)} each."
    most, least = compared.labels[found.most], compared.labels[found.least]
    place = _places(compared, found, models=False)
    part, longer = found.main_amount, f"{most} takes {amounts.seconds(found.difference)} longer than {least}"
    if part > found.difference:
        rest = amounts.seconds(part - found.difference)
        return f"{longer}: {amounts.seconds(part)} more in {place}, {rest} less elsewhere."
    return f"{longer}, {_part_words(part, found, amounts.seconds)} of it in {place}."


def dearest_steps(compared: Compared) -> tuple[int, tuple[int, ...]] | None:
    """The dearest alternative and the rows its difference mainly comes from; `None` where nothing can be said."""
    known, _ = _known(compared)
    found = widest_cost(compared, known) if len(known) > 1 else None
    return (found.most, tuple(row for row, _ in found.main)) if found is not None and found.difference else None


def widest_cost(compared: Compared, among: Sequence[int]) -> Widest[Decimal]:
    """Dollars by row of these alternatives, all of them known."""
    return widest(_table(compared, lambda step: step.cost_usd, Decimal(0)), among, Decimal(0))


def widest_time(compared: Compared, among: Sequence[int]) -> Widest[float]:
    """Seconds by row of these alternatives."""
    return widest(_table(compared, lambda step: step.latency_s, 0.0), among, 0.0)


def _table(compared: Compared, amount: Callable[[Step], Amount], zero: Amount) -> list[list[Amount]]:
    steps = [[compared.step(at, n) for n in range(len(compared.labels))] for at in range(len(compared.rows))]
    return [[zero if step is None else amount(step) for step in row] for row in steps]


def _known(compared: Compared) -> tuple[list[int], str]:
    """Alternatives whose dollars are known for good, and why the others are left out."""
    every = range(len(compared.trajectories))
    unpriced = [n for n in every if compared.trajectories[n].unpriced_calls]
    unended = [n for n in every if compared.trajectories[n].stop_reason is None and n not in unpriced]
    return [n for n in every if n not in unpriced and n not in unended], _reasons(compared, unpriced, unended)


def _reasons(compared: Compared, unpriced: Sequence[int], unended: Sequence[int]) -> str:
    """`B and D have calls without a known price, C has not ended`."""
    said = []
    if unpriced:
        verb = "have" if len(unpriced) > 1 else "has"
        said.append(f"{compared.names(unpriced)} {verb} calls without a known price")
    if unended:
        verb = "have" if len(unended) > 1 else "has"
        said.append(f"{compared.names(unended)} {verb} not ended")
    return ", ".join(said)


def _all_or(compared: Compared, members: Sequence[int]) -> str:
    if len(members) == len(compared.labels) and len(members) > 2:
        return "All"
    return compared.names(members)


def _estimated(trajectory: Trajectory) -> bool:
    return any(call.charge.status is ChargeStatus.ESTIMATED for call in trajectory.calls)


def _ratio(found: Widest[Decimal], least: str) -> str:
    """`4.1 times as much as C`, `37 % more than C`, `$0.0131 and C nothing`."""
    if not found.total_least:
        return f"{amounts.dollars(found.total_most)}, {least} nothing"
    ratio = found.total_most / found.total_least
    if ratio >= _TWICE:
        return (
            f"{ratio:.1f} times as much as {least}"
            if ratio < Decimal("9.95")
            else f"{ratio:,.0f} times as much as {least}"
        )
    percent = (ratio - 1) * 100
    return f"{percent:.0f} % more than {least}" if percent >= 1 else f"slightly more than {least}"


def _share(compared: Compared, found: Widest[Decimal]) -> str:
    """How much of the difference of dollars comes from which steps of the dearest."""
    whole, part = amounts.dollars(found.difference), found.main_amount
    place = _places(compared, found, models=not compared.tools_only)
    if part > found.difference:
        return f"{amounts.dollars(part)} more in {place}, {amounts.dollars(part - found.difference)} less elsewhere"
    return f"{_part_words(part, found, amounts.dollars)} of the {whole} difference comes from {place}"


def _part_words(part: Amount, found: Widest[Amount], words: Callable[[Amount], str]) -> str:
    if part == found.difference:
        return "all"
    said = words(part)
    return "nearly all" if said == words(found.difference) else said


def _places(compared: Compared, found: Widest[Amount], *, models: bool) -> str:
    """`its step 4, answer-1 by gpt-5`; `its steps 3 and 4, search-1`; `its steps 3 (search-1) and 5 (answer-1)`."""
    named: dict[int, str] = {}
    for row, _ in found.main:
        index = compared.rows[row].steps[found.most]
        if index is not None:  # Only rows with a step add to the difference.
            named[index + 1] = _call(compared, row, found.most, models=models)
    steps = sorted(named)
    plural = "s" if len(steps) > 1 else ""
    if len(set(named.values())) == 1:
        return f"its step{plural} {joined(str(step) for step in steps)}, {named[steps[0]]}"
    return f"its steps {joined(f'{step} ({named[step]})' for step in steps)}"


def _call(compared: Compared, row: int, alternative: int, *, models: bool) -> str:
    """`answer-1 by gpt-5`."""
    step, call = compared.step(row, alternative), compared.rows[row].calls[alternative]
    model = _model(step) if models and step is not None and call != NO_CALL else None
    return f"{call_words(call)} by {model}" if model else call_words(call)


def _model(step: Step) -> str | None:
    """The model behind the alias that did most of the step's work."""
    experts = [call for call in step.calls if call.alias is not None and call.model is not None]
    return max(experts, key=lambda call: (call.charge.usd or 0, call.latency_s)).model if experts else None

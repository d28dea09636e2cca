"""Whether a policy follows preference instructions in words that it has never read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bench.bundled.cases import Asker, Case
from bench.bundled.expectimax import rates, situation
from bench.bundled.instructions import HeldOut
from bench.bundled.setting import Setting
from orchestrator.policy import Policy
from orchestrator.preference import PreferenceVector
from orchestrator.rehearsal.tasks import Task
from orchestrator.training.oracle import Oracle

NEAR: Final = 0.01
"""A choice also follows where its oracle value is at most this share below that of the choice to follow."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What a policy did with one instruction."""

    held: HeldOut
    tasks: int
    counted: int
    """Tasks at which the policy chooses otherwise under the opposite, both in the standard words."""
    followed: int
    """Of these, the tasks at which the held-out words lead to the choice of the standard ones, or one as good."""
    exact: int
    """Of the counted ones, the tasks at which it is the very choice of the standard words."""


async def followed(
    setting: Setting,
    spec: str,
    instructions: Sequence[HeldOut],
    tasks: Sequence[Task],
    asker: Asker,
    tick: Callable[[int, int], None],
) -> list[Followed]:
    """Each instruction at the beginning of each task."""
    hearing = _Hearing(
        setting.policy(spec, likeliest=True), asker, tuple(entry.alias for entry in setting.pool.entries), {}
    )
    prices, found = rates(setting.pool), []
    for number, held in enumerate(instructions, start=1):
        counted = kept = exact = 0
        for task in tasks:
            standard = await hearing.standard(task, held.preference)
            if standard == await hearing.standard(task, held.opposite):
                continue
            counted += 1
            heard = await asker.choice_for(hearing.policy, Case(task).turn(held.preference, hearing.offered), held.text)
            oracle = Oracle(situation(task, hearing.offered, prices, held.preference))
            exact += heard == standard
            kept += heard == standard or _as_good(oracle, heard, standard)
        found.append(Followed(held, len(tasks), counted, kept, exact))
        tick(number, len(instructions))
    return found


def _as_good(oracle: Oracle, heard: str | None, standard: str | None) -> bool:
    if heard is None or standard is None:
        return False
    values = oracle.values(Case(oracle.situation.task).state)
    return values[heard] >= values[standard] - NEAR * abs(values[standard])


@dataclass(slots=True)
class _Hearing:
    """The choices of a policy under standard wordings, each asked for once."""

    policy: Policy
    asker: Asker
    offered: tuple[str, ...]
    _known: dict[tuple[str, PreferenceVector], str | None]

    async def standard(self, task: Task, preference: PreferenceVector) -> str | None:
        key = (task.id, preference)
        if key not in self._known:
            self._known[key] = await self.asker.choice(self.policy, Case(task).turn(preference, self.offered))
        return self._known[key]

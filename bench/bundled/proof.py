"""Everything that the issue asks to be shown, measured in one run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bench.bundled.cases import Asker
from bench.bundled.counterfactual import Moved, Pair, moved, pairs
from bench.bundled.episodes import Asked, Episodes, instructed, tried
from bench.bundled.following import Followed, followed
from bench.bundled.instructions import HeldOut
from bench.bundled.progress import Progress
from bench.bundled.setting import Setting
from bench.bundled.sweep import BALANCED, swept
from orchestrator.preference import PRESETS, preset
from orchestrator.rehearsal.tasks import Task
from webapp.evaluation.plan import Plan
from webapp.evaluation.strongest import strongest_route

LOCAL: Final = "Keep it local"
ACCURATE: Final = "Accuracy first"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be measured."""

    policies: tuple[str, ...]
    """SPECs or names; the first is the one whose figures are to be proved."""
    supervised: tuple[str, ...]
    """Checkpoints that saw no reward, which it must beat."""
    asked: Asked
    wording_tasks: int
    """Tasks at which each held-out instruction is tried."""

    @property
    def shown(self) -> str:
        """The policy whose figures are to be proved."""
        return self.policies[0]

    @property
    def deciding(self) -> tuple[str, ...]:
        """The policies that are asked for single choices: those named, and two that are deaf."""
        return tuple(dict.fromkeys((*self.policies, *self.supervised, "nearest", "random")))

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The test tasks, in the order in which an evaluation takes them."""
        plan = Plan(("-",), {BALANCED: PRESETS[BALANCED]}, "-", limit=self.asked.limit, seed=self.asked.seed)
        return plan.tasks


@dataclass(frozen=True, slots=True)
class Proof:
    """What was measured."""

    wanted: Wanted
    setting: Setting
    strongest_route: str
    """SPEC of the fixed route through the strongest aliases."""
    balanced: Episodes
    instructed: Episodes
    sweeps: Episodes
    """The policy shown and the oracle, with the weights moved and under "Keep it local"."""
    reduced: Episodes
    """The same two without the strongest alias of each tool."""
    pairs: tuple[Pair, ...]
    moved: Mapping[str, Sequence[Moved]]
    followed: Mapping[str, Sequence[Followed]]
    took_s: Mapping[str, Sequence[float]]
    """Of single decisions."""


@dataclass(slots=True)
class Proving:
    """Measures one part after another."""

    setting: Setting
    wanted: Wanted
    instructions: Sequence[HeldOut]
    progress: Progress = field(default_factory=Progress)
    _askers: dict[str, Asker] = field(default_factory=dict)

    async def proof(self) -> Proof:
        """All of it; raises ValueError where a policy cannot be made."""
        setting, wanted = self.setting, self.wanted
        route = strongest_route(setting.pool, setting.fitter.book)
        compared = tuple(dict.fromkeys((*wanted.deciding, route)))
        setting.policies(compared)
        self._askers = {spec: Asker() for spec in wanted.deciding}
        made = self._pairs()
        return Proof(
            wanted,
            setting,
            route,
            await self._balanced(compared),
            await self._instructed(compared),
            await self._sweeps(),
            await self._reduced(),
            made,
            {spec: await self._moved(spec, made) for spec in wanted.deciding},
            {spec: await self._followed(spec) for spec in wanted.deciding},
            {spec: asker.took_s for spec, asker in self._askers.items()},
        )

    async def _balanced(self, specs: Sequence[str]) -> Episodes:
        tick = self._begun("Balanced, all policies")
        return await tried(self.setting, specs, {BALANCED: PRESETS[BALANCED]}, self.wanted.asked, tick=tick)

    async def _instructed(self, specs: Sequence[str]) -> Episodes:
        tick = self._begun("Held-out instructions, all policies")
        return await instructed(self.setting, specs, self.instructions, self.wanted.asked, tick=tick)

    async def _sweeps(self) -> Episodes:
        preferences = {**swept("cost"), **swept("latency"), LOCAL: preset(LOCAL, self.setting.pool.local_aliases)}
        tick = self._begun("Cost and latency from 0 to 1, Keep it local")
        return await tried(self.setting, (self.wanted.shown,), preferences, self.wanted.asked, tick=tick)

    async def _reduced(self) -> Episodes:
        preferences = {name: PRESETS[name] for name in (BALANCED, ACCURATE)}
        tick, pool = self._begun("Without the strongest aliases"), self.setting.without_strongest
        return await tried(self.setting, (self.wanted.shown,), preferences, self.wanted.asked, pool=pool, tick=tick)

    def _pairs(self) -> tuple[Pair, ...]:
        self.progress.begin("Counterfactual pairs")
        tasks, found = self.wanted.tasks, []
        for number, task in enumerate(tasks, start=1):
            found += pairs(self.setting, task)
            self.progress.tick(number, len(tasks))
        return tuple(found)

    async def _moved(self, spec: str, made: Sequence[Pair]) -> Sequence[Moved]:
        self.progress.begin(f"Counterfactual pairs, {spec}")
        return await moved(self.setting, spec, made, self._askers[spec], self.progress.tick)

    async def _followed(self, spec: str) -> Sequence[Followed]:
        self.progress.begin(f"Held-out words, {spec}")
        tasks = self.wanted.tasks[: self.wanted.wording_tasks]
        return await followed(self.setting, spec, self.instructions, tasks, self._askers[spec], self.progress.tick)

    def _begun(self, name: str) -> Callable[..., None]:
        self.progress.begin(name)
        return self.progress.standing

"""A whole training: its phases, one after another, with everything kept that is needed to go on after a stop."""

import json
import math
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, Final

import torch

from orchestrator.training.appraisal import ceiling, greedy, held_out, mean, worth
from orchestrator.training.base_reader import BaseReader
from orchestrator.training.bundled_reader import BundledReader
from orchestrator.training.curves import picture, rows_of
from orchestrator.training.learner import Learner, Teach
from orchestrator.training.lessons import imitate, read_request, reinforce
from orchestrator.training.request import EVERY, Told
from orchestrator.training.rollouts import rollouts
from orchestrator.training.rounded_adamw import RoundedAdamW
from orchestrator.training.taste import Taste

CURVES, PICTURE, STATE = "curves.jsonl", "curves.svg", "state.pt"
WARM_UP, CHECKPOINT = "warm-up", "checkpoint"
APPRAISED: Final = 128
"""Situations with tasks of the split `dev`."""
APPRAISED_OF_BASE: Final = 24
"""The same for a base, which reads each in some seconds."""
Report = Callable[[str, int, int, Mapping[str, float]], None]
"""Phase, steps done, steps in all, and the newest measures."""


@dataclass(frozen=True, slots=True)
class Phase:
    """So many steps of one lesson."""

    name: str
    lesson: Teach
    steps: int
    situations: int
    """Of each step."""
    places: int
    """States of each situation."""
    rate: float
    """Of learning at its greatest: it rises over a few steps and falls along a cosine."""
    told: Told = Told.ALL
    weight_decay: float = 0.01

    def rate_at(self, step: int) -> float:
        """Of learning, at a step from 0."""
        rising = min(1.0, (step + 1) / min(50, max(1, self.steps // 4)))
        return self.rate * rising * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * step / self.steps)))


def course(steps: tuple[int, int, int, int]) -> tuple[Phase, ...]:
    """Reading, imitation, reading of wishes alone, and reinforcement with so many steps."""
    reading, imitation, wishes, reinforcement = steps
    return (
        Phase("reading", read_request, reading, situations=64, places=1, rate=3e-3, told=Told.QUESTION),
        Phase("imitation", imitate, imitation, situations=48, places=2, rate=2e-3),
        Phase("wishes", read_request, wishes, situations=128, places=1, rate=2e-3, told=Told.WISH),
        Phase("reinforcement", reinforce, reinforcement, 16, len(EVERY), rate=6e-4, weight_decay=0.0),
    )


def course_of_base(steps: tuple[int, int] = (200, 400), situations: int = 8, rate: float = 1e-5) -> tuple[Phase, ...]:
    """Imitation and reinforcement with so many steps, the second at a fifth of the rate. A base reads already."""
    imitation, reinforcement = steps
    return (
        Phase("imitation", imitate, imitation, situations, places=2, rate=rate),
        Phase("reinforcement", reinforce, reinforcement, situations, len(EVERY), rate=rate / 5, weight_decay=0.0),
    )


def course_of_taste(steps: int = 200, rate: float = 3e-4) -> tuple[Phase, ...]:
    """Reinforcement alone, with so many steps: for a network that decides well already."""
    return (Phase("reinforcement", reinforce, steps, 16, len(EVERY), rate=rate, weight_decay=0.0),)


def device_named(name: str | None) -> torch.device:
    """That device; where none is named, a GPU if there is one."""
    return torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))


def bundled(folder: Path, phases: tuple[Phase, ...], seed: int, device: str | None = None) -> "Training":
    """The training of the bundled orchestrator, on a GPU where there is one."""
    where = device_named(device)
    return Training(folder, phases, Learner(BundledReader(seed, where), where, seed), seed)


def of_taste(
    folder: Path, phases: tuple[Phase, ...], start: Path, taste: Taste, seed: int, device: str | None = None
) -> "Training":
    """The training of a checkpoint like the bundled one towards a taste; it goes on from the folder `start`."""
    where = device_named(device)
    learner = Learner(BundledReader(seed, where, start), where, seed, taste)
    return Training(folder, phases, learner, seed)


def of_base(folder: Path, phases: tuple[Phase, ...], path: Path, seed: int, device: str | None = None) -> "Training":
    """The training of the model in the folder `path`, such as Qwen3-8B; raises UnusableModel where there is none."""
    where = device_named(device)
    reader = BaseReader(path, where)
    learner = Learner(reader, where, seed)
    weights = list(reader.network.parameters())
    if all(weight.dtype is torch.bfloat16 for weight in weights):
        learner.optimizer = RoundedAdamW(weights, seed=seed)
    return Training(folder, phases, learner, seed, base=reader.name)


class OtherTraining(ValueError):
    """The folder holds a training with another seed, course or base."""


class Training:
    """One training in a folder. Started again on the same folder, it goes on where it was kept last."""

    def __init__(
        self, folder: Path, phases: tuple[Phase, ...], learner: Learner, seed: int, *, base: str | None = None
    ) -> None:
        self._folder, self._phases, self._seed, self._base = folder, phases, seed, base
        self.learner = learner
        drawn = held_out("dev", APPRAISED if base is None else APPRAISED_OF_BASE, seed=0)
        taste, dice = learner.taste, random.Random("appraisal")
        self._held_out = drawn if taste is None else [taste.on(one, dice) for one in drawn]
        self.ceiling = mean([ceiling(one) for one in self._held_out])["utility"]
        """Utility of the oracle in the situations of `appraise`."""
        self._began, self._before_s = time.monotonic(), 0.0

    def run(self, report: Report, *, keep_every: int = 100) -> None:
        """All phases that are left, and both checkpoints. Raises OtherTraining."""
        self._folder.mkdir(parents=True, exist_ok=True)
        first, done = self._restored()
        for number in range(first, len(self._phases)):
            phase = self._phases[number]
            for group in self.learner.optimizer.param_groups:
                group["weight_decay"] = phase.weight_decay
            for step, measures in self._steps(phase, done):
                report(phase.name, step, phase.steps, measures)
                if step % keep_every == 0 or step == phase.steps:
                    self._keep(number, step, measures)
            done = 0
            if phase in self._phases[-2:-1]:
                self._write(WARM_UP)
        self._write(CHECKPOINT)

    def _steps(self, phase: Phase, done: int) -> Iterator[tuple[int, Mapping[str, float]]]:
        smooth: dict[str, float] = {}
        for step in range(done, phase.steps):
            self.learner.progress = step / phase.steps
            drawn = self.learner.drawn(phase.situations)
            measured = self.learner.learn(phase.lesson, drawn, phase.places, phase.rate_at(step), told=phase.told)
            for name, value in measured.items():
                smooth[name] = 0.95 * smooth.get(name, value) + 0.05 * value
            yield step + 1, smooth

    def appraise(self) -> Mapping[str, float]:
        """Greedy decisions in held-out situations, exactly."""
        chances = self.learner.chances(self._held_out).tolist()
        worths = [worth(one, greedy(rows)) for one, rows in zip(self._held_out, chances, strict=True)]
        return {**self._scores(chances), **mean(worths)}

    def _scores(self, chances: list[list[list[float]]]) -> dict[str, float]:
        """What the reward model says of sampled episodes of the same situations, where there is one."""
        taste = self.learner.taste
        if taste is None or taste.scorer is None:
            return {}
        dice = random.Random("appraisal")
        groups = [rollouts(one, rows, 8, dice) for one, rows in zip(self._held_out, chances, strict=True)]
        scores = [taste.scorer.scores(one, group) for one, group in zip(self._held_out, groups, strict=True)]
        return {"score": fmean(score for group in scores for score in group)}

    def _keep(self, number: int, step: int, measures: Mapping[str, float]) -> None:
        seconds = self._before_s + time.monotonic() - self._began
        phase = self._phases[number].name
        row: dict[str, Any] = {
            "seed": self._seed,
            "phase": phase,
            "step": step,
            "seconds": round(seconds, 1),
            **measures,
        }
        if phase not in ("reading", "wishes"):
            row |= {f"dev_{name}": value for name, value in self.appraise().items()}
        with (self._folder / CURVES).open("a", encoding="utf-8") as curves:
            curves.write(f"{json.dumps(row)}\n")
        rows = rows_of(self._folder / CURVES)
        (self._folder / PICTURE).write_text(picture([rows], self.ceiling), "utf-8")
        kept = {"seed": self._seed, "phases": self._shape(), "base": self._base, "taste": self._taste}
        kept |= {"phase": number, "step": step, "seconds": seconds}
        new = self._folder / f"{STATE}.new"
        torch.save(kept | self.learner.state(), new)
        new.replace(self._folder / STATE)

    def _restored(self) -> tuple[int, int]:
        """The phase and the step to go on with."""
        path = self._folder / STATE
        if not path.exists():
            return 0, 0
        # A GPU that holds a large model has no room for it twice.
        kept = torch.load(path, weights_only=False, map_location="cpu")
        asked = (self._seed, self._shape(), self._base, self._taste)
        if (kept["seed"], kept["phases"], kept.get("base"), kept.get("taste")) != asked:
            raise OtherTraining(f"{self._folder} holds another training; name an empty folder with --out")
        self.learner.restore(kept)
        self._before_s = kept["seconds"]
        return kept["phase"], kept["step"]

    @property
    def _taste(self) -> str | None:
        taste = self.learner.taste
        return None if taste is None else taste.about

    def _shape(self) -> list[tuple[str, int, int, int, float]]:
        return [(one.name, one.steps, one.situations, one.places, one.rate) for one in self._phases]

    def _write(self, name: str) -> None:
        self.learner.reader.write(self._folder / name)

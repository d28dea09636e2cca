"""What learns: the network with its tokenizer, its optimiser and its dice."""

import math
import random
from collections.abc import Callable, Sequence
from typing import Any, Final

import torch
from torch import Tensor

from orchestrator.rehearsal.tasks import all_tasks
from orchestrator.training.drawing import counterfactual, draw_situation
from orchestrator.training.reader import Read, Reader
from orchestrator.training.request import EVERY, SEEN, Told
from orchestrator.training.situation import ALIASES, Situation
from orchestrator.training.taste import Taste

PAIRED: Final = 0.6
"""How often a situation is followed by its counterfactual."""
STEEPEST: Final = 1.0
"""Norm to which gradients are clipped."""
Teach = Callable[["Learner", Sequence[Situation], Read, Sequence[int]], tuple[Tensor, dict[str, float]]]
"""From situations, what the network says of them and the places in SEEN: the loss of each situation, and measures."""


class Learner:
    """All that a lesson changes. `state` and `restore` keep and bring back every bit of it."""

    def __init__(self, reader: Reader, device: torch.device, seed: int, taste: Taste | None = None) -> None:
        self.reader, self.device, self.taste = reader, device, taste
        self.dice = random.Random(seed)
        self.progress = 0.0
        """Of the phase, from 0 to 1."""
        self.optimizer = torch.optim.AdamW(self.reader.network.parameters(), betas=(0.9, 0.98), weight_decay=0.01)
        self._tasks = [task for task in all_tasks() if task.split == "train"]

    def drawn(self, count: int) -> list[Situation]:
        """Situations, many of them in pairs that differ in one thing."""
        situations: list[Situation] = []
        while len(situations) < count:
            situation = draw_situation(self._tasks, self.dice)
            if self.taste is not None and self.dice.random() < self.taste.share:
                situation = self.taste.on(situation, self.dice)
            situations.append(situation)
            if self.dice.random() < PAIRED:
                situations.append(counterfactual(situation, self.dice))
        return situations[:count]

    def learn(
        self, lesson: Teach, situations: Sequence[Situation], places: int, rate: float, *, told: Told = Told.ALL
    ) -> dict[str, float]:
        """One step of the optimiser, in so many states of each situation. Measures are means over the situations."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        totals: dict[str, float] = {}
        chosen = sorted(self.dice.sample(EVERY, places))
        for part in self.reader.parts(situations, chosen, self.dice, told=told):
            with torch.autocast(self.device.type, torch.bfloat16):
                said = part.read()
            loss, measures = lesson(self, part.situations, said, chosen)
            (loss.sum() / len(situations)).backward()
            for name, value in measures.items():
                totals[name] = totals.get(name, 0.0) + value * len(part.situations) / len(situations)
        steepness = float(torch.nn.utils.clip_grad_norm_(self.reader.network.parameters(), STEEPEST))
        if math.isfinite(steepness):
            self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return totals

    def chances(self, situations: Sequence[Situation]) -> Tensor:
        """[situations, SEEN, aliases]: probabilities among the aliases on offer."""
        found = torch.zeros(len(situations), len(SEEN), len(ALIASES))
        with torch.no_grad():
            for part in self.reader.parts(situations, EVERY, random.Random(0), told=Told.ALL):
                masked = self.masked(part.situations, part.read().choices)
                found[torch.tensor(part.numbers)] = masked.softmax(-1).cpu()
        return found

    def masked(self, situations: Sequence[Situation], logits: Tensor) -> Tensor:
        """[…, aliases]: the logits of aliases, those not on offer out of reach."""
        offered = torch.tensor([[alias in one.offered for alias in ALIASES] for one in situations])
        return logits.masked_fill(~offered.to(self.device)[:, None], -1e9)

    def state(self) -> dict[str, Any]:
        """Of everything that a run needs to go on as if it had never stopped."""
        return {
            "network": self.reader.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "dice": self.dice.getstate(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a kept state."""
        self.reader.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.dice.setstate(state["dice"])

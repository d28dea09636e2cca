"""What reads situations for a learner: the bundled network, or another Qwen3 with its own chat template."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from torch import Tensor, nn

from orchestrator.training.request import Told
from orchestrator.training.situation import Situation


@dataclass(frozen=True, slots=True)
class Read:
    """What a network says of situations in some states."""

    choices: Tensor
    """[situations, states, aliases]: logits of deciding for each alias, whether it is on offer or not."""
    anything: Tensor
    """[situations, states]: log of the sum of the exponentials of the logits of all that it could say instead."""
    words: Tensor
    """Cross-entropy of the words of the thoughts and of what follows the alias, in nats for each situation."""


@dataclass(frozen=True, slots=True)
class Part:
    """Situations that are read in one pass."""

    numbers: Sequence[int]
    """Of the situations among those that were asked for."""
    situations: Sequence[Situation]
    read: Callable[[], Read]


class Reader(Protocol):
    """A network and how it is asked."""

    @property
    def network(self) -> nn.Module:
        """What is trained."""

    def parts(
        self, situations: Sequence[Situation], places: Sequence[int], dice: random.Random, *, told: Told
    ) -> Iterator[Part]:
        """The situations in these of SEEN, as many at once as is good for the device.

        Where only the wish is told, only the words about its weights count.
        """

    def write(self, folder: Path) -> None:
        """Write a checkpoint that can be used."""

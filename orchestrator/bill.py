"""What a step pays for while it is being made, and whoever listens to its models as they write."""

from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.model_call import CallRole, ModelCall


@dataclass(frozen=True, slots=True)
class Heard:
    """A piece of what a model is writing right now. Not kept: the finished step holds the whole."""

    role: CallRole
    alias: str | None
    """`None` for the orchestrator."""
    piece: str
    thinking: bool
    """Whether it belongs to the thinking instead of the reply."""
    fresh: bool = False
    """The reply begins anew: what was heard of this call before came from an attempt that failed."""


class Bill(list[ModelCall]):
    """The calls of one step, in order; `hear` is told each piece that a model writes, where somebody listens."""

    def __init__(self, hear: Callable[[Heard], None] | None = None) -> None:
        super().__init__()
        self.hear = hear

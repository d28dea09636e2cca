"""AdamW for weights that are bfloat16 and nothing else.

A step of 1e-5 is less than half of bfloat16's spacing at most weights, so that rounding to the nearest would drop it.
Here sums are rounded up or down by chance, in proportion to what is left over, so that small steps add up.
"""

import math
from collections.abc import Iterable
from typing import Any, Final

import torch
from torch import Tensor, nn

AT_ONCE: Final = 2**26
"""Weights that are computed in full precision at the same time: a quarter of a gigabyte a copy."""
_CUT_BITS: Final = 16
"""By which bfloat16 is shorter than float32."""
_EPSILON: Final = 1e-8


class RoundedAdamW(torch.optim.Optimizer):  # type: ignore[misc] # untyped
    """Weights, gradients and both moments take 8 bytes a weight together. The same for the same seed."""

    def __init__(
        self,
        weights: Iterable[nn.Parameter],
        *,
        seed: int,
        betas: tuple[float, float] = (0.9, 0.98),
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(weights, {"lr": 0.0, "betas": betas, "weight_decay": weight_decay, "seed": seed, "steps": 0})
        others = {weight.dtype for group in self.param_groups for weight in group["params"]} - {torch.bfloat16}
        if others:
            raise ValueError(f"only bfloat16 weights are rounded, not {', '.join(map(str, others))}")

    def step(self, closure: None = None) -> None:  # noqa: ARG002 - of the base class
        """Change every weight that has a gradient."""
        with torch.no_grad():
            for group in self.param_groups:
                group["steps"] += 1
                chance = _Chance(hash((group["seed"], group["steps"])))
                for weight in group["params"]:
                    if weight.grad is not None:
                        self._change(weight, group, chance)

    def _change(self, weight: Tensor, group: dict[str, Any], chance: "_Chance") -> None:
        state = self.state[weight]
        if not state:
            state["mean"], state["square"] = torch.zeros_like(weight), torch.zeros_like(weight)
        whole = (weight, weight.grad, state["mean"], state["square"])
        for parts in zip(*(one.view(-1).split(AT_ONCE) for one in whole), strict=True):
            _change(parts, group, chance)


class _Chance:
    """Random bits of one step, on whatever device."""

    def __init__(self, seed: int) -> None:
        self._seed = seed & (2**63 - 1)
        self._of: dict[torch.device, Any] = {}

    def rounded(self, exact: Tensor) -> Tensor:
        """float32 to bfloat16: a neighbour, the nearer one more likely, right on average."""
        if exact.device not in self._of:
            self._of[exact.device] = torch.Generator(exact.device).manual_seed(self._seed)
        noise = torch.randint(
            0, 1 << _CUT_BITS, exact.shape, dtype=torch.int32, device=exact.device, generator=self._of[exact.device]
        )
        return ((exact.view(torch.int32) + noise) & -(1 << _CUT_BITS)).view(torch.float32).bfloat16()


def _change(parts: tuple[Tensor, ...], group: dict[str, Any], chance: _Chance) -> None:
    """AdamW (arXiv 1711.05101) in full precision on a part of a weight, written back rounded."""
    weight, slope, mean, square = (part.float() for part in parts)
    first, second = group["betas"]
    mean.lerp_(slope, 1 - first)
    square.lerp_(slope.square_(), 1 - second)
    unbiased = math.sqrt(1 - second ** group["steps"]) / (1 - first ** group["steps"])
    weight.mul_(1 - group["lr"] * group["weight_decay"])
    weight.addcdiv_(mean, square.sqrt().add_(_EPSILON), value=-group["lr"] * unbiased)
    for part, exact in zip((parts[0], parts[2], parts[3]), (weight, mean, square), strict=True):
        part.copy_(chance.rounded(exact))

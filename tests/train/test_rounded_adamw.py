"""AdamW whose bfloat16 weights are rounded by chance."""

import pytest

torch = pytest.importorskip("torch")

from orchestrator.training.rounded_adamw import RoundedAdamW  # noqa: E402


def test_small_steps_of_rounded_weights_add_up():
    weight = torch.nn.Parameter(torch.ones(4000, dtype=torch.bfloat16))
    exact = torch.nn.Parameter(torch.ones(4000))
    nearest = torch.nn.Parameter(torch.ones(4000, dtype=torch.bfloat16))
    optimizers = (
        RoundedAdamW([weight], seed=0, weight_decay=0.0),
        torch.optim.AdamW([exact], betas=(0.9, 0.98), weight_decay=0.0),
        torch.optim.AdamW([nearest], betas=(0.9, 0.98), weight_decay=0.0),
    )
    for step in range(60):
        for optimizer, one in zip(optimizers, (weight, exact, nearest), strict=True):
            optimizer.param_groups[0]["lr"] = 1e-4
            one.grad = torch.full_like(one, 0.5 + 0.1 * (step % 3))
            optimizer.step()
    weight, exact, nearest = (one.detach().float() for one in (weight, exact, nearest))
    moved = 1 - float(exact.mean())
    assert moved > 0.004
    assert 1 - float(weight.mean()) == pytest.approx(moved, rel=0.1)
    assert float(nearest.mean()) == 1


def test_rounded_steps_go_on_after_a_stop_as_if_there_had_been_none():
    def trained(stop: bool) -> "torch.Tensor":
        weight = torch.nn.Parameter(torch.linspace(-1, 1, 500).bfloat16())
        optimizer = RoundedAdamW([weight], seed=2)
        for step in range(6):
            if stop and step == 3:
                kept = optimizer.state_dict()
                weight = torch.nn.Parameter(weight.detach().clone())
                optimizer = RoundedAdamW([weight], seed=2)
                optimizer.load_state_dict(kept)
            optimizer.param_groups[0]["lr"] = 1e-3
            weight.grad = torch.sin(torch.arange(500.0) + step).bfloat16()
            optimizer.step()
        return weight

    assert torch.equal(trained(stop=False), trained(stop=True))
    with pytest.raises(ValueError, match="only bfloat16"):
        RoundedAdamW([torch.nn.Parameter(torch.ones(2))], seed=0)

"""What a checkpoint gives back to the optimizer."""

from __future__ import annotations

import torch

from workbench.training.snapshots import copied, load_optimizer, optimizer_tensors


def _stepped(model: torch.nn.Module, optimizer: torch.optim.Optimizer, seed: int) -> None:
    torch.manual_seed(seed)
    optimizer.zero_grad()
    model(torch.randn(4, 3, 8, 8)).square().mean().backward()
    optimizer.step()


def test_a_restored_optimizer_steps_on_as_the_first_one_does_with_interleaved_channels() -> None:
    models = [torch.nn.Conv2d(3, 5, 3).to(memory_format=torch.channels_last) for _ in range(2)]
    optimizers = [torch.optim.AdamW(model.parameters(), lr=0.1, fused=True) for model in models]
    models[1].load_state_dict(models[0].state_dict())
    _stepped(models[0], optimizers[0], 1)
    models[1].load_state_dict(copied(models[0].state_dict()))
    load_optimizer(models[1], optimizers[1], copied(optimizer_tensors(models[0], optimizers[0])))
    for model, optimizer in zip(models, optimizers, strict=True):
        _stepped(model, optimizer, 2)
    assert torch.equal(models[0].weight, models[1].weight)
    assert optimizers[1].state[models[1].weight]["exp_avg"].stride() == models[1].weight.stride()

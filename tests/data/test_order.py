"""Order is a function of seed and epoch."""

from __future__ import annotations

import torch

from workbench.data.order import mix, order


def test_order_is_a_permutation_that_seed_and_epoch_decide() -> None:
    rows = torch.arange(100, 200)
    first = order(1, 0, rows)
    torch.rand(5)
    assert torch.equal(first, order(1, 0, rows)) and torch.equal(first.sort().values, rows)
    assert not torch.equal(first, order(1, 1, rows)) and not torch.equal(first, order(2, 0, rows))


def test_order_leaves_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    order(1, 2, torch.arange(10))
    assert torch.equal(before, torch.get_rng_state())


def test_mix_tells_its_parts_apart() -> None:
    seeds = {mix(1, 2), mix(2, 1), mix(12), mix("1", 2), mix(1, 2, 0), mix("12"), mix(-1, 2)}
    assert len(seeds) == 7 and all(0 <= seed < 2**63 for seed in seeds)
    assert mix(7, 3, "order") == mix(7, 3, "order")


def test_order_of_one_epoch_never_changes_between_versions() -> None:
    assert order(7, 0, torch.arange(8)).tolist() == [3, 0, 5, 4, 2, 6, 7, 1]

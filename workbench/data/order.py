"""Order as a function of numbers: the same seed and epoch give the same order, whatever happened before."""

from __future__ import annotations

from hashlib import blake2b

import torch


def mix(*parts: int | str) -> int:
    """Returns one seed made of several numbers or words, between 0 and 2**63 - 1.

    A hash and not a sum, so that (seed 1, step 2) and (seed 2, step 1) have nothing in common.
    """
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in parts)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def order(seed: int, epoch: int, rows: torch.Tensor) -> torch.Tensor:
    """Returns `rows` in the order of that epoch.

    Args:
        seed: The seed of the run.
        epoch: Counted from 0.
        rows: Row indices, int64 `(n,)`.
    """
    generator = torch.Generator().manual_seed(mix(seed, epoch, "order"))
    return rows[torch.randperm(len(rows), generator=generator).to(rows.device)]

"""The fields of the recipe as a form shows them."""

from __future__ import annotations

from workbench.catalogue import Params, param


class RecipeParams(Params):
    """What stands in the recipe beside optimizer and schedule."""

    epochs: int = param(
        20, label="Epochs", help="How often the whole training split is gone through; 0 keeps the weights that a run starts from.", ge=0, le=100_000,
    )
    batch_size: int = param(64, label="Batch", help="How many rows one step learns from.", unit="rows", ge=1, le=1_000_000)
    seed: int = param(7, label="Seed", help="Where all randomness comes from: the same seed gives the same run.", ge=0)
    patience: int = param(
        0, label="Patience", help="Stop when validation has not improved for this many epochs; 0 never stops early.", unit="epochs",
        ge=0, le=10_000,
    )
    clip_norm: float = param(
        0.0, label="Gradient limit", help="Longer gradients are shortened to this norm; 0 leaves them alone.", ge=0.0, main=False,
    )
    device: str = param("auto", label="Device", help="auto, cpu, cuda, cuda:1 or mps.", main=False)
    threads: int = param(
        0, label="Threads", help="Processor threads; 0 measures which number is fastest.", ge=0, le=1024, main=False,
    )
    start_from: str = param(
        "", label="Start from", help="A run, a safetensors or npz file, or a folder that holds one; nothing makes new weights.", main=False,
    )


LIVE = {
    "epochs": "recipe.epochs", "patience": "recipe.patience", "clip_norm": "recipe.clip_norm",
    "optimizer.learning_rate": "recipe.optimizer.learning_rate", "optimizer.weight_decay": "recipe.optimizer.weight_decay",
}
"""What may change while a run is under way, by form field, and what the engine calls it."""

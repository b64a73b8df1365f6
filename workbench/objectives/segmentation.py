"""A class for every pixel, learned with cross entropy per pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from workbench.catalogue import Params, param
from workbench.data.base import Field, FieldKind
from workbench.objectives.accumulators import Accuracy, MeanIntersectionOverUnion
from workbench.objectives.base import Chance, Expected, Metric, Objective
from workbench.text import Text

if TYPE_CHECKING:
    from torch import Tensor


class Segmentation(Objective):
    """A class for every pixel. The output is an image with one channel of raw scores (logits) per class."""

    name: ClassVar[str] = "segmentation"
    label: ClassVar[str] = "Segmentation"
    category: ClassVar[str] = "supervised"
    summary: ClassVar[str] = "Says for every pixel which one of several classes it shows."
    aliases: ClassVar[tuple[str, ...]] = ("semantic segmentation", "mask", "per-pixel", "IoU", "Jaccard", "U-Net", "语义分割", "分割", "逐像素")
    targets: ClassVar[tuple[FieldKind, ...]] = (FieldKind.MASK,)
    main_metric: ClassVar[str] = "iou"
    output_axes: ClassVar[tuple[str, ...]] = ("batch", "channel", "height", "width")
    class_axis: ClassVar[int | None] = 1

    class Params(Params):
        """The parameters of `segmentation`."""

        label_smoothing: float = param(
            0.0, label="Label smoothing", help="Moves this share of the target's probability to all classes alike; tames overconfidence.",
            ge=0.0, lt=1.0,
        )

    def loss(self, output: Tensor, target: Tensor, params: Any) -> Tensor:
        from torch.nn.functional import cross_entropy

        return cross_entropy(output, target, label_smoothing=params.label_smoothing)

    def row_losses(self, output: Tensor, target: Tensor, params: Any) -> Tensor:
        from torch.nn.functional import cross_entropy

        return cross_entropy(output, target, label_smoothing=params.label_smoothing, reduction="none").flatten(1).mean(1)

    def row_scores(self, output: Tensor, target: Tensor) -> Tensor:
        """Returns how well the areas of every row lie on each other: intersection over union, the mean over the classes that stand in it."""
        import torch

        answer, truth = output.argmax(1).flatten(1), target.flatten(1)
        held = [(answer == index, truth == index) for index in range(output.shape[1])]
        both = torch.stack([(said & meant).sum(1) for said, meant in held], 1)
        either = torch.stack([(said | meant).sum(1) for said, meant in held], 1)
        there = either > 0
        return (both / either.clamp(min=1) * there).sum(1) / there.sum(1).clamp(min=1)

    def accumulators(self) -> dict[str, Metric]:
        return {"iou": MeanIntersectionOverUnion(), "pixel_accuracy": Accuracy()}

    def decode(self, output: Tensor, field: Field, *, mean: float = 0.0, std: float = 1.0) -> list[dict[str, Any]]:
        """Returns the class of every pixel as `mask`, and the share of each class in the picture as `scores`."""
        import torch

        names = list(field.categories) or [str(index) for index in range(output.shape[1])]
        masks = output.detach().argmax(1)
        shares = torch.stack([(masks == index).flatten(1).double().mean(1) for index in range(output.shape[1])], 1)
        rows = zip(masks.tolist(), shares.tolist(), strict=True)
        return [{"label": names[int(np.argmax(part))], "scores": dict(zip(names, part, strict=False)), "mask": mask} for mask, part in rows]

    def expected_output(self, field: Field) -> Expected:
        count = len(field.categories)
        return Expected(count, Text("one channel per class, {count} classes", count=count))

    def chance(self, targets: np.ndarray) -> Chance:
        """Guessing the most frequent class everywhere: the mean IoU of that, and the entropy of the frequencies in nats."""
        if not targets.size:
            return Chance(0.0, 0.0)
        shares = np.bincount(targets.ravel()) / targets.size
        known = shares[shares > 0]
        return Chance(float(shares.max() / len(known)), float(-(known * np.log(known)).sum()))

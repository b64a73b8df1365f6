"""One class out of several, learned with cross entropy."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from workbench.catalogue import Params, param
from workbench.data.base import Field, FieldKind
from workbench.objectives.accumulators import Accuracy, Confusion
from workbench.objectives.base import Chance, Expected, Metric, Objective
from workbench.text import Text

if TYPE_CHECKING:
    from torch import Tensor


class Classification(Objective):
    """One class out of several. The output gives one raw score (logit) per class; the softmax is part of the loss."""

    name: ClassVar[str] = "classification"
    label: ClassVar[str] = "Classification"
    category: ClassVar[str] = "supervised"
    summary: ClassVar[str] = "Says which one of several classes a row belongs to."
    aliases: ClassVar[tuple[str, ...]] = (
        "cross entropy", "CrossEntropyLoss", "categorical_crossentropy", "sparse_categorical_crossentropy", "softmax", "分类", "交叉熵",
    )
    targets: ClassVar[tuple[FieldKind, ...]] = (FieldKind.CATEGORY,)
    main_metric: ClassVar[str] = "accuracy"
    class_axis: ClassVar[int | None] = 1

    class Params(Params):
        """The parameters of `classification`."""

        label_smoothing: float = param(
            0.0, label="Label smoothing", help="Moves this share of the target's probability to all classes alike; tames overconfidence.",
            ge=0.0, lt=1.0,
        )
        class_weights: Literal["equal", "balanced"] = param(
            "equal", label="Class weights", help="Balanced: rare classes count more, so that all classes count alike in the loss.",
            main=False,
        )

    def loss(self, output: Tensor, target: Tensor, params: Any) -> Tensor:
        from torch.nn.functional import cross_entropy

        return cross_entropy(output, target, label_smoothing=params.label_smoothing)

    def row_losses(self, output: Tensor, target: Tensor, params: Any) -> Tensor:
        from torch.nn.functional import cross_entropy

        return cross_entropy(output, target, label_smoothing=params.label_smoothing, reduction="none")

    def loss_function(self, params: Any, targets: np.ndarray, device: Any) -> Callable[[Tensor, Tensor], Tensor]:
        import torch
        from torch.nn.functional import cross_entropy

        weight, smoothing = None, params.label_smoothing
        if params.class_weights == "balanced":
            counts = np.bincount(targets).astype(np.float64)
            weight = torch.as_tensor(counts.sum() / (np.count_nonzero(counts) * np.maximum(counts, 1)), dtype=torch.float32, device=device)

        def loss(output: Tensor, target: Tensor) -> Tensor:
            scale = weight if weight is None or len(weight) == output.shape[1] else _padded(weight, output.shape[1])
            return cross_entropy(output, target, scale, label_smoothing=smoothing)

        return loss

    def accumulators(self) -> dict[str, Metric]:
        return {"accuracy": Accuracy(), "f1": Confusion()}

    def decode(self, output: Tensor, field: Field, *, mean: float = 0.0, std: float = 1.0) -> list[dict[str, Any]]:
        rows = output.detach().double().softmax(1).tolist()
        names = list(field.categories) or [str(index) for index in range(output.shape[1])]
        names += [str(index) for index in range(len(names), output.shape[1])]
        return [_decoded(names, scores) for scores in rows]

    def expected_output(self, field: Field) -> Expected:
        count = len(field.categories)
        return Expected(count, Text("one score per class, {count} classes", count=count))

    def chance(self, targets: np.ndarray) -> Chance:
        """Guessing the most frequent class; the loss of knowing the frequencies alone (their entropy, in nats)."""
        if not len(targets):
            return Chance(0.0, 0.0)
        shares = np.bincount(targets) / len(targets)
        known = shares[shares > 0]
        return Chance(float(shares.max()), float(-(known * np.log(known)).sum()))


def _padded(weight: Tensor, width: int) -> Tensor:
    """Classes that never occur in the training split weigh nothing; they can only be predicted, never wanted."""
    from torch.nn.functional import pad

    return pad(weight, (0, width - len(weight)))


def _decoded(names: list[str], scores: list[float]) -> dict[str, Any]:
    best = max(range(len(scores)), key=scores.__getitem__)
    return {"label": names[best], "scores": dict(zip(names, scores, strict=False))}

"""The contract of an objective and of its metrics."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from workbench.catalogue import Entry
from workbench.data.base import Field, FieldKind

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

Better = Literal["higher", "lower"]


class Metric(ABC):
    """A small accumulator: counts and float64 sums that stay on the device until someone asks.

    `state()` goes into the checkpoint, so a resumed run counts on exactly.

    Attributes:
        label: What people call it.
        better: Whether more or less of it is better.
        cheap: Whether it may run on every training step.
        unit: Shown behind the value.
    """

    label: ClassVar[str] = ""
    better: ClassVar[Better] = "higher"
    cheap: ClassVar[bool] = True
    unit: str = ""

    @abstractmethod
    def update(self, output: Tensor, target: Tensor) -> None:
        """Takes in one batch; both tensors on one device, without gradient."""

    @abstractmethod
    def value(self) -> float:
        """Returns the metric over everything since `reset`; NaN where nothing came in."""

    @abstractmethod
    def reset(self) -> None:
        """Forgets everything."""

    @abstractmethod
    def state(self) -> dict[str, Tensor]:
        """Returns what was counted, as tensors by name (empty where nothing came in)."""

    @abstractmethod
    def load(self, state: Mapping[str, Tensor], device: Any = "cpu") -> None:
        """Takes up what `state` returned."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What an objective asks of the output that it reads.

    Attributes:
        width: The size of the feature axis, or 0 where any will do.
        description: One clause for messages (`one score per class, 10 classes`).
    """

    width: int
    description: str


@dataclass(frozen=True, slots=True)
class Chance:
    """What guessing would score.

    Attributes:
        metric: The value of the main metric.
        loss: The value of the loss.
    """

    metric: float
    loss: float


class Objective(Entry, ABC):
    """One thing that can be learned. One class in one module of `workbench/objectives/`.

    Attributes:
        targets: The kinds of field it can learn.
        main_metric: The metric that says which epoch was best.
        output_axes: The axes of the output that it reads.
        class_axis: The axis of that output along which scores of classes lie, or None where it gives numbers.
        reads_target: Whether the model may be given the very field that is learned.
        writes: Whether the output is written token by token: inputs that the model writes get the target one token late.
    """

    targets: ClassVar[tuple[FieldKind, ...]] = ()
    main_metric: ClassVar[str] = ""
    output_axes: ClassVar[tuple[str, ...]] = ("batch", "feature")
    class_axis: ClassVar[int | None] = None
    reads_target: ClassVar[bool] = False
    writes: ClassVar[bool] = False

    def ended(self, output: Tensor, steps: Tensor) -> Tensor:
        """Returns an output in which the steps behind the end of each row say nothing; most objectives never look at them.

        Args:
            output: What the model gave, its steps along axis 1.
            steps: How many of them belong to each row, `(N,)`.
        """
        return output

    def wanted(self, target: Tensor, lengths: Tensor | None) -> Tensor:
        """Returns what the output is compared with.

        Args:
            target: The field that is learned, model-ready.
            lengths: Its valid lengths `(N,)`, where rows differ.
        """
        return target

    def row_scores(self, output: Tensor, target: Tensor) -> Tensor | None:
        """Returns one number per row that says how good it is, for objectives whose answer is more than one number; else None."""
        return None

    @abstractmethod
    def loss(self, output: Tensor, target: Tensor, params: Any) -> Tensor:
        """Returns the mean loss of a batch, a scalar with gradient."""

    @abstractmethod
    def row_losses(self, output: Tensor, target: Tensor, params: Any) -> Tensor:
        """Returns the loss of every row, `(N,)`."""

    @abstractmethod
    def accumulators(self) -> dict[str, Metric]:
        """Returns new metrics by name, the main one first."""

    @abstractmethod
    def decode(self, output: Tensor, field: Field, *, mean: float = 0.0, std: float = 1.0) -> list[dict[str, Any]]:
        """Returns what every row of an output says to a person.

        Args:
            output: What the model gave.
            field: The field that was learned.
            mean, std: Of a number field that was standardised.

        Returns:
            One dict a row: `label` and `scores` by label, or `value` and `unit`.
        """

    @abstractmethod
    def expected_output(self, field: Field) -> Expected:
        """Returns what the output must look like to learn this field."""

    @abstractmethod
    def chance(self, targets: np.ndarray) -> Chance:
        """Returns what guessing without looking at the input would score, for these targets of the training split."""

    def loss_function(self, params: Any, targets: np.ndarray, device: Any) -> Callable[[Tensor, Tensor], Tensor]:
        """Returns the loss of a run as a function of output and target.

        Args:
            params: Parsed parameters.
            targets: All targets of the training split, for losses that weigh by frequency.
            device: Where constants of the loss go.
        """
        return lambda output, target: self.loss(output, target, params)

    def better(self, metric: str) -> Better:
        """Returns whether more or less of a metric is better; less of every loss is."""
        found = self.accumulators().get(metric)
        return found.better if found is not None else "lower"

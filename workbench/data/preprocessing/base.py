"""What turns raw values of one field into tensors, fitted on the training split alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import torch

from workbench.data.base import Field, FieldKind
from workbench.graph.shape import Shape

Stored = tuple[torch.Tensor, ...]
"""A whole column as tensors with one entry per row."""


class Preprocessor(ABC):
    """The fitted preprocessing of one field.

    `store` does once what need not be done per batch; `gather` makes a batch of it with one index gather. `encode_one` is the way
    of a single value given by a person and gives the same numbers.

    Attributes:
        kind: The kind of field it is for.
        field: The field.
    """

    kind: ClassVar[FieldKind]

    def __init__(self, field: Field) -> None:
        self.field = field

    @classmethod
    @abstractmethod
    def fit(cls, field: Field, column: Any, params: Any) -> Preprocessor:
        """Returns it fitted on raw values of the training split.

        Args:
            field: The field.
            column: Raw values as `Dataset.column` gives them.
            params: The parsed parameters of this kind.
        """

    @classmethod
    @abstractmethod
    def restore(cls, field: Field, state: Mapping[str, Any]) -> Preprocessor:
        """Returns what `state` was taken from, for the same field of possibly newer data."""

    @property
    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Everything learned or chosen, as JSON values; floats survive exactly."""

    @abstractmethod
    def store(self, column: Any) -> Stored:
        """Returns the column as tensors on the CPU."""

    @abstractmethod
    def gather(self, stored: Stored, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Returns model-ready values of these rows, and their valid lengths where rows differ in length."""

    def fetched(self, column: Any) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Returns raw rows model-ready at once: what `gather` gives of all rows of `store`, bit by bit."""
        stored = self.store(column)
        return self.gather(stored, torch.arange(len(stored[0])))

    @abstractmethod
    def encode_one(self, raw: Any) -> torch.Tensor:
        """Returns one raw value as a batch of one row, without padding."""

    @abstractmethod
    def shape(self) -> Shape:
        """Returns the shape of a batch of this field."""

    def display(self, raw: Any) -> Any:
        """Returns a raw value as people should see it."""
        return raw

    def transform(self, column: Any) -> torch.Tensor:
        """Returns a whole raw column, model-ready (ragged rows padded to the longest)."""
        stored = self.store(column)
        return self.gather(stored, torch.arange(len(stored[0])))[0]


def where(rows: torch.Tensor, tensor: torch.Tensor) -> torch.Tensor:
    """Returns row indices on the device of `tensor`."""
    return rows if rows.device == tensor.device else rows.to(tensor.device)

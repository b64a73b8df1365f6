"""The contract of a starter project."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from workbench.catalogue import Entry
from workbench.data.base import FieldKind
from workbench.project.project import Project


class Starter(Entry, ABC):
    """One starter. One class in one module of `workbench/project/starters/`.

    Attributes:
        task: What it learns, in a few words.
        family: Where it stands in lists: `images`, `texts`, `tables`, `signals`, `writing`, `several inputs`, `empty`.
        reads: The kind of data that it takes.
        field: The field whose picture stands for it.
        seconds: Training time on two ordinary cores, until this machine has measured its own.
        accuracy: The test accuracy that it reaches on its own data.
    """

    category: ClassVar[str] = "starter"
    task: ClassVar[str] = ""
    family: ClassVar[str] = "images"
    reads: ClassVar[FieldKind] = FieldKind.IMAGE
    field: ClassVar[str] = ""
    seconds: ClassVar[float] = 30.0
    accuracy: ClassVar[float] = 0.0

    @abstractmethod
    def make(self, language: str = "en") -> Project:
        """Returns the project, complete and laid out.

        Args:
            language: What its data is written in, where it comes in several languages: `en` or `zh`.
        """

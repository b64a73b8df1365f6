"""Choices and small files for the tests of the data room."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image


@dataclass(frozen=True)
class Rule:
    """How rows are divided, as the project says it."""

    validation: float = 0.15
    test: float = 0.15
    seed: int = 7
    stratify: str = ""
    use_given: bool = True
    folds: int = 0
    fold: int = 0
    share: float = 1.0
    group: str = ""
    time: str = ""


@dataclass(frozen=True)
class Choice:
    """How data is prepared, as the project says it."""

    split: Rule = Rule()
    preprocessing: dict[str, dict[str, Any]] = field(default_factory=dict)
    limit: int = 0


@pytest.fixture
def choice() -> Callable[..., Choice]:
    """Makes a choice: `choice(validation=0.2, limit=10, image={"height": 8})`."""

    def make(limit: int = 0, rule: dict[str, Any] | None = None, **preprocessing: dict[str, Any]) -> Choice:
        return Choice(replace(Rule(), **(rule or {})), preprocessing, limit)

    return make


@pytest.fixture
def image_folder(tmp_path: Path) -> Path:
    """Two classes, `cat` and `dog`, twelve grey 10 x 12 PNG images each."""
    generator = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (tmp_path / "images" / name).mkdir(parents=True)
        for number in range(12):
            Image.fromarray(generator.integers(0, 256, (10, 12), dtype=np.uint8)).save(tmp_path / "images" / name / f"{number:02}.png")
    return tmp_path / "images"

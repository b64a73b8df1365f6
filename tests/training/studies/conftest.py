"""A project that learns the digits in a second."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from workbench.project.project import Choice, DataChoice, ObjectiveChoice, Project, Recipe
from workbench.project.sketch import Sketch


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def digits(limit: int = 300, **recipe: Any) -> Project:
    """Digits with one convolution."""
    sketch = Sketch()
    sketch.add("image_input", "image", field="image", channels=1, height=8, width=8)
    sketch.chain(("conv2d", {"filters": 8, "kernel": 3}), "relu", "max_pool2d", "flatten", ("linear", {"units": 10}))
    sketch.add("output", "digit")
    settings: dict[str, Any] = {"epochs": 2, "batch_size": 32, "threads": 1, "checkpoint_seconds": 3600.0, "device": "cpu", **recipe}
    return Project(
        name="digits", graph=sketch.graph, data=DataChoice("sample:digits", limit=limit),
        objectives=(ObjectiveChoice("classification", "digit", "label"),),
        recipe=Recipe(optimizer=Choice("adamw", {"learning_rate": 0.01}), **settings),
    )


def with_data(project: Project, **changes: Any) -> Project:
    """Returns the project with another choice of data."""
    return replace(project, data=replace(project.data, **changes))

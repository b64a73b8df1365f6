"""A small real project, and an engine that listens to a script."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from workbench.data.prepare import Prepared
from workbench.project.project import Choice, DataChoice, ObjectiveChoice, Project, Recipe
from workbench.project.runs import RunFolder, create_run
from workbench.project.sketch import Sketch
from workbench.training.engine import Engine
from workbench.training.events import Command, Event, Steps
from workbench.training.inbox import Inbox
from workbench.training.load import prepare_data


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def small_project(**recipe: Any) -> Project:
    """Digits with convolution, batch normalisation and dropout: everything that could break exactness; 4 epochs of 14 steps."""
    sketch = Sketch()
    sketch.add("image_input", "image", field="image", channels=1, height=8, width=8)
    sketch.chain(
        ("conv2d", {"filters": 4, "kernel": 3}), "batch_norm2d", "relu", "max_pool2d", ("dropout", {"rate": 0.3}), "flatten",
        ("linear", {"units": 10}),
    )
    sketch.add("output", "digit")
    settings: dict[str, Any] = {"epochs": 4, "batch_size": 16, "threads": 1, "checkpoint_seconds": 3600.0, **recipe}
    return Project(
        name="small", graph=sketch.graph, data=DataChoice("sample:digits", limit=300),
        objectives=(ObjectiveChoice("classification", "digit", "label"),),
        recipe=Recipe(optimizer=Choice("adamw", {"learning_rate": 0.01}), **settings),
    )


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """The data of `small_project`, prepared once."""
    project = small_project()
    return prepare_data(project, create_run(tmp_path_factory.mktemp("data"), "data", project))


class Script(Inbox):
    """An inbox that says what it was told to say after given steps."""

    def __init__(self, said: dict[int, list[Command]]) -> None:
        super().__init__()
        self.said = dict(said)
        self.engine: Engine | None = None

    def pending(self) -> bool:
        assert self.engine is not None
        for command in self.said.pop(self.engine.step, []):
            self.put(command)
        return super().pending()


class Session:
    """Engines over one folder, with everything they said."""

    def __init__(self, folder: Path, prepared: Prepared) -> None:
        self.folder, self.prepared = folder, prepared
        self.events: list[Event] = []
        self.engine: Engine

    def run(
        self, project: Project, said: dict[int, list[Command]] | None = None, *, on: RunFolder | None = None, resume: Any = None,
        before: Callable[[Engine], None] | None = None, own_data: bool = False,
    ) -> RunFolder:
        """Runs an engine to its end and returns its run."""
        run = on or create_run(self.folder, project.name, project)
        script = Script(said or {})
        self.events = []
        self.engine = script.engine = Engine(project, run, self._take, script, resume=resume, prepared=None if own_data else self.prepared)
        if before is not None:
            before(self.engine)
        self.outcome = self.engine.run()
        return run

    def _take(self, event: Event) -> None:
        self.events.append(event)

    def of(self, kind: type[Any]) -> list[Any]:
        """Returns the events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def steps(self) -> list[int]:
        """Where blocks of steps ended."""
        return [event.step for event in self.of(Steps)]


@pytest.fixture
def session(tmp_path: Path, prepared: Prepared) -> Session:
    return Session(tmp_path, prepared)


@pytest.fixture
def project() -> Project:
    return small_project()


def with_recipe(project: Project, **changes: Any) -> Project:
    """Returns the project with another recipe."""
    return replace(project, recipe=replace(project.recipe, **changes))

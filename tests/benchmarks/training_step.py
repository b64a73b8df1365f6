"""The training step against a raw slicing loop: the same model, the same storage, the same shuffle, one thread, CPU time.

Pairs are interleaved and the median of their ratios counts. The raw loop is what a careful person writes without us: `torch.randperm`,
one index per batch, unfused AdamW, nothing logged. Ours has everything on: metrics, events, findings, checkpoints, inbox.

    python tests/benchmarks/training_step.py [--pairs 7] [mlp cnn lstm transformer]
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from workbench.data.base import Field, FieldKind
from workbench.data.memory import MemoryDataset
from workbench.data.prepare import Prepared, prepare
from workbench.models.build import build
from workbench.project.project import Choice, DataChoice, ObjectiveChoice, Project, Recipe, SplitChoice
from workbench.project.runs import create_run
from workbench.project.sketch import Sketch
from workbench.training.engine import Engine
from workbench.training.events import Event, Finished
from workbench.training.inbox import FolderInbox

BATCH = 64


@dataclass(frozen=True, slots=True)
class Case:
    """One comparison.

    Attributes:
        hold: The highest ratio to hold.
        steps: Steps of one measurement, in epochs of 100; the first epoch warms up and is left out.
    """

    name: str
    field: str
    layers: tuple[Any, ...]
    fused: bool
    hold: float
    steps: int


MLP = ("flatten", ("linear", {"units": 64}), "relu", ("linear", {"units": 10}))
CNN = (
    ("conv2d", {"filters": 16, "kernel": 3}), "relu", "max_pool2d", ("conv2d", {"filters": 32, "kernel": 3}), "relu", "max_pool2d", "flatten",
    ("linear", {"units": 10}),
)
LSTM = (("embedding", {"width": 64}), ("lstm", {"units": 128}), "last_over_time", ("linear", {"units": 10}))
TRANSFORMER = (
    ("embedding", {"width": 128}), "positional_encoding", ("transformer_encoder", {"layers": 2, "heads": 4}),
    "mean_over_time", ("linear", {"units": 10}),
)
CASES = {
    case.name: case for case in (
        Case("mlp unfused", "image", MLP, False, 1.10, 1000),
        Case("mlp", "image", MLP, True, 0.85, 1000),
        Case("cnn", "image", CNN, True, 1.02, 300),
        Case("lstm", "text", LSTM, True, 1.02, 200),
        Case("transformer", "text", TRANSFORMER, True, 1.02, 200),
    )
}


def project_of(case: Case) -> Project:
    """Returns the drawing and recipe of a case."""
    sketch = Sketch()
    if case.field == "image":
        sketch.add("image_input", "image", field="image", channels=1, height=28, width=28)
    else:
        sketch.add("text_input", "text", field="text", vocabulary=64, maximum_length=28)
    sketch.chain(*case.layers)
    sketch.add("output", "label")
    return Project(
        name=case.name, graph=sketch.graph,
        data=DataChoice("benchmark", split=SplitChoice(validation=0.0, test=0.0)),
        objectives=(ObjectiveChoice("classification", "label", "label"),),
        recipe=Recipe(
            optimizer=Choice("adamw", {"learning_rate": 0.001, "fused": case.fused}), schedule=Choice("constant"),
            epochs=case.steps // 100, batch_size=BATCH, threads=1,
        ),
    )


def data_of(project: Project, field: str) -> Prepared:
    """Returns 6,400 made-up rows, 100 batches, prepared as any other data."""
    made, count = np.random.default_rng(0), 100 * BATCH
    columns: dict[str, Any] = {"label": made.integers(0, 10, count)}
    if field == "image":
        columns["image"] = made.integers(0, 256, (count, 28, 28, 1), dtype=np.uint8)
        first = Field("image", FieldKind.IMAGE, channels=1, height=28, width=28)
    else:
        words = np.array([f"w{index}" for index in range(60)])
        columns["text"] = [" ".join(words[row]) for row in made.integers(0, 60, (count, 28))]
        first = Field("text", FieldKind.TEXT)
    labels = Field("label", FieldKind.CATEGORY, categories=tuple("0123456789"))
    dataset = MemoryDataset(
        format="memory", source="benchmark", fields=(first, labels), columns=columns, ids=[str(row) for row in range(count)],
        splits=np.array(["train"] * count),
    )
    return prepare(dataset, project.data, [field], ["label"])


@contextmanager
def cpu_seconds() -> Iterator[Callable[[], float]]:
    """Gives a function that says how much CPU time this process has used since."""
    began = time.process_time()
    yield lambda: time.process_time() - began


def ours(project: Project, prepared: Prepared, folder: Path) -> float:
    """Returns CPU seconds of training, set-up and end left out (they do not grow with the steps)."""
    marks: list[float] = []
    total = 100 * project.recipe.epochs

    def emit(event: Event) -> None:
        if getattr(event, "step", 0) > 0 and type(event).__name__ == "EpochEnded" and event.step in (100, total):  # type: ignore[union-attr]
            marks.append(time.process_time())

    run = create_run(folder, "ours", project)
    outcome = Engine(project, run, emit, FolderInbox(run), prepared=prepared).run()
    assert isinstance(outcome, Finished), outcome
    return (marks[1] - marks[0]) / (total - 100)


def raw(project: Project, prepared: Prepared, field: str, weights: nn.Module) -> float:
    """Returns CPU seconds per step of the same model in a plain loop over the same resident tensors."""
    model, loss_of = weights.train(), nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.001, weight_decay=0.01)
    stored, labels = prepared.stored[field], prepared.stored["label"][0]
    gather = _raw_images(stored[0], prepared) if field == "image" else _raw_texts(stored)
    steps = 100 * (project.recipe.epochs - 1)
    with cpu_seconds() as spent:
        for _ in range(steps // 100):
            order = torch.randperm(len(labels))
            for begin in range(0, len(labels), BATCH):
                index = order[begin:begin + BATCH]
                inputs, lengths = gather(index)
                optimizer.zero_grad()
                loss_of(model(inputs, **lengths), labels[index]).backward()
                optimizer.step()
        return spent() / steps


def _raw_images(pixels: torch.Tensor, prepared: Prepared) -> Callable[[torch.Tensor], tuple[torch.Tensor, dict[str, torch.Tensor]]]:
    fitted: Any = prepared.preprocessors["image"]
    mean, deviation = fitted.mean[0], fitted.deviation[0]
    return lambda index: ((pixels[index].float() / 255 - mean) / deviation, {})


def _raw_texts(stored: tuple[torch.Tensor, ...]) -> Callable[[torch.Tensor], tuple[torch.Tensor, dict[str, torch.Tensor]]]:
    ids, lengths = stored[0], stored[1]
    return lambda index: (ids[index].long(), {"lengths": lengths[index].long()})


def measure(case: Case, pairs: int) -> dict[str, Any]:
    """Returns the row of one case."""
    project = project_of(case)
    prepared = data_of(project, case.field)
    ratios: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(pairs + 1):
            torch.manual_seed(0)
            mine = ours(project, prepared, Path(folder))
            theirs = raw(project, prepared, case.field, build(project.graph))
            ratios.append(mine / theirs)
    ratio = statistics.median(ratios[1:])
    return {
        "name": f"training step, {case.name}", "value": round(ratio, 3), "hold": case.hold, "ok": ratio <= case.hold,
        "unit": "x raw loop, CPU time", "spread": [round(min(ratios[1:]), 3), round(max(ratios[1:]), 3)], "load": os.getloadavg()[0],
    }


def run(pairs: int = 7, names: list[str] | None = None) -> list[dict[str, Any]]:
    """Returns one row per case: name, value, hold, ok."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return [measure(case, pairs) for name, case in CASES.items() if not names or any(name.startswith(wanted) for wanted in names)]
    finally:
        torch.set_num_threads(before)


def main() -> int:
    """Prints the rows; exits 1 where one does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--pairs", type=int, default=7)
    given = parser.parse_args()
    rows = run(given.pairs, given.names)
    for row in rows:
        low, high = row["spread"]
        print(f"{row['name']:32s} {row['value']:6.3f}  hold {row['hold']:.2f}  {'ok' if row['ok'] else 'NOT HELD'}  ({low:.3f} to {high:.3f})")
    return 0 if all(row["ok"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())

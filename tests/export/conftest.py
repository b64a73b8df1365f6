"""One bundle per family, made once: digits through convolutions, reviews through LSTM and Transformer, numbers to a number."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.explain.conftest import built, chain
from workbench.data.base import Field, FieldKind
from workbench.data.memory import MemoryDataset, NumberedIds
from workbench.data.open import open_dataset
from workbench.data.prepare import Prepared, prepare
from workbench.export.bundle import spec_of, write_model
from workbench.export.predict import Bundle
from workbench.export.verify import Verification
from workbench.graph import edit
from workbench.graph.graph import Edge, Graph, PortRef
from workbench.models.build import Model
from workbench.project.project import DataChoice, ExportChoice, ObjectiveChoice, Project


@dataclass(frozen=True)
class Made:
    """A bundle and what it was made from."""

    folder: Path
    model: Model
    prepared: Prepared
    project: Project
    verification: Verification

    @property
    def bundle(self) -> Bundle:
        return Bundle(self.folder)


def digits_graph() -> Graph:
    return chain(
        ("image_input", {"channels": 1, "height": 8, "width": 8}), ("conv2d", {"filters": 6}), ("batch_norm2d", {}), ("relu", {}),
        ("max_pool2d", {}), ("dropout", {"rate": 0.3}), ("flatten", {}), ("linear", {"units": 10}), ("output", {}),
    )


def lstm_graph() -> Graph:
    """Two bidirectional layers; the last hidden state and the mean of the output side by side."""
    graph = chain(
        ("text_input", {"vocabulary": 2000, "maximum_length": 24}), ("embedding", {"width": 12}),
        ("lstm", {"units": 7, "layers": 2, "bidirectional": True}), ("mean_over_time", {}), ("linear", {"units": 2}), ("output", {}),
    )
    by_layer = {node.layer: node.id for node in graph}
    graph = edit.disconnect(graph, Edge.between(by_layer["mean_over_time"], by_layer["linear"]))
    graph, joined = edit.add_node(graph, "concatenate")
    for source, port in ((by_layer["mean_over_time"], "output"), (by_layer["lstm"], "hidden"), (by_layer["lstm"], "cell")):
        graph = edit.connect(graph, Edge(PortRef(source, port), PortRef(joined, "inputs")))
    return edit.connect(graph, Edge.between(joined, by_layer["linear"]))


def transformer_graph() -> Graph:
    return chain(
        ("text_input", {"vocabulary": 2000, "maximum_length": 24}), ("embedding", {"width": 12}), ("positional_encoding", {}),
        ("transformer_encoder", {"heads": 3, "layers": 2}), ("self_attention", {"heads": 2, "causal": True}), ("last_over_time", {}),
        ("linear", {"units": 2}), ("output", {}),
    )


def numbers_graph() -> Graph:
    graph, ends = Graph(), []
    for name in ("age", "height"):
        graph, node = edit.add_node(graph, "number_input", name=name)
        ends.append(node)
    graph, joined = edit.add_node(graph, "concatenate")
    graph, linear = edit.add_node(graph, "linear", params={"units": 1})
    graph, output = edit.add_node(graph, "output")
    for end in ends:
        graph = edit.connect(graph, Edge.between(end, joined, target_port="inputs"))
    return edit.connect(edit.connect(graph, Edge.between(joined, linear)), Edge.between(linear, output))


def numbers_dataset() -> MemoryDataset:
    random = np.random.default_rng(0)
    columns = {name: random.normal(50, 9, 120).astype(np.float32) for name in ("age", "height")}
    columns["price"] = columns["age"] * 1000 + columns["height"]
    fields = [Field(name, FieldKind.NUMBER, unit="EUR" if name == "price" else "") for name in columns]
    return MemoryDataset(format="memory", source="", fields=fields, columns=columns, ids=NumberedIds(("row", 120)), licence="CC0 1.0")


def mixed_dataset() -> MemoryDataset:
    """Colour pictures of three sizes, bright or dark."""
    random = np.random.default_rng(0)
    labels = np.arange(90) % 2
    images = [random.integers(0, 128, ((9, 12), (16, 8), (30, 31))[row % 3] + (3,), np.uint8) + np.uint8(100 * labels[row]) for row in range(90)]
    fields = [Field("image", FieldKind.IMAGE, channels=3), Field("label", FieldKind.CATEGORY, categories=("dark", "bright"))]
    columns = {"image": images, "label": labels.astype(np.int64)}
    return MemoryDataset(format="memory", source="", fields=fields, columns=columns, ids=NumberedIds(("row", 90)))


def project_of(graph: Graph, source: str, objective: str, target: str, opset: int) -> Project:
    output = next(node.name for node in graph if node.layer == "output")
    choice = DataChoice(source, preprocessing={"text": {"vocabulary": 2000, "maximum_length": 24}} if source.endswith("reviews") else {})
    objectives = (ObjectiveChoice(objective, output, target),)
    return Project("Try it", graph, choice, objectives, export=ExportChoice(opset, author="Ada"))


def prepared_for(project: Project, inputs: list[str]) -> Prepared:
    data = project.data
    dataset = open_dataset(data.source, params={"rows": 600} if "reviews" in data.source else {}) if data.source else numbers_dataset()
    return prepare(dataset, data, inputs, [project.objectives[0].target])


FAMILIES: dict[str, tuple[Any, str, str, str, list[str]]] = {
    "digits": (digits_graph, "sample:digits", "classification", "label", ["image"]),
    "lstm": (lstm_graph, "generated:reviews", "classification", "label", ["text"]),
    "transformer": (transformer_graph, "generated:reviews", "classification", "label", ["text"]),
    "numbers": (numbers_graph, "", "regression", "price", ["age", "height"]),
}


def project_for(family: str, opset: int = 20) -> Project:
    graph, source, objective, target, _ = FAMILIES[family]
    return project_of(graph(), source, objective, target, opset)


def make_model(family: str) -> tuple[Model, Prepared]:
    """Returns the untrained model of a family and its data."""
    project = project_for(family)
    return built(project.graph).eval(), prepared_for(project, FAMILIES[family][4])


def make(family: str, folder: Path, opset: int, seed: int = 0) -> Made:
    project = project_for(family, opset)
    prepared, model = prepared_for(project, FAMILIES[family][4]), built(project.graph, seed).eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.add_(0.3)
            module.running_var.mul_(1.7)
    spec = spec_of(model, prepared, project, opset, run="20260101-000000-try", metrics={"accuracy/val": 0.9})
    return Made(folder, model, prepared, project, write_model(model, prepared, spec, folder))


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Made]:
    """A bundle of every family by name, operator set 20, all from this one process."""
    root = tmp_path_factory.mktemp("bundles")
    return {family: make(family, root / family, 20) for family in FAMILIES}

"""Small drawings with random or briefly trained weights, and the generated data whose evidence is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from workbench.data.open import open_dataset
from workbench.data.prepare import Prepared, prepare
from workbench.graph import edit
from workbench.graph.graph import Edge, Graph
from workbench.models.build import Model, build
from workbench.project.project import DataChoice


def chain(*layers: tuple[str, dict[str, Any]]) -> Graph:
    """Returns layers one after the other, each named after its kind."""
    graph, before = Graph(), ""
    for layer, params in layers:
        graph, node = edit.add_node(graph, layer, params=params, name={"image_input": "image", "text_input": "text"}.get(layer))
        if before:
            graph = edit.connect(graph, Edge.between(before, node))
        before = node
    return graph


def built(graph: Graph, seed: int = 0) -> Model:
    """Returns the model of a drawing with weights from a seed, in training mode."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return build(graph)


def trained(model: Model, prepared: Prepared, field: str, epochs: int, rate: float = 0.01) -> Model:
    """Trains in a plain loop; returns the model in eval mode."""
    optimizer = torch.optim.AdamW(model.parameters(), rate)
    rows, order = prepared.rows("train"), torch.Generator().manual_seed(0)
    for _ in range(epochs):
        for part in rows[torch.randperm(len(rows), generator=order)].split(64):
            batch = prepared.batch(part)
            output = next(iter(model.call({field: batch.values[field]}, {k: v for k, v in batch.lengths.items() if k == field}).values()))
            loss = torch.nn.functional.cross_entropy(output, batch.values["label"])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model.eval()


def labels_of_rows(prepared: Prepared, rows: np.ndarray) -> np.ndarray:
    return np.asarray(prepared.dataset.column("label", rows))


@pytest.fixture(scope="session")
def shapes() -> Prepared:
    dataset = open_dataset("generated:shapes", params={"rows": 2000, "noise": 0.05})
    return prepare(dataset, DataChoice("generated:shapes"), ["image"], ["label"])


@pytest.fixture(scope="session")
def reviews() -> Prepared:
    choice = DataChoice("generated:reviews", preprocessing={"text": {"vocabulary": 2000, "maximum_length": 48}})
    return prepare(open_dataset("generated:reviews", params={"rows": 3000}), choice, ["text"], ["label"])


@pytest.fixture(scope="session")
def shapes_model(shapes: Prepared) -> Model:
    """A convolutional network that tells shapes apart on most validation pictures."""
    graph = chain(
        ("image_input", {"channels": 1, "height": 32, "width": 32}), ("conv2d", {"filters": 8}), ("relu", {}), ("max_pool2d", {}),
        ("conv2d", {"filters": 16}), ("relu", {}), ("global_max_pool", {}), ("linear", {"units": 4}), ("output", {}),
    )
    return trained(built(graph), shapes, "image", epochs=7)


def text_chain(*middle: tuple[str, dict[str, Any]], vocabulary: int) -> Graph:
    """Returns a text classifier with these layers between the embedding and the mean over time."""
    first = (("text_input", {"vocabulary": vocabulary, "maximum_length": 48}), ("embedding", {"width": 16}))
    return chain(*first, *middle, ("mean_over_time", {}), ("linear", {"units": 2}), ("output", {}))


@pytest.fixture(scope="session")
def vocabulary(reviews: Prepared) -> int:
    return int(reviews.preprocessors["text"].vocabulary)  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def lstm_model(vocabulary: int) -> Model:
    return built(text_chain(("lstm", {"units": 8, "bidirectional": True}), vocabulary=vocabulary))


@pytest.fixture(scope="session")
def transformer_model(vocabulary: int) -> Model:
    middle = (("positional_encoding", {}), ("transformer_encoder", {"heads": 4, "layers": 2, "dropout": 0.2}))
    return built(text_chain(*middle, vocabulary=vocabulary))


@pytest.fixture(scope="session")
def norm_model() -> Model:
    """An untrained network with everything that reacts to training mode: batch norm and dropout."""
    return built(chain(
        ("image_input", {"channels": 1, "height": 32, "width": 32}), ("conv2d", {"filters": 4}), ("batch_norm2d", {}), ("gelu", {}),
        ("dropout", {"rate": 0.5}), ("max_pool2d", {}), ("flatten", {}), ("linear", {"units": 4}), ("output", {}),
    ))

"""Vectors of rows out of layers: what they are averaged over, which layer stands before the head, nothing of the model is touched."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tests.explain.conftest import built, chain, text_chain
from workbench.explain.capture import model_hash
from workbench.explain.layer_vectors import last_hidden, layer_vectors, layers_with_vectors, pooled
from workbench.graph.shape import Shape


def test_maps_are_averaged_over_places_and_vectors_are_kept(shapes: Any, shapes_model: Any) -> None:
    rows = np.arange(0, 400, 2)
    assert last_hidden(shapes_model) == "global_max_pool1"
    before = model_hash(shapes_model)
    vectors = layer_vectors(shapes_model, shapes, rows, "global_max_pool1")
    assert vectors is not None and vectors.shape == (200, 16) and vectors.dtype == np.float32
    with torch.no_grad():
        head = shapes_model.get_submodule("linear1")(torch.from_numpy(vectors))
        truth = shapes_model.call({"image": shapes.batch(rows).values["image"]})["output"]
    assert torch.allclose(head, truth, atol=1e-5)
    maps = layer_vectors(shapes_model, shapes, rows[:5], "conv1")
    assert maps is not None and maps.shape == (5, 8)
    assert model_hash(shapes_model) == before and not any(module._forward_hooks for module in shapes_model.modules())


def test_rows_of_one_class_lie_near_each_other_for_a_trained_model(shapes: Any, shapes_model: Any) -> None:
    rows = np.arange(600)
    labels = np.asarray(shapes.dataset.column("label", rows))

    def agreement(vectors: np.ndarray) -> float:
        apart = ((vectors[:, None] - vectors[None]) ** 2).sum(2)
        np.fill_diagonal(apart, np.inf)
        return float((labels[apart.argmin(1)] == labels).mean())

    found = layer_vectors(shapes_model, shapes, rows, last_hidden(shapes_model))
    assert found is not None
    assert agreement(found) > 0.75 > 0.6 > agreement(np.random.default_rng(0).normal(size=found.shape))


def test_padding_says_nothing_about_a_text(reviews: Any) -> None:
    model = built(text_chain(("lstm", {"units": 8}), vocabulary=2000))
    path = next(path for path in layers_with_vectors(model.plan) if path.startswith("lstm"))
    texts = [reviews.dataset.column("text", np.asarray([row]))[0] for row in range(40)]
    short, long = (int(pick([len(text) for text in texts])) for pick in (np.argmin, np.argmax))
    alone = layer_vectors(model, reviews, np.array([short]), path)
    padded = layer_vectors(model, reviews, np.array([short, long]), path)
    assert alone is not None and padded is not None
    assert np.allclose(alone[0], padded[0], atol=1e-5)


@pytest.mark.parametrize("axes", [{"channel": 2, "height": 3, "width": 4}, {"time": 3, "feature": 2}, {"feature": 5}])
def test_pooling_is_the_mean_over_places(axes: dict[str, int]) -> None:
    shape = Shape.of("float32", None, **axes)
    values = torch.arange(2 * int(np.prod(list(axes.values()))), dtype=torch.float32).reshape(2, *axes.values())
    wanted = values.numpy()
    places = tuple(index + 1 for index, name in enumerate(axes) if name in ("height", "width", "time"))
    assert np.allclose(pooled(values, shape).numpy(), wanted.mean(places).reshape(2, -1) if places else wanted.reshape(2, -1))


def test_what_is_no_longer_wanted_ends_at_once(shapes: Any, shapes_model: Any) -> None:
    asked: list[float] = []
    assert layer_vectors(shapes_model, shapes, np.arange(400), "relu1", asked.append, lambda: len(asked) >= 1) is None
    assert len(asked) == 1


def test_what_stands_behind_the_head_is_passed_over() -> None:
    size = {"channels": 1, "height": 4, "width": 4}
    graph = chain(("image_input", size), ("flatten", {}), ("linear", {"units": 3}), ("softmax", {}), ("output", {}))
    model = built(graph)
    assert last_hidden(model) == "flatten1" and layers_with_vectors(model.plan)[-1] == "softmax1"

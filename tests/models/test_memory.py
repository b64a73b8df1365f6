"""The memory that was forecast, against what torch's own allocator counts during a real step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from tests.models.test_build import DIGITS, ENCODER, WIDER, sketch
from workbench.graph import bypass, edit
from workbench.graph.graph import Graph
from workbench.graph.infer import infer
from workbench.graph.shape import Axis
from workbench.layers import LAYERS
from workbench.models.build import Model, build
from workbench.models.cost import costs, total
from workbench.models.memory import forecast

ROWS, LENGTH = 32, 8
Rows = tuple[tuple[str, str, dict[str, Any], list[str]], ...]
RESIDUAL: Rows = (
    ("image", "image_input", {"channels": 3, "height": 16, "width": 16}, []),
    ("stem", "conv2d", {"filters": 16}, ["image"]),
    ("norm1", "batch_norm2d", {}, ["stem"]),
    ("relu1", "relu", {}, ["norm1"]),
    ("conv2", "conv2d", {"filters": 16}, ["relu1"]),
    ("norm2", "batch_norm2d", {}, ["conv2"]),
    ("skip", "add", {}, ["relu1", "norm2"]),
    ("relu2", "relu", {}, ["skip"]),
    ("pool", "max_pool2d", {}, ["relu2"]),
    ("flat", "flatten", {}, ["pool"]),
    ("drop", "dropout", {"rate": 0.3}, ["flat"]),
    ("fc", "linear", {"units": 10}, ["drop"]),
    ("result", "output", {}, ["fc"]),
)
GATED: Rows = (
    ("series", "series_input", {"features": 4, "length": 24}, []),
    ("memory", "gru", {"units": 64, "bidirectional": True}, ["series"]),
    ("mean", "mean_over_time", {}, ["memory"]),
    ("fc", "linear", {"units": 3}, ["mean"]),
    ("result", "output", {}, ["fc"]),
)
DRAWINGS = {"cnn": DIGITS, "residual": RESIDUAL, "lstm": WIDER, "gru": GATED, "transformer": ENCODER}


def allocated(step: Callable[[], object]) -> int:
    """Returns the largest sum of bytes that torch's CPU allocator held while something ran, beyond what it held before."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        step()
    profiler: Any = seen.profiler
    events = [event for event in profiler.kineto_results.events() if event.name() == "[memory]"]
    held = most = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        held += event.nbytes()
        most = max(most, held)
    return most


def batch_for(model: Model) -> tuple[list[Tensor], dict[str, Tensor]]:
    """Returns inputs and lengths, laid out as a training lays them out."""
    given: list[Tensor] = []
    for spec in model.plan.inputs:
        sizes = [ROWS, *(LENGTH if dim.constant is None else dim.constant for dim in spec.shape.dims[1:])]
        made = torch.randint(0, spec.shape.vocabulary or 2, sizes) if spec.shape.dtype == "int64" else torch.randn(sizes)
        given.append(made.contiguous(memory_format=torch.channels_last) if Axis.HEIGHT in spec.shape.axes else made)
    return given, {spec.parameter: torch.full((ROWS,), LENGTH) for spec in model.plan.lengths}


def measured(graph: Graph) -> tuple[int, int]:
    """Returns the bytes of a training step and of a prediction."""
    model = build(graph).train().to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    optimizer = torch.optim.AdamW(model.parameters(), fused=True)
    given, lengths = batch_for(model)

    def step() -> None:
        model(*given, **lengths).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()

    def predict() -> None:
        with torch.no_grad():
            model(*given, **lengths)

    step()
    weights = sum(value.numel() * 4 for value in model.parameters())
    batch = sum(value.numel() * value.element_size() for value in given)
    training = 3 * weights + batch + allocated(step)
    model.eval()
    return training, weights + batch + allocated(predict)


@pytest.mark.parametrize("name", DRAWINGS)
def test_the_peak_is_that_of_the_allocator_within_15_percent(name: str) -> None:
    graph, _ = sketch(*DRAWINGS[name])
    training, predicting = measured(graph)
    said = forecast(infer(graph, LAYERS), ROWS, LENGTH)
    assert said.training == pytest.approx(training, rel=0.15)
    assert said.predicting == pytest.approx(predicting, rel=0.15)


def test_the_fullest_node_is_named() -> None:
    graph, ids = sketch(*RESIDUAL)
    assert forecast(infer(graph, LAYERS), ROWS).fullest == ids["pool"]


def test_the_optimizer_counts() -> None:
    inferred = infer(sketch(*RESIDUAL)[0], LAYERS)
    plain, adam = forecast(inferred, 1, moments=0), forecast(inferred, 1)
    assert adam.training - plain.training == 2 * adam.weights == 2 * plain.weights


def test_what_trains_nothing_keeps_nothing() -> None:
    rows: Rows = (
        ("image", "image_input", {"channels": 1, "height": 8, "width": 8}, []),
        ("blur", "average_pool2d", {}, ["image"]),
        ("fc", "linear", {"units": 4}, ["blur2"]),
        ("result", "output", {}, ["fc"]),
    )
    graph, ids = sketch(*rows[:2], ("blur2", "flatten", {}, ["blur"]), *rows[2:])
    found = costs(infer(graph, LAYERS))
    assert found[ids["image"]].kept_bytes == 0, "the pooling needs no gradient, so it keeps no image"
    assert found[ids["blur"]].kept_bytes == 4 * 16 and found[ids["blur2"]].kept_bytes == 0, "a view is kept as what it looks at"


def test_a_tensor_that_two_nodes_read_is_kept_once() -> None:
    graph, ids = sketch(*RESIDUAL)
    found = costs(infer(graph, LAYERS))
    assert found[ids["relu1"]].kept_bytes == 4 * 16 * 16 * 16 and found[ids["skip"]].kept_bytes == 0


def test_a_bypassed_node_takes_nothing() -> None:
    graph, ids = sketch(*RESIDUAL)
    without = bypass.bypass(graph, [ids["drop"]])
    assert total(costs(infer(graph, LAYERS))).kept_bytes - total(costs(infer(without, LAYERS))).kept_bytes >= 4 * 16 * 8 * 8
    assert forecast(infer(without, LAYERS), ROWS).training <= forecast(infer(graph, LAYERS), ROWS).training
    wider = edit.set_params(graph, ids["conv2"], filters=16, kernel=5)
    assert forecast(infer(wider, LAYERS), ROWS).weights > forecast(infer(graph, LAYERS), ROWS).weights


def test_a_drawing_with_a_mistake_still_has_a_forecast() -> None:
    graph, ids = sketch(*RESIDUAL)
    broken = edit.set_params(graph, ids["conv2"], filters=8)
    assert 0 < forecast(infer(broken, LAYERS), ROWS).training < forecast(infer(graph, LAYERS), ROWS).training

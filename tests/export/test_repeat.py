"""Bundles of repeated groups answer as torch does, with own and with shared weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.explain.conftest import built, chain
from tests.export.conftest import prepared_for, project_of
from workbench.export.bundle import spec_of, write_model
from workbench.graph import edit
from workbench.graph.graph import Graph
from workbench.graph.repeat import set_repeat


def images(shared: bool) -> Graph:
    graph = chain(
        ("image_input", {"channels": 1, "height": 8, "width": 8}), ("conv2d", {"filters": 6}), ("gelu", {}), ("conv2d", {"filters": 6}),
        ("batch_norm2d", {}), ("relu", {}), ("flatten", {}), ("linear", {"units": 10}), ("output", {}),
    )
    second = [node.id for node in graph if node.layer == "conv2d"][1]
    rest = [node.id for node in graph if node.layer in ("batch_norm2d", "relu")]
    graph, path = edit.group(graph, [second, *rest], "blocks")
    return set_repeat(graph, path, 3, shared)


def texts(shared: bool) -> Graph:
    graph = chain(
        ("text_input", {"vocabulary": 2000, "maximum_length": 24}), ("embedding", {"width": 8}), ("self_attention", {"heads": 2}), ("layer_norm", {}),
        ("lstm", {"units": 8}), ("mean_over_time", {}), ("linear", {"units": 2}), ("output", {}),
    )
    inside = [node.id for node in graph if node.layer in ("self_attention", "layer_norm", "lstm")]
    graph, path = edit.group(graph, inside, "layers")
    return set_repeat(graph, path, 3, shared)


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("family", ["digits", "reviews"])
def test_a_bundle_of_repetitions_agrees_with_torch(family: str, shared: bool, tmp_path: Path) -> None:
    graph = images(shared) if family == "digits" else texts(shared)
    project = project_of(graph, "sample:digits" if family == "digits" else "generated:reviews", "classification", "label", 20)
    prepared = prepared_for(project, ["image" if family == "digits" else "text"])
    model = built(project.graph).eval()
    verification = write_model(model, prepared, spec_of(model, prepared, project, 20, run="20260101-000000-try", metrics={}), tmp_path / "bundle")
    assert verification.passed
    assert len([step for step in model.plan.steps if step.places]) >= 9

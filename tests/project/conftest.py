from __future__ import annotations

from itertools import pairwise
from types import MappingProxyType

import pytest

from workbench.graph.graph import Edge, Graph, Node
from workbench.project.project import Choice, DataChoice, ObjectiveChoice, Project, Recipe


@pytest.fixture
def drawing() -> Graph:
    """A drawing small enough to read: image, flatten, linear, output."""
    nodes = [
        Node("n1", "image_input", "image", MappingProxyType({"field": "image", "channels": 1, "height": 8, "width": 8})),
        Node("n2", "flatten", "flatten1"),
        Node("n3", "linear", "linear1", MappingProxyType({"units": 10})),
        Node("n4", "output", "digit"),
    ]
    edges = tuple(Edge.between(left.id, right.id) for left, right in pairwise(nodes))
    return Graph(MappingProxyType({node.id: node for node in nodes}), edges)


@pytest.fixture
def project(drawing: Graph) -> Project:
    """A project in which every section says something."""
    return Project(
        name="Digits",
        graph=drawing,
        data=DataChoice("sample:digits", preprocessing=MappingProxyType({"image": MappingProxyType({"height": 8})})),
        objectives=(ObjectiveChoice("classification", "digit", "label", params=MappingProxyType({"label_smoothing": 0.1})),),
        recipe=Recipe(Choice("adamw", MappingProxyType({"learning_rate": 0.004})), epochs=3),
        template="digits-cnn",
        notes="First line\nsecond \"line\" — 数字",
    )

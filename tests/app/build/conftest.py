"""The Build page over a small network, shown and settled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from workbench.graph import edit
from workbench.graph.graph import Edge, Graph, PortRef
from workbench.project.project import Project


class Bench:
    """The page with shorthands for what a hand does.

    Attributes:
        session, page, view, scene: As on the page.
    """

    def __init__(self, session: Any, page: Any, qtbot: Any) -> None:
        self.session, self.page, self.qtbot = session, page, qtbot
        self.view, self.scene = page.view, page.canvas

    @property
    def graph(self) -> Graph:
        """The drawing."""
        return self.session.project.graph

    def show(self, graph: Graph) -> None:
        """Opens a drawing and brings it into view at 100 %."""
        self.session.new(Project(graph=graph))
        self.page.settle()
        self.view.fit()
        self.view.zoom_to(1.0)
        self.view.centerOn(self.scene.bounds().center())

    def id(self, name: str) -> str:
        """Returns the id of the node of that name."""
        node = self.graph.named(name)
        assert node is not None, [node.name for node in self.graph]
        return node.id

    def names(self) -> set[str]:
        """Returns the names of all nodes."""
        return {node.name for node in self.graph}

    def at(self, place: QPointF) -> QPoint:
        """Returns where a place of the scene is in the viewport."""
        return self.view.mapFromScene(place)

    def port(self, name: str, output: bool = True, port: str = "") -> QPoint:
        """Returns where a port of a node is in the viewport."""
        card = self.scene.cards[self.id(name)]
        return self.at(card.output_point(port or card.outputs[0]) if output else card.input_point(port or card.inputs[0]))

    def centre(self, name: str) -> QPoint:
        """Returns where the middle of a card is in the viewport."""
        return self.at(self.scene.cards[self.id(name)].rect.center())

    def drag(self, start: QPoint, end: QPoint, button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
        """Presses, moves in steps and lets go."""
        port = self.view.viewport()
        QTest.mousePress(port, button, Qt.KeyboardModifier.NoModifier, start)
        for step in range(1, 6):
            QTest.mouseMove(port, start + (end - start) * step / 5)
        QTest.mouseRelease(port, button, Qt.KeyboardModifier.NoModifier, end)

    def click(self, place: QPoint, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Clicks on the canvas."""
        QTest.mouseClick(self.view.viewport(), Qt.MouseButton.LeftButton, modifiers, place)

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Presses a key on the canvas."""
        QTest.keyClick(self.view, key, modifiers)


@pytest.fixture
def network() -> Graph:
    """image -> conv1 -> relu1 -> pool1 -> conv2 and side, both into merge -> head -> output."""
    graph = Graph()
    rows = (
        ("image_input", "image", 0, 0, {"channels": 1, "height": 28, "width": 28}), ("conv2d", "conv1", 0, 72, {}),
        ("relu", "relu1", 0, 144, {}), ("max_pool2d", "pool1", 0, 216, {}), ("conv2d", "conv2", 0, 288, {"filters": 64}),
        ("conv2d", "side", 240, 288, {"filters": 64}), ("add", "merge", 112, 360, {}), ("global_average_pool", "pool2", 112, 432, {}),
        ("linear", "head", 112, 504, {"units": 10}), ("output", "label", 112, 576, {}),
    )
    for layer, name, x, y, params in rows:
        graph, _ = edit.add_node(graph, layer, name=name, position=(x, y), params=params, id=name)
    chain = ("image", "conv1", "relu1", "pool1", "conv2"), ("pool1", "side"), ("merge", "pool2", "head", "label")
    for names in chain:
        for source, target in pairwise(names):
            graph = edit.connect(graph, Edge.between(source, target))
    for source in ("conv2", "side"):
        graph = edit.connect(graph, Edge(PortRef(source, "output"), PortRef("merge", "inputs")))
    return graph


@pytest.fixture
def make_bench(qtbot: Any, session: Any) -> Iterator[Callable[[Graph], Bench]]:
    """Makes the page over a drawing."""
    from workbench.app.pages.build import BuildPage

    page = BuildPage(session)
    page.resize(1440, 900)
    session.changed.connect(page.refresh)
    page.show()
    qtbot.waitExposed(page)
    bench = Bench(session, page, qtbot)

    def make(graph: Graph) -> Bench:
        bench.show(graph)
        return bench

    yield make
    page.close()
    page.deleteLater()


@pytest.fixture
def bench(make_bench: Callable[[Graph], Bench], network: Graph) -> Bench:
    """The page over the small network."""
    return make_bench(network)

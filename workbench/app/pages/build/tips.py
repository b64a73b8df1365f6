"""What hovering over the canvas says: named axes, costs, and why a wire cannot be."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QPointF

from workbench.app.language import say, tr
from workbench.app.pages.build.card import Card
from workbench.app.pages.build.commands import Commands
from workbench.app.pages.build.scene import CanvasScene
from workbench.app.pages.build.wire import Wire
from workbench.graph.graph import PortRef
from workbench.graph.shape import Shape


def named_axes(shape: Shape) -> str:
    """Returns a shape with its axes named in the language in use: `batch N × channel 32 × ...`."""
    return " × ".join(f"{tr(str(axis))}\u00a0{dim}" for axis, dim in zip(shape.axes, shape.dims, strict=True))


def tip_at(scene: CanvasScene, commands: Commands, point: QPointF, zoom: float) -> str:
    """Returns the tooltip for a place of the canvas, "" where there is nothing to say."""
    port = scene.port_at(point) if zoom >= 0.4 else None
    if port is not None:
        card, name, output = port
        return _port_tip(commands, scene.drawing.real(card.id, name), output)
    card = scene.card_at(point)
    if card is not None:
        return _group_tip(commands, scene.drawing.groups[card.id], card) if card.count else _card_tip(commands, card)
    wire = scene.wire_at(point, 6.0 / zoom)
    return _wire_tip(wire) if wire is not None else ""


def _group_tip(commands: Commands, members: tuple[str, ...], card: Card) -> str:
    names = [commands.graph[node].name for node in members[:8]]
    listed = ", ".join(names) + (", ..." if len(members) > 8 else "")
    return "<br>".join((f"<b>{escape(card.title)}</b> · {escape(card.subtitle)}", escape(listed), escape(tr("Double-click to look inside."))))


def _port_tip(commands: Commands, place: PortRef, output: bool) -> str:
    node, name = place.node, place.port
    ports = commands.output_ports(node) if output else commands.input_ports(node)
    port = next((port for port in ports if port.name == name), None)
    shapes = commands.session.inferred.output_shapes(node) if output else commands.session.inferred.input_shapes(node)
    shape = shapes.get(name)
    lines = [tr("output {name}", name=name) if output else tr("input {name}", name=name)]
    lines += [named_axes(shape)] if shape is not None else []
    lines += [say(port.help)] if port is not None and port.help else []
    lines.append(tr("Drag to connect; let go on empty canvas to choose a layer."))
    return "<br>".join(escape(line) for line in lines)


def _card_tip(commands: Commands, card: Card) -> str:
    layer = commands.layers.get(card.node.layer)
    if layer is None:
        return escape(tr("There is no layer called {name} here. Its parameters are kept.", name=card.node.layer))
    lines = [f"<b>{escape(card.title)}</b> · {escape(card.subtitle)}", escape(say(layer.summary))]
    problems = [problem for problem in commands.session.inferred.problems if problem.node == card.id]
    lines += [f"<b>{escape(say(problem.message))}</b> {escape(say(problem.reason))}" for problem in problems[:2]]
    shapes = commands.session.inferred.output_shapes(card.id)
    lines += [f"{escape(name)}: {escape(named_axes(shape))}" for name, shape in shapes.items()]
    return "<br>".join(lines)


def _wire_tip(wire: Wire) -> str:
    ends = escape(f"{wire.source.title} → {wire.target.title}")
    lines = [ends] + ([escape(named_axes(wire.shape))] if wire.shape is not None else [])
    if wire.shape is not None and wire.shape.dtype != "float32":
        lines.append(escape(wire.shape.dtype))
    return "<br>".join(lines + ([f"<b>{escape(wire.reason)}</b>"] if wire.reason else []))

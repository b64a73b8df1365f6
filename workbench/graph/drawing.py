"""What a canvas shows of a drawing: folded groups as one card each, or the inside of one group alone.

The drawing itself stays as it is: a card is a node, or stands for all nodes of a folded group. Ports of such a card are the ports of
its nodes that are wired across its border, or to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from workbench.graph.graph import Edge, Graph, Node, PortRef
from workbench.graph.grouping import folded_paths

GROUP_MARK = "group:"
BORDER_PX = 104.0
_PITCH_PX = 224.0
PortNames = tuple[tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Drawing:
    """What shows.

    Attributes:
        nodes: The cards by id; that of a folded group is a node whose id is `group:` and its path.
        groups: The nodes behind each such card.
        outside: Nodes beyond the border of the entered group that are wired to it; they show where to, and stay where they are.
        inside: The path of the entered group, or "".
        hidden: The card that stands for each node that has none of its own; "" where none does.
    """

    nodes: Mapping[str, Node] = field(default_factory=lambda: MappingProxyType({}))
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    outside: frozenset[str] = frozenset()
    inside: str = ""
    hidden: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def card_of(self, node: str) -> str:
        """Returns the id of the card that shows a node, "" where none does."""
        return self.hidden.get(node, node)

    def members(self, cards: Iterable[str]) -> list[str]:
        """Returns the nodes behind some cards."""
        return [node for card in cards for node in self.groups.get(card, (card,))]

    def end(self, port: PortRef) -> tuple[str, str]:
        """Returns card and port name at which a wire shows."""
        card = self.card_of(port.node)
        return (card, port.port) if card == port.node else (card, f"{port.node}/{port.port}")

    def real(self, card: str, port: str) -> PortRef:
        """Returns the port of the drawing behind a port of a card."""
        if card not in self.groups:
            return PortRef(card, port)
        node, _, name = port.partition("/")
        return PortRef(node, name)

    def shows(self, edge: Edge) -> bool:
        """Whether a wire shows: it runs between two cards, of which one is not outside."""
        source, target = self.card_of(edge.source.node), self.card_of(edge.target.node)
        within = source not in self.outside or target not in self.outside
        return source != target and within and source in self.nodes and target in self.nodes

    def moved(self, graph: Graph, places: Mapping[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
        """Returns where nodes go when cards go to some places; those outside stay."""
        found: dict[str, tuple[float, float]] = {}
        for card, (x, y) in places.items():
            if card in self.groups:
                dx, dy = x - self.nodes[card].position[0], y - self.nodes[card].position[1]
                found |= {node: (graph[node].position[0] + dx, graph[node].position[1] + dy) for node in self.groups[card]}
            elif card not in self.outside:
                found[card] = (x, y)
        return found


def path_of_card(card: str) -> str:
    """Returns the path of the group that a card stands for, "" where it stands for a node."""
    return card[len(GROUP_MARK):] if card.startswith(GROUP_MARK) else ""


def drawn(graph: Graph, inside: str = "", previous: Drawing | None = None) -> Drawing:
    """Returns what shows of a drawing.

    Args:
        graph: The drawing.
        inside: The group that was entered; "" for the whole.
        previous: What showed before; cards that look the same stay the same objects.
    """
    folded = folded_paths(graph, inside)
    if not folded and not inside:
        return Drawing(graph.nodes)
    groups = _behind(graph, folded)
    hidden = {node: card for card, members in groups.items() for node in members}
    nodes = {node.id: node for node in graph if node.id not in hidden and _within(node.group, inside)}
    for card, members in groups.items():
        nodes[card] = _card(graph, card, members)
    outside = _outside(graph, nodes, hidden) if inside else {}
    hidden |= {node: "" for node in graph.nodes if node not in nodes and node not in hidden and node not in outside}
    return Drawing(_kept({**nodes, **outside}, previous), groups, frozenset(outside), inside, hidden)


def _behind(graph: Graph, folded: list[str]) -> dict[str, tuple[str, ...]]:
    """Returns the nodes behind the card of each folded group, in one pass over the drawing."""
    card_of: dict[str, str] = {}
    found: dict[str, list[str]] = {f"{GROUP_MARK}{path}": [] for path in folded}
    for node in graph:
        group = node.group
        if group not in card_of:
            card_of[group] = next((f"{GROUP_MARK}{path}" for path in folded if group == path or group.startswith(f"{path}.")), "")
        if card_of[group]:
            found[card_of[group]].append(node.id)
    return {card: tuple(members) for card, members in found.items()}


def _within(group: str, inside: str) -> bool:
    return not inside or group == inside or group.startswith(f"{inside}.")


def _card(graph: Graph, card: str, members: tuple[str, ...]) -> Node:
    path = path_of_card(card)
    places = [graph[node].position for node in members]
    xs = [x for x, _ in places]
    parent, _, name = path.rpartition(".")
    return Node(card, "", name, position=((min(xs) + max(xs)) / 2, min(y for _, y in places)), group=parent)


def _outside(graph: Graph, nodes: Mapping[str, Node], hidden: Mapping[str, str]) -> dict[str, Node]:
    """Returns the neighbours beyond the border, above and below what is inside."""
    shown = nodes.keys() | hidden.keys()
    before = {edge.source.node: None for edge in graph.edges if edge.target.node in shown and edge.source.node not in shown}
    after = {edge.target.node: None for edge in graph.edges if edge.source.node in shown and edge.target.node not in shown}
    places = [node.position for node in nodes.values()] or [(0.0, 0.0)]
    middle = (min(x for x, _ in places) + max(x for x, _ in places)) / 2
    top, bottom = min(y for _, y in places) - BORDER_PX, max(y for _, y in places) + BORDER_PX
    found = _in_row(graph, [node for node in after if node not in before and node in graph], middle, bottom)
    return found | _in_row(graph, [node for node in before if node in graph], middle, top)


def _in_row(graph: Graph, nodes: list[str], middle: float, y: float) -> dict[str, Node]:
    left = middle - (len(nodes) - 1) * _PITCH_PX / 2
    return {node: replace(graph[node], position=(left + index * _PITCH_PX, y)) for index, node in enumerate(nodes)}


def _kept(nodes: dict[str, Node], previous: Drawing | None) -> dict[str, Node]:
    if previous is None:
        return nodes
    return {key: old if (old := previous.nodes.get(key)) is not None and old == node else node for key, node in nodes.items()}


def ports_of_group(graph: Graph, members: Iterable[str], ports: Callable[[str], PortNames]) -> PortNames:
    """Returns the port names of a folded group's card: inner ports that are wired across its border, or to nothing.

    Args:
        graph: The drawing.
        members: The nodes of the group.
        ports: Gives the input and output port names of a node.
    """
    inside = dict.fromkeys(members)
    inputs: dict[str, None] = {}
    outputs: dict[str, None] = {}
    for node in inside:
        into, out = graph.incoming(node), graph.outgoing(node)
        names_in, names_out = ports(node)
        wired = {edge.target.port for edge in into}
        inputs.update((f"{node}/{edge.target.port}", None) for edge in into if edge.source.node not in inside)
        inputs.update((f"{node}/{name}", None) for name in names_in if name not in wired)
        outputs.update((f"{node}/{edge.source.port}", None) for edge in out if edge.target.node not in inside)
        outputs.update((f"{node}/{name}", None) for name in names_out[:1] if not out)
    return tuple(inputs), tuple(outputs)


def as_graph(graph: Graph, drawing: Drawing) -> Graph:
    """Returns what shows as a drawing of its own, for layout: a node for every card, a wire for every pair of joined cards."""
    if not drawing.hidden:
        return graph
    nodes = {card: node for card, node in drawing.nodes.items() if card not in drawing.outside}
    ends = {(drawing.card_of(edge.source.node), drawing.card_of(edge.target.node)): None for edge in graph.edges if drawing.shows(edge)}
    return Graph(nodes, tuple(Edge.between(source, target) for source, target in ends if source in nodes and target in nodes))

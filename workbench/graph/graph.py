"""The drawing as one frozen value: nodes and the edges between their ports."""

from __future__ import annotations

import copyreg
import keyword
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from workbench.graph.wires import grouped

Json = Any
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z", re.ASCII)
_EMPTY: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class PortRef:
    """One port of one node, by ids."""

    node: str
    port: str


@dataclass(frozen=True, slots=True)
class Tie:
    """One parameter that this node shares with another node.

    Attributes:
        parameter: The name of this node's own parameter (`weight`).
        node: The id of the node that owns the shared one.
        other: The name of the parameter there.
    """

    parameter: str
    node: str
    other: str


@dataclass(frozen=True, slots=True)
class Node:
    """One layer on the canvas.

    Attributes:
        id: Stable, never shown, never reused.
        layer: The name of a catalogue entry; an unknown one is kept and shown as a placeholder.
        name: An ASCII identifier, unique in its group; the submodule's name.
        params: The raw parameters, as JSON values.
        position: The centre of the card on the canvas, in pixels at 100 %.
        group: The path of the group it stands in (`encoder.block1`), or "".
        label: Free text shown instead of the name, or "".
        ties: Parameters shared with other nodes.
        extra: Fields of the file that this version does not know; kept.
    """

    id: str
    layer: str
    name: str
    params: Mapping[str, Json] = field(default_factory=lambda: _EMPTY)
    position: tuple[float, float] = (0.0, 0.0)
    group: str = ""
    label: str = ""
    ties: tuple[Tie, ...] = ()
    extra: Mapping[str, Json] = field(default_factory=lambda: _EMPTY)

    @property
    def path(self) -> str:
        """The submodule path: group and name joined by a dot."""
        return f"{self.group}.{self.name}" if self.group else self.name


@dataclass(frozen=True, slots=True)
class Edge:
    """A wire from an output port to an input port. Where an input takes several wires, their order is that of the edges."""

    source: PortRef
    target: PortRef

    @classmethod
    def between(cls, source: str, target: str, source_port: str = "output", target_port: str = "input") -> Edge:
        """Returns an edge between the usual ports of two nodes."""
        return cls(PortRef(source, source_port), PortRef(target, target_port))


@dataclass(frozen=True, slots=True)
class Graph:
    """All nodes by id, in the order they were added, and all edges.

    Attributes:
        nodes: Read-only; edit with the functions of `workbench.graph.edit`.
        edges: In the order they were drawn.
        extra: Fields of the file that this version does not know; kept.
    """

    nodes: Mapping[str, Node] = field(default_factory=lambda: _EMPTY)
    edges: tuple[Edge, ...] = ()
    extra: Mapping[str, Json] = field(default_factory=lambda: _EMPTY)

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes.values())

    def __len__(self) -> int:
        return len(self.nodes)

    def __contains__(self, node_id: object) -> bool:
        return node_id in self.nodes

    def __getitem__(self, node_id: str) -> Node:
        return self.nodes[node_id]

    def named(self, path: str) -> Node | None:
        """Returns the node at a submodule path, or None."""
        return next((node for node in self if node.path == path), None)

    def incoming(self, node_id: str) -> tuple[Edge, ...]:
        """Returns the edges into a node, in order."""
        return grouped(self.edges)[1].get(node_id, ())

    def outgoing(self, node_id: str) -> tuple[Edge, ...]:
        """Returns the edges out of a node, in order."""
        return grouped(self.edges)[2].get(node_id, ())

    def wires_by_target(self) -> Mapping[str, tuple[Edge, ...]]:
        """Returns the edges into each node that has some, in order."""
        return grouped(self.edges)[1]

    def wires_by_source(self) -> Mapping[str, tuple[Edge, ...]]:
        """Returns the edges out of each node that has some, in order."""
        return grouped(self.edges)[2]

    def with_nodes(self, nodes: Mapping[str, Node]) -> Graph:
        """Returns this graph with other nodes and the same edges."""
        return replace(self, nodes=MappingProxyType(dict(nodes)))


def _read_only(items: dict[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(items)


def _reduced(proxy: Any) -> tuple[Any, ...]:
    return _read_only, (dict(proxy),)


copyreg.pickle(MappingProxyType, _reduced)  # drawings travel to helper processes


def frozen(value: Json) -> Json:
    """Returns a JSON value whose lists are tuples and whose objects are read-only, so that it may be shared."""
    if isinstance(value, Mapping):
        return MappingProxyType({str(key): frozen(item) for key, item in value.items()})
    return tuple(frozen(item) for item in value) if isinstance(value, (list, tuple)) else value


@lru_cache(maxsize=8192)
def is_name(text: str) -> bool:
    """Whether `text` may name a node: an ASCII identifier that is neither a keyword nor an attribute of a torch module."""
    return bool(_IDENTIFIER.match(text)) and not keyword.iskeyword(text) and text not in MODULE_ATTRIBUTES


# Every public attribute of torch.nn.Module (a contract test compares), and the names that the built model and the exported source use
# themselves.
MODULE_ATTRIBUTES = frozenset(
    """T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda double dump_patches eval extra_repr
    float forward get_buffer get_extra_state get_parameter get_submodule half ipu load_state_dict modules mtia named_buffers
    named_children named_modules named_parameters parameters register_backward_hook register_buffer register_forward_hook
    register_forward_pre_hook register_full_backward_hook register_full_backward_pre_hook register_load_state_dict_post_hook
    register_load_state_dict_pre_hook register_module register_parameter register_state_dict_post_hook register_state_dict_pre_hook
    requires_grad_ set_extra_state set_submodule share_memory state_dict to to_empty train training type xpu zero_grad
    self torch nn math super lengths plan call path_of""".split()  # noqa: SIM905 (words read better than quotes)
)

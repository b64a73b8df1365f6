"""The drawing as text: JSON with one node or wire a line, sorted keys and stable ids, so that version control shows what changed."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NoReturn

from workbench.errors import GraphError
from workbench.graph.graph import Edge, Graph, Json, Node, PortRef, Tie, frozen
from workbench.graph.repeat import check_records
from workbench.text import Text

SCHEMA_VERSION = 1
MAX_BYTES = 64 * 2**20
MAX_NODES = 50_000
MAX_EDGES = 200_000
MAX_DEPTH = 64
MAX_COORDINATE_PX = 1e7
_GRAPH_FIELDS = frozenset({"schema_version", "nodes", "edges"})
_NODE_FIELDS = frozenset({"id", "layer", "name", "params", "position", "group", "label", "ties"})
_MIGRATIONS: Mapping[int, Callable[[dict[str, Json]], dict[str, Json]]] = {}
"""From a schema version to the next one; each takes and returns the parsed document."""


def dumps(graph: Graph) -> str:
    """Returns the drawing as text. `loads` gives an equal drawing back."""
    fields = {key: _line(plain(value)) for key, value in graph.extra.items()}
    fields["edges"] = f"[{_rows([edge_record(edge) for edge in graph.edges])}]"
    fields["nodes"] = f"[{_rows([node_record(node) for node in graph])}]"
    fields.setdefault("schema_version", str(SCHEMA_VERSION))
    return "{\n" + ",\n".join(f"  {_line(key)}: {value}" for key, value in sorted(fields.items())) + "\n}\n"


def _rows(records: list[Json]) -> str:
    return "\n    " + ",\n    ".join(_line(record) for record in records) + "\n  " if records else ""


def _line(value: Json) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)


def plain(value: Json) -> Json:
    """Returns a frozen JSON value as dicts and lists, as `json` wants it."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def node_record(node: Node) -> dict[str, Json]:
    """Returns a node as a JSON object; fields at their defaults are left out."""
    record: dict[str, Json] = {key: plain(value) for key, value in node.extra.items()}
    record |= {"id": node.id, "layer": node.layer, "name": node.name, "position": list(node.position)}
    optional = {
        "params": plain(node.params), "group": node.group, "label": node.label,
        "ties": [[tie.parameter, tie.node, tie.other] for tie in node.ties],
    }
    return record | {key: value for key, value in optional.items() if value}


def edge_record(edge: Edge) -> list[str]:
    """Returns a wire as `[source node, source port, target node, target port]`."""
    return [edge.source.node, edge.source.port, edge.target.node, edge.target.port]


def loads(text: str | bytes, keep_dangling: bool = False) -> Graph:
    """Reads a drawing.

    Args:
        text: What `dumps` wrote.
        keep_dangling: Whether wires to nodes that do not exist are kept, for inference to name, or refused.

    Raises:
        GraphError: The text is no drawing; the message says what and where.
    """
    document = migrated(parse_json(text))
    nodes = read_nodes(document)
    edges = read_edges(document)
    check_records(document.get("groups"))
    if not keep_dangling:
        _check_ends(nodes, edges)
    known = _GRAPH_FIELDS if document.get("schema_version", 0) <= SCHEMA_VERSION else _GRAPH_FIELDS - {"schema_version"}
    extra = {key: frozen(value) for key, value in document.items() if key not in known}
    return Graph(MappingProxyType(nodes), edges, MappingProxyType(extra))


def parse_json(text: str | bytes) -> Json:
    """Returns the JSON value in `text`; not-a-number, infinities, twice the same key, and endless nesting are refused.

    Raises:
        GraphError: It is no such JSON.
    """
    if len(text) > MAX_BYTES:
        _refuse(Text("The drawing is larger than {limit} MiB.", limit=MAX_BYTES // 2**20), Text("A drawing holds no weights or data."))
    try:
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        value = json.loads(decoded, parse_constant=_not_a_number, parse_float=_finite, parse_int=_small, object_pairs_hook=_unique)
        _check_depth(value)
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeError as error:
        message = Text("The drawing is not UTF-8 text (byte {place}).", place=error.start)  # pyright: ignore[reportAttributeAccessIssue]
        raise GraphError(message, Text("Is it the right file? A drawing is called model.graph.json.")) from error
    except json.JSONDecodeError as error:
        message = Text("The drawing is no JSON: line {line}, column {column}.", line=error.lineno, column=error.colno)
        raise GraphError(message, Text("{reason}. Take the last good version of the file.", reason=error.msg)) from error
    except RecursionError as error:
        raise GraphError(Text("The drawing is nested too deeply to be read."), Text("Take the last good version of the file.")) from error
    return value


def _refuse(message: Text, hint: Text) -> NoReturn:
    raise GraphError(message, hint)


def _check_depth(value: Json) -> None:
    level, depth = [value], 0
    while level:
        level = [child for item in level if isinstance(item, (dict, list)) for child in (item.values() if isinstance(item, dict) else item)]
        depth += 1
        if depth > MAX_DEPTH:
            _refuse(Text("The drawing is nested too deeply to be read."), Text("At most {limit} levels are read.", limit=MAX_DEPTH))


def _not_a_number(literal: str) -> NoReturn:
    _refuse(Text("The drawing holds {literal}, which is no number.", literal=literal), Text("Put a number in its place."))


def _finite(literal: str) -> float:
    value = float(literal)
    if not math.isfinite(value):
        _refuse(Text("The number {literal} is too large.", literal=literal[:40]), Text("Put a smaller number in its place."))
    return value


def _small(literal: str) -> int:
    if len(literal) > 19:
        _refuse(Text("The number {literal} is too large.", literal=literal[:40]), Text("Put a smaller number in its place."))
    return int(literal)


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for index, (key, _) in enumerate(pairs) if key in dict(pairs[:index]))
        _refuse(Text("The drawing says {key} twice in one place.", key=repr(twice)), Text("Remove one of the two."))
    return found


def migrated(document: Json) -> dict[str, Json]:
    """Returns a parsed document in the present schema; a newer one is read as far as it is understood.

    Raises:
        GraphError: It is no drawing at all.
    """
    if not isinstance(document, dict) or "nodes" not in document:
        _refuse(Text("The file holds JSON, but no drawing."), Text("A drawing has the keys nodes, edges and schema_version."))
    version = document.get("schema_version", SCHEMA_VERSION)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        _refuse(Text("The schema version {version} is none.", version=repr(version)[:40]), Text("It should be {v}.", v=SCHEMA_VERSION))
    while version < SCHEMA_VERSION:
        document, version = _MIGRATIONS[version](document), version + 1
    return document


def read_nodes(document: dict[str, Json]) -> dict[str, Node]:
    """Returns the nodes of a parsed document by id."""
    rows = _list(document, "nodes", MAX_NODES)
    nodes: dict[str, Node] = {}
    for index, row in enumerate(rows):
        node = _node(row, index)
        if node.id in nodes:
            message = Text("Two nodes of the drawing have the id {id}: {a} and {b}.", id=node.id[:40], a=nodes[node.id].name, b=node.name)
            _refuse(message, Text("Give one of them another id, or remove it."))
        nodes[node.id] = node
    return nodes


def _list(document: dict[str, Json], key: str, limit: int) -> list[Json]:
    rows = document.get(key, [])
    if not isinstance(rows, list):
        _refuse(Text("In the drawing, {key} is no list.", key=key), Text("Take the last good version of the file."))
    if len(rows) > limit:
        message = Text("The drawing has {count} {key}; at most {limit} can be opened.", count=len(rows), key=key, limit=limit)
        _refuse(message, Text("Was the file made by a program that went wrong?"))
    return rows


def _node(row: Json, index: int) -> Node:
    if not isinstance(row, dict):
        _refuse(Text("Node {index} of the drawing is no JSON object.", index=index + 1), Text("Take the last good version of the file."))
    texts = {key: _text(row, key, index) for key in ("id", "layer", "name", "group", "label")}
    params = row.get("params", {})
    if not isinstance(params, dict):
        _bad_field(index, "params", params)
    extra = {key: frozen(value) for key, value in row.items() if key not in _NODE_FIELDS}
    return Node(
        **texts, params=frozen(params), position=_position(row, index), ties=_ties(row, index), extra=MappingProxyType(extra),
    )


def _bad_field(index: int, field: str, value: Json) -> NoReturn:
    shown = repr(value)[:60]
    message = Text("In node {index} of the drawing, {field} cannot be {value}.", index=index + 1, field=field, value=shown)
    _refuse(message, Text("Correct it, or take the last good version of the file."))


def _text(row: dict[str, Json], field: str, index: int) -> str:
    value = row.get(field, "")
    if not isinstance(value, str) or (not value and field in ("id", "layer", "name")) or len(value) > 1000:
        _bad_field(index, field, value)
    return value


def _position(row: dict[str, Json], index: int) -> tuple[float, float]:
    value = row.get("position", [0.0, 0.0])
    numbers = isinstance(value, list) and len(value) == 2 and all(type(part) in (int, float) for part in value)
    if not numbers or max(abs(part) for part in value) > MAX_COORDINATE_PX:
        _bad_field(index, "position", value)
    return float(value[0]), float(value[1])


def _ties(row: dict[str, Json], index: int) -> tuple[Tie, ...]:
    value = row.get("ties", [])
    if not isinstance(value, list) or not all(_is_texts(each, 3) for each in value):
        _bad_field(index, "ties", value)
    return tuple(Tie(*each) for each in value)


def _is_texts(value: Any, count: int) -> bool:
    return isinstance(value, list) and len(value) == count and all(isinstance(part, str) for part in value)


def read_edges(document: dict[str, Json]) -> tuple[Edge, ...]:
    """Returns the wires of a parsed document."""
    edges: list[Edge] = []
    for index, row in enumerate(_list(document, "edges", MAX_EDGES)):
        if not _is_texts(row, 4):
            message = Text("Edge {index} of the drawing is not four words.", index=index + 1)
            _refuse(message, Text("A wire is [source node, source port, target node, target port]."))
        edges.append(Edge(PortRef(row[0], row[1]), PortRef(row[2], row[3])))
    return tuple(edges)


def _check_ends(nodes: Mapping[str, Node], edges: tuple[Edge, ...]) -> None:
    for index, edge in enumerate(edges):
        missing = next((end.node for end in (edge.source, edge.target) if end.node not in nodes), None)
        if missing is not None:
            there = next((nodes[end.node].name for end in (edge.source, edge.target) if end.node in nodes), "")
            message = Text("Edge {index} of the drawing leads to a node that is not there: {id}.", index=index + 1, id=missing[:40])
            hint = Text("Its other end is {name}. Remove the edge, or bring the node back.", name=there)
            _refuse(message, hint if there else Text("Remove the edge, or bring the nodes back."))

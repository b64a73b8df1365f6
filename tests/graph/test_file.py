"""The drawing as text: there and back, and every way in which a file can be wrong."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.graph.test_infer import chain
from workbench.errors import GraphError
from workbench.graph import edit
from workbench.graph.file import MAX_NODES, dumps, loads
from workbench.graph.graph import Edge, Graph, Node, PortRef, Tie, frozen

WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3), max_leaves=5,
)
OWN = {"id", "layer", "name", "params", "position", "group", "label", "ties", "nodes", "edges", "schema_version"}
EXTRA = st.dictionaries(WORDS.filter(lambda word: word not in OWN), JSON, max_size=2).map(frozen)
PLACES = st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))


@st.composite
def graphs(draw) -> Graph:
    ids = draw(st.lists(WORDS, max_size=4, unique=True))
    ties = st.lists(st.builds(Tie, WORDS, WORDS, WORDS), max_size=2).map(tuple)
    nodes = {
        node: Node(
            node, draw(WORDS), draw(WORDS), frozen(draw(st.dictionaries(WORDS, JSON, max_size=3))), draw(PLACES), draw(st.just("") | WORDS),
            draw(st.just("") | WORDS), draw(ties), draw(EXTRA),
        )
        for node in ids
    }
    ends = st.builds(PortRef, st.sampled_from(ids), WORDS) if ids else st.nothing()
    edges = draw(st.lists(st.builds(Edge, ends, ends), max_size=4)) if ids else []
    return Graph(edges=tuple(edges), extra=draw(EXTRA)).with_nodes(nodes)


@settings(max_examples=80)
@given(graphs())
def test_a_drawing_comes_back(graph):
    text = dumps(graph)
    again = loads(text)
    assert again == graph
    assert list(again.nodes) == list(graph.nodes)
    assert dumps(again) == text
    assert loads(text.encode()) == graph


def test_the_text_is_made_for_version_control():
    text = dumps(chain())
    lines = text.splitlines()
    assert json.loads(text)["schema_version"] == 1
    assert sum('"layer": "conv1d"' in line for line in lines) == 1
    changed = dumps(edit.set_params(chain(), "conv", filters=9)).splitlines()
    assert sum(a != b for a, b in zip(lines, changed, strict=True)) == 1


def test_what_is_not_known_is_kept():
    document = json.loads(dumps(chain()))
    document["from_the_future"] = {"a": [1, 2]}
    document["nodes"][1]["colour"] = "red"
    document["schema_version"] = 7
    again = json.loads(dumps(edit.move(loads(json.dumps(document)), {"conv": (16, 16)})))
    assert again["from_the_future"] == {"a": [1, 2]}
    assert again["nodes"][1]["colour"] == "red"
    assert again["schema_version"] == 7


def node(**changes: object) -> str:
    return json.dumps({"id": "a", "layer": "relu", "name": "a", **changes})


@pytest.mark.parametrize(("text", "says"), [
    (b"", "no JSON"),
    (b"\xff\xfe\x00", "not UTF-8"),
    (b"\x89PNG\r\n", "not UTF-8"),
    ("{", "no JSON: line 1, column 2"),
    ("[1, 2]", "no drawing"),
    ("null", "no drawing"),
    ('{"nodes": 3}', "no list"),
    ('{"nodes": [NaN]}', "NaN"),
    ('{"nodes": [-Infinity]}', "-Infinity"),
    ('{"nodes": [1e999]}', "too large"),
    ('{"nodes": [' + "9" * 5000 + "]}", "too large"),
    ("[" * 100_000, "nested"),
    ('{"nodes": ' + "[" * 300 + "]" * 300 + "}", "nested"),
    ('{"nodes": [], "nodes": []}', "twice"),
    ('{"nodes": ["\\ud800"]}', "not UTF-8"),
    ('{"nodes": [1]}', "Node 1"),
    ('{"nodes": [{}]}', "id cannot be"),
    ('{"nodes": [' + node(params=[1]) + "]}", "params"),
    ('{"nodes": [' + node(position=[0, "x"]) + "]}", "position"),
    ('{"nodes": [' + node(position=[0, 1e12]) + "]}", "position"),
    ('{"nodes": [' + node(ties=[["a"]]) + "]}", "ties"),
    ('{"nodes": [' + node(name="x" * 2000) + "]}", "name"),
    ('{"nodes": [' + node() + "," + node(name="b") + "]}", "Two nodes of the drawing have the id a: a and b."),
    ('{"nodes": [' + node() + '], "edges": [["a", "output", "gone", "input"]]}', "not there: gone"),
    ('{"nodes": [], "edges": [["a", "b"]]}', "Edge 1"),
    ('{"nodes": [], "schema_version": "x"}', "schema version"),
    ('{"nodes": [], "schema_version": true}', "schema version"),
    ('{"nodes": [' + ",".join(["0"] * (MAX_NODES + 1)) + "]}", f"has {MAX_NODES + 1} nodes"),
], ids=lambda value: None if isinstance(value, (str, bytes)) and len(value) > 60 else repr(value)[:40])
def test_wrong_files_are_refused_in_one_sentence(text, says):
    with pytest.raises(GraphError) as caught:
        loads(text)
    assert says in caught.value.message
    assert caught.value.hint
    assert len(str(caught.value)) < 400


def test_dangling_edges_may_be_kept_for_inference_to_name():
    text = '{"nodes": [' + node() + '], "edges": [["a", "output", "gone", "input"]]}'
    assert len(loads(text, keep_dangling=True).edges) == 1


@given(st.binary(max_size=60))
def test_any_bytes_are_a_drawing_or_a_sentence(data):
    try:
        loads(data)
    except GraphError as error:
        assert error.hint


@given(st.data())
def test_any_damage_is_a_drawing_or_a_sentence(data):
    text = bytearray(dumps(chain()).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    try:
        loads(bytes(text))
    except GraphError as error:
        assert error.hint


@given(JSON)
def test_any_json_is_a_drawing_or_a_sentence(value):
    for document in (value, {"nodes": value}, {"nodes": [value], "edges": []}, {"nodes": [], "edges": value}):
        try:
            loads(json.dumps(document))
        except GraphError as error:
            assert error.hint

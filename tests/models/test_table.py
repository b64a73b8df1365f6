"""The layer table as Markdown and LaTeX."""

from __future__ import annotations

from workbench.graph import edit
from workbench.graph.graph import Edge, Graph
from workbench.graph.infer import infer
from workbench.layers import LAYERS
from workbench.models.table import latex, markdown, rows


def drawing() -> Graph:
    graph = Graph()
    image, window = {"channels": 1, "height": 8, "width": 8}, {"filters": 3, "kernel": 3}
    chain = (("image_1", "image_input", image), ("conv", "conv2d", window), ("out", "output", {}))
    for name, layer, params in chain:
        graph, _ = edit.add_node(graph, layer, name=name, id=name, params=params)
    for source, target in (("image_1", "conv"), ("conv", "out")):
        graph = edit.connect(graph, Edge.between(source, target))
    return graph


def test_rows_are_in_the_order_of_computing_and_end_with_the_sum() -> None:
    table = rows(infer(drawing(), LAYERS))
    assert [row[0] for row in table] == ["image_1", "conv", "out", "Total"]
    assert table[1] == ("conv", "Conv2d", "N × 3 × 8 × 8", "30", "1,728")
    assert table[-1][3:] == ("30", "1,728")


def test_markdown_has_a_cell_for_every_heading() -> None:
    lines = markdown(infer(drawing(), LAYERS)).splitlines()
    assert lines[1] == "| --- | --- | --- | ---: | ---: |"
    assert {line.count("|") for line in lines} == {6}


def test_latex_escapes_what_would_break_it() -> None:
    text = latex(infer(drawing(), LAYERS))
    assert r"image\_1 &" in text
    assert r"N $\times$ 3" in text
    assert text.startswith(r"\begin{tabular}")
    assert "×" not in text

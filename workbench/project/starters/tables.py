"""Rows of a table: every column becomes a token, and attention says which columns matter."""

from __future__ import annotations

from types import MappingProxyType

from workbench.data.base import FieldKind
from workbench.graph.graph import PortRef
from workbench.project.project import Choice, DataChoice, ObjectiveChoice, Project, Recipe
from workbench.project.sketch import Sketch
from workbench.project.starters.base import Starter

_COLUMNS = ("x", "y", "idle1", "idle2", "idle3")


class TableAdditive(Starter):
    """One linear layer per column, additive attention over the columns (arXiv 1409.0473), two hidden layers."""

    name = "table-additive"
    label = "A table and its columns"
    summary = "Additive attention weighs the columns of a table; three of five say nothing, and the weights show which."
    task = "table classification"
    family = "tables"
    aliases = ("tabular", "additive attention", "Bahdanau", "spirals", "MLP", "columns", "表格", "加性注意力", "螺旋")
    reads = FieldKind.NUMBER
    field = "x"
    seconds = 20.0

    def make(self, language: str = "en") -> Project:
        sketch = Sketch(language)
        columns = tuple(_column(sketch, name) for name in _COLUMNS)
        with sketch.framed("Weigh the columns", "给各列分配权重", "violet"):
            sketch.add("stack", "columns", after=columns, port="inputs")
            sketch.add("additive_attention", "weigh", port="keys", units=16)
            sketch.note(
                "A small network scores every column; the weights add up to 1 and say how much of each goes on.",
                "一个小网络给每一列打分；权重之和为 1，表示每列有多少传下去。",
            )
        with sketch.framed("Bend it into arms", "弯成旋臂", "green"):
            sketch.chain(("linear", {"units": 64}), "relu", ("linear", {"units": 64}), "relu", ("linear", {"units": 3}))
            sketch.note(
                "Spirals cannot be parted by a straight line: two hidden layers bend the plane.", "螺旋不能用直线分开：两个隐藏层把平面弯曲。",
            )
        sketch.add("output", "arm")
        return Project(
            name=self.label, graph=sketch.laid_out(), data=DataChoice("generated:spirals"),
            objectives=(ObjectiveChoice("classification", "arm", "label"),),
            recipe=Recipe(Choice("adamw", MappingProxyType({"learning_rate": 0.01})), schedule=Choice("one_cycle"), epochs=40, batch_size=64),
            template=self.name,
        )


def _column(sketch: Sketch, name: str) -> PortRef:
    """Draws a column as a token: its number times a learned vector, plus another."""
    sketch.end = None
    sketch.add("number_input", name, field=name)
    return sketch.add("linear", f"token_{name}", units=24)

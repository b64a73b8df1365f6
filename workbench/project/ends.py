"""Ends that a repair has added to a drawing: what they read and what they are called."""

from __future__ import annotations

from dataclasses import replace

from workbench.graph import edit
from workbench.layers import LAYERS
from workbench.project.check import Subject
from workbench.project.feeding import fields_of_kind, given_shape, is_output, kind_read
from workbench.project.project import Project


def with_ends(before: Project, after: Project, subject: Subject) -> Project:
    """Returns a project whose new inputs read a field of the data and whose new output is the one that the objective learns."""
    graph = after.graph
    names = {node.name for node in graph if is_output(node)}
    wanted = [objective.output for objective in after.objectives if objective.output not in names]
    for node in (node for node in after.graph if node.id not in before.graph):
        if is_output(node) and wanted:
            graph = edit.rename(graph, node.id, wanted.pop(0))
        fields = fields_of_kind(subject.dataset, kind_read(node), [item.target for item in after.objectives]) if subject.dataset else []
        if fields:
            shape = given_shape(after.data, fields[0], subject.shapes)
            sizes = LAYERS[node.layer].sized(shape) if shape is not None else {}
            graph = edit.set_params(graph, node.id, field=fields[0].name, **sizes)
    return after if graph is after.graph else replace(after, graph=graph)

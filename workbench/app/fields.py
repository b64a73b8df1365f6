"""Which dataset fields a project reads and learns."""

from __future__ import annotations

from workbench.project.project import Project


def input_fields(project: Project) -> list[str]:
    """Returns the dataset fields that feed the input nodes, in the order of the drawing."""
    from workbench.layers import LAYERS

    names: list[str] = []
    for node in project.graph:
        layer = LAYERS.get(node.layer)
        if layer is not None and "field" in layer.Params.model_fields:
            names.append(str(node.params.get("field") or node.name))
    return list(dict.fromkeys(names))


def target_fields(project: Project) -> list[str]:
    """Returns the dataset fields that the objectives compare with."""
    return list(dict.fromkeys(objective.target for objective in project.objectives if objective.target))

"""What the positions are called that attention looks from and at: words of a text, pixels of an image, steps."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from workbench.graph.dim import Dim
from workbench.graph.shape import Axis, Shape

if TYPE_CHECKING:
    from workbench.explain.subject import Subject
    from workbench.models.plan import Step


def step_at(plan: Any, path: str) -> Step | None:
    """Returns the step whose module holds the module at `path`, or None."""
    return next((step for step in plan.steps if path == step.path or path.startswith(step.path + ".")), None)


def attended_ports(step: Step, path: str, module: Any) -> tuple[str, str]:
    """Returns the input ports that an attention module of a step looks from and at; "" where nothing is wired.

    Args:
        step: The step that holds the module.
        path: Where the module stands in the model.
        module: It has `attention_weights`, whose arguments are called as the ports are.
    """
    arguments = inspect.signature(module.attention_weights).parameters
    inner = path.removeprefix(step.path).removeprefix(".")
    if inner in step.inputs:  # a side of a layer whose inputs look at each other
        return inner, next(port for port in step.inputs if port != inner)
    if "keys" in arguments:
        return ("query" if "query" in step.inputs else ""), "keys"
    looks = "input" if "input" in step.inputs else next(iter(step.inputs), "")
    return looks, "memory" if "memory" in arguments else looks


def valid_count(subject: Subject, shape: Shape | None, count: int) -> int:
    """Returns how many of `count` positions of the row are no padding."""
    size = _steps_of(shape)
    names = {spec.symbol.name: spec.input for spec in subject.model.plan.lengths}
    if size is None or not all(names.get(symbol.name) in subject.lengths for symbol in size.symbols()):
        return count
    rows = {symbol.name: int(subject.lengths[names[symbol.name]][0]) for symbol in size.symbols()}
    return min(count, max(1, int(size.evaluate(rows))))


def place_names(subject: Subject, shape: Shape | None, port: str, count: int) -> tuple[str, ...]:
    """Returns what `count` positions are called: words where they line up, else `row,column` of pixels, else numbers from 1.

    Args:
        subject: The row.
        shape: The shape of the port.
        port: Its name, which is what a single vector is called.
        count: How many positions there are.
    """
    numbers = tuple(str(index + 1) for index in range(count))
    if shape is None or shape.axes == (Axis.BATCH, Axis.FEATURE):
        return (port,) if count == 1 and port else numbers
    if Axis.HEIGHT in shape.axes:
        width = shape[Axis.WIDTH].constant or 0
        return tuple(f"{index // width + 1},{index % width + 1}" for index in range(count)) if width and count % width == 0 else numbers
    words = _words(subject, _steps_of(shape))
    return words if len(words) == count else numbers


def _steps_of(shape: Shape | None) -> Dim | None:
    index = shape.sequence_axis if shape is not None else None
    return None if shape is None or index is None else shape.dims[index]


def _words(subject: Subject, size: Dim | None) -> tuple[str, ...]:
    """Returns the tokens of the text that has this length in the model, or ()."""
    spec = next((spec for spec in subject.model.plan.lengths if size is not None and size == Dim.of(spec.symbol)), None)
    if spec is None:
        return subject.tokens
    if subject.input in spec.inputs:
        return subject.tokens
    given = next((item for item in subject.model.plan.inputs if item.name == spec.input), None)
    if given is None or subject.prepared is None or given.name not in subject.lengths:
        return ()
    ids = subject.values[given.name][0, : int(subject.lengths[given.name][0])]
    from workbench.explain.subject import words_of

    return words_of(subject.prepared.preprocessors[given.field], given, ids.tolist())

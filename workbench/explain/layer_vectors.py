"""One vector a row out of a layer of a model: where rows lie for the model, to be laid out as a map."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.explain.capture import capture
from workbench.explain.subject import batch_of
from workbench.graph.shape import Axis, Shape
from workbench.models.given import by_parameter

if TYPE_CHECKING:
    from torch import Tensor, nn

    from workbench.models.plan import Plan
    from workbench.models.steps import Step

BATCH = 128
_POOLED = frozenset({Axis.HEIGHT, Axis.WIDTH, Axis.DEPTH, Axis.TIME, Axis.TOKEN})


def layers_with_vectors(plan: Plan) -> tuple[str, ...]:
    """Returns the paths of the layers that give one vector a row, or one that can be averaged to a vector, in the order of computing."""
    return tuple(step.path for step in plan.steps if step.layer != "output" and _vector_shape(step) is not None)


def last_hidden(model: Any) -> str:
    """Returns the path of the layer before the head: what the last layer with weights reads; "" where a model has no layer that gives a vector.

    A head is followed by nothing that learns; whatever stands behind it (a softmax) is passed over.
    """
    plan: Plan = model.plan
    offered = layers_with_vectors(plan)
    steps = {step.node: step for step in plan.steps}
    step = steps.get(plan.outputs[0].source.node)
    while step is not None and not any(True for _ in model.get_submodule(step.path).parameters()):
        step = _before(steps, step)
    before = _before(steps, step) if step is not None else None
    if before is not None and before.path in offered:
        return before.path
    return offered[-1] if offered else ""


def layer_vectors(
    model: nn.Module, prepared: Any, rows: np.ndarray, path: str, progress: Callable[[float], None] = lambda _share: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> np.ndarray | None:
    """Returns what a layer says about rows, float32 `(n, F)`: maps and sequences averaged over their valid places. The model is not touched.

    Args:
        model: A model built from a drawing; a copy of it runs.
        prepared: The run's prepared data.
        rows: Dataset rows, int64 `(n,)`.
        path: A path of `layers_with_vectors`.
        progress: Takes the share done after each batch.
        cancelled: Whether the answer is no longer wanted; it is then None.
    """
    import torch

    plan: Any = model.plan
    step = next(step for step in plan.steps if step.path == path)
    shape = _vector_shape(step)
    assert shape is not None, path
    found: list[np.ndarray] = []
    with capture(model, [path]) as captured, torch.no_grad():
        for start in range(0, len(rows), BATCH):
            if cancelled():
                return None
            values, lengths = batch_of(model, prepared, rows[start:start + BATCH])
            captured.model.call(values, lengths)
            output = captured.outputs[path]
            single = output if isinstance(output, torch.Tensor) else output[0]
            found.append(pooled(single, shape, _valid(plan, shape, lengths)).cpu().numpy())
            progress(min(1.0, (start + BATCH) / max(len(rows), 1)))
    return np.concatenate(found) if found else np.zeros((0, 1), np.float32)


def pooled(output: Tensor, shape: Shape, valid: Tensor | None = None) -> Tensor:
    """Returns one vector a row, float32 `(N, F)`.

    Args:
        output: What a layer gave, laid out as `shape`.
        shape: Its axes; places (height, width, time, token) are averaged, the rest is kept.
        valid: How many places of its sequence axis are no padding, `(N,)`; None for all.
    """
    import torch

    values, sequence = output.float(), shape.sequence_axis
    if valid is not None and sequence is not None:
        places = torch.arange(values.shape[sequence], device=values.device)
        inside = (places < valid.to(values.device)[:, None]).float()
        mask = inside.reshape([len(values), *(-1 if axis == sequence else 1 for axis in range(1, values.ndim))])
        values = values * mask * (values.shape[sequence] / inside.sum(1).clamp(min=1)).reshape([-1, *[1] * (values.ndim - 1)])
    axes = [axis for axis, name in enumerate(shape.axes) if name in _POOLED]
    return (values.mean(axes) if axes else values).reshape(len(values), -1)


def _vector_shape(step: Step) -> Shape | None:
    """Returns the shape of what a step gives first, if vectors can be made of it."""
    shape = next(iter(step.outputs.values()), None)
    return shape if shape is not None and shape.rank >= 2 and shape.dtype.startswith("float") else None


def _before(steps: dict[str, Step], step: Step) -> Step | None:
    ports = [port for wired in step.wiring for port in wired.ports]
    return steps.get(ports[0].node) if ports else None


def _valid(plan: Plan, shape: Shape, lengths: dict[str, Tensor]) -> Tensor | None:
    """Returns how many places of a ragged sequence are real, `(N,)`, or None where all are."""
    index = shape.sequence_axis
    if index is None or not shape.dims[index].ragged:
        return None
    given = by_parameter(lengths, [(spec.symbol.name, spec.input) for spec in plan.lengths])
    size = shape.dims[index]
    return size.evaluate(given) if all(symbol.name in given for symbol in size.symbols()) else None

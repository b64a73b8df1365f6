"""What a layer says of itself beyond shapes and costs: the rules about drawings believe it, so it must be true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from workbench.catalogue import Params
from workbench.errors import CatalogueError
from workbench.export.checking.checks import Broken
from workbench.export.checking.trials import HERE, Trial, apply, inputs_of
from workbench.graph.dim import Dim
from workbench.graph.shape import Shape
from workbench.layers import LAYERS
from workbench.layers.base import LayerProblem
from workbench.models.build import make
from workbench.text import Text

_TRIED = 8
_LARGEST_BEND = 1e-6
_MOVED = 0.3


def check_traits(trials: Sequence[Trial]) -> None:
    """Widths, bends and neighbours are as the layer claims; what it does not claim is not asked for."""
    for trial in trials:
        _check_neighbours(trial)
        _check_kept_width(trial)
    for trial in trials[:_TRIED]:
        _check_width_param(trial)
        _check_causal_by(trial)
        _check_bends(trial)


def _check_neighbours(trial: Trial) -> None:
    layer = trial.layer
    for trait, names in (("usually_next", layer.usually_next), ("usual_norm", (layer.usual_norm,)), ("related", layer.related)):
        unknown = [name for name in names if name and name not in LAYERS]
        if unknown:
            raise Broken(Text("`{trait}` names {name}, which is no layer.", trait=trait, name=unknown[0]),
                         Text("Use names of the catalogue, such as linear, relu or layer_norm."))


def _check_kept_width(trial: Trial) -> None:
    if not trial.layer.keeps_width or not trial.inputs:
        return
    before = _width(next(iter(trial.inputs.values())))
    after = _width(next(iter(trial.layer.shape(trial.params, trial.inputs, HERE).values())))
    if before != after:
        raise Broken(
            Text("For {trial} `keeps_width` is true, but {before} channels or features become {after}.",
                 trial=trial.described(), before=str(before), after=str(after)),
            Text("Let keeps_width be False, or give as many as came in."),
        )


def _check_width_param(trial: Trial) -> None:
    layer, name = trial.layer, trial.layer.width_param
    if not name:
        return
    hint = Text("Name a whole number in `width_param` that sets how many channels or features come out.")
    if name not in type(layer).Params.model_fields:
        raise Broken(Text("`width_param` names {name}, which is no parameter.", name=name), hint)
    wider = _with(trial, {name: getattr(trial.params, name) * 2})
    if wider is None:
        return
    now, then = (_width(next(iter(layer.shape(params, trial.inputs, HERE).values()))) for params in (trial.params, wider))
    if now is not None and then != now * 2:
        raise Broken(Text("For {trial} twice the {name} does not make the output twice as wide.", trial=trial.described(), name=name), hint)


def _check_causal_by(trial: Trial) -> None:
    causal = _with(trial, trial.layer.causal_by) if trial.layer.causal_by else None
    if causal is not None and not trial.layer.causal(causal):
        raise Broken(Text("The parameters in `causal_by` do not make it causal."), Text("Name those for which `causal` returns True."))


def _with(trial: Trial, values: Mapping[str, Any]) -> Params | None:
    """Returns the parameters of a trial with others in some places; None where the layer takes none of that kind with these inputs."""
    try:
        params = trial.layer.parse({**trial.params.model_dump(mode="json"), **values})
        trial.layer.shape(params, trial.inputs, HERE)
    except (CatalogueError, LayerProblem):
        return None
    return params


def _check_bends(trial: Trial) -> None:
    """A layer that says it bends nothing computes sums and shifts: f(a) + f(b) = f(a + b) + f(0)."""
    if trial.layer.bends or not trial.inputs or not all(shape.dtype.startswith("float") for shape in trial.inputs.values()):
        return
    module = _moved(make(trial.layer.call(trial.params, trial.inputs)).double().eval())
    one, two = ({key: 2 * value.double() for key, value in inputs_of(trial.layer, trial.params, trial.inputs).items()} for _ in range(2))
    both, none = {key: one[key] + two[key] for key in one}, {key: torch.zeros_like(value) for key, value in one.items()}
    with torch.no_grad():
        given = [list(apply(module, trial.layer, trial.params, trial.inputs, values).values()) for values in (one, two, both, none)]
    if any(_distance(*results) > _LARGEST_BEND for results in zip(*given, strict=True)):
        raise Broken(Text("For {trial} `bends` is False, but it computes more than sums and shifts.", trial=trial.described()),
                     Text("Leave `bends` at True: False says that two linear layers around it are as good as one."))


def _distance(one: Tensor, two: Tensor, both: Tensor, none: Tensor) -> float:
    return float((one + two - both - none).abs().max() / (both.abs().max() + 1e-6))


def _moved(module: nn.Module) -> nn.Module:
    """Gives every parameter another value, so that what begins as nothing shows."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(torch.randn_like(parameter) * _MOVED)
    return module


def _width(shape: Shape) -> Dim | None:
    return shape.get("channel") or shape.get("feature")

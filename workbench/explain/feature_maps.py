"""Feature maps: what the channels of one node answer to one row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.catalogue import Params as BaseParams
from workbench.catalogue import param
from workbench.errors import GraphError
from workbench.explain.capture import capture
from workbench.explain.method import Method, Watch, has_image
from workbench.explain.results import FeatureMaps
from workbench.text import Text

if TYPE_CHECKING:
    from workbench.explain.subject import Subject


class FeatureMapsParams(BaseParams):
    """Which node, in which order."""

    node: str = param("", label="Node", help="The node whose channels are shown; empty takes the first convolution.")
    port: int = param(0, label="Output", help="Which output of the node, counted from 0.", main=False, ge=0)
    ordered: bool = param(False, label="Strongest first", help="Sort channels by mean absolute activation instead of by number.")


class ShowFeatureMaps(Method):
    """The channels of any node with a `(N, C, H, W)` output; channels that stay 0 on every probe row are marked dead."""

    name = "feature_maps"
    label = "Feature maps"
    category = "look inside"
    summary = "What every channel of a layer shows for this row; channels that never answer are marked."
    aliases = ("activations", "channels", "filters", "特征图")
    result = "FeatureMaps"
    Params = FeatureMapsParams

    def fits(self, plan: Any) -> bool:
        """Whether there is an image to look at."""
        return has_image(plan)

    def explain(self, subject: Subject, params: FeatureMapsParams, watch: Watch) -> FeatureMaps:
        """Runs the row and the probe rows once."""
        path = params.node or first_convolution(subject.model)
        if path not in dict(subject.model.named_modules()):
            raise GraphError(Text("There is no node called {node} in this model.", node=path), Text("Pick one of its nodes."))
        maps, probes = _outputs(subject, path, params.port, watch)
        dead = (probes == 0).all(axis=(0, 2, 3))
        if params.ordered:
            order = np.argsort(-np.abs(maps).mean((1, 2)), kind="stable")
            maps, dead = maps[order], dead[order]
        return FeatureMaps(path, maps, dead, self.facts(subject, watch, target=""))


def first_convolution(model: Any) -> str:
    """Returns the path of the first convolution, or of the first submodule."""
    from torch import nn

    paths = [path for path, module in model.named_modules() if isinstance(module, nn.Conv2d)]
    return (paths or [path for path, _ in model.named_modules() if path])[0]


def _outputs(subject: Subject, path: str, port: int, watch: Watch) -> tuple[np.ndarray, np.ndarray]:
    """Returns the output for the row `(C, H, W)` and for the probe rows `(n, C, H, W)`."""
    import torch

    found: list[np.ndarray] = []
    with capture(subject.model, [path]) as captured, torch.no_grad():
        for values, lengths in ((subject.values, subject.lengths), subject.probe_values()):
            watch.count(next(iter(values.values())).shape[0])
            captured.model.call(dict(values), dict(lengths))
            output = captured.outputs[path]
            tensor = output[port] if isinstance(output, tuple) else output
            if tensor.ndim != 4:
                raise GraphError(
                    Text("{node} gives no feature maps: its output has {rank} axes.", node=path, rank=tensor.ndim),
                    Text("Pick a node whose output has height and width."),
                )
            found.append(tensor.float().cpu().numpy())
    return found[0][0], found[1]

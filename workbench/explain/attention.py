"""Attention: which position looks at which, per layer and head, and how it flows through the layers.

Attention is where the model looks, not why it decides; the window says so beside the picture.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.catalogue import Params as BaseParams
from workbench.catalogue import param
from workbench.errors import GraphError
from workbench.explain.attribution import AttributionParams
from workbench.explain.capture import capture
from workbench.explain.evidence import evidence_of
from workbench.explain.faithfulness import faithfulness
from workbench.explain.method import Method, Watch, has_text
from workbench.explain.results import AttentionMaps, TokenScores
from workbench.text import Text

if TYPE_CHECKING:
    from workbench.explain.subject import Subject


class AttentionParams(BaseParams):
    """Which layers."""

    node: str = param("", label="Node", help="Only this layer; empty shows all.")


class ShowAttention(Method):
    """Softmax weights of every attention layer and head, computed by the layer's explicit path from its captured input."""

    name = "attention"
    label = "Attention"
    category = "look inside"
    summary = "Which position looks at which, for every layer and head."
    aliases = ("attention weights", "heads", "bertviz", "注意力")
    result = "AttentionMaps"
    Params = AttentionParams

    def fits(self, plan: Any) -> bool:
        """Whether some layer can show attention weights."""
        return any_module_with(plan, "attention_weights")

    def explain(self, subject: Subject, params: AttentionParams, watch: Watch) -> AttentionMaps:
        """Runs the row once and recomputes the weights of each layer."""
        layers, maps = attention_maps(subject, watch, params.node)
        tokens = position_names(subject, maps[0].shape[-1])
        return AttentionMaps(layers, maps, tokens, tokens, self.facts(subject, watch, target=""))


class AttentionRollout(Method):
    """Attention followed through all layers, residual paths included. Abnar, Zuidema 2020, arXiv:2005.00928."""

    name = "attention_rollout"
    label = "Attention rollout"
    category = "attribution"
    summary = "How much of each token reaches the last layer when attention is followed through all layers; the same for every class."
    aliases = ("rollout", "attention flow", "注意力展开")
    result = "TokenScores"
    attribution = True
    Params = AttributionParams

    def fits(self, plan: Any) -> bool:
        """Whether tokens go through attention layers."""
        return has_text(plan) and any_module_with(plan, "attention_weights")

    def explain(self, subject: Subject, params: AttributionParams, watch: Watch) -> TokenScores:
        """Multiplies the layers' mean attention and measures how faithful the ranking is."""
        _, maps = attention_maps(subject, watch)
        values = rollout(maps).mean(0).astype(np.float32)
        with evidence_of(subject, watch) as evidence:
            share = faithfulness(evidence, values, seed=params.seed) if params.faithfulness else None
            result = evidence.result(values, self.facts(subject, watch, target="", faithfulness=share, seed=params.seed))
        assert isinstance(result, TokenScores)
        return result


def rollout(maps: tuple[np.ndarray, ...]) -> np.ndarray:
    """Returns how much of each input position reaches each output position, float64 `(T, T)`; rows sum to 1.

    Args:
        maps: Attention weights by layer, first layer first, `(heads, T, T)`.
    """
    flow = np.eye(maps[0].shape[-1])
    for weights in maps:
        layer = weights.astype(np.float64).mean(0) + np.eye(weights.shape[-1])
        flow = layer / layer.sum(1, keepdims=True) @ flow
    return flow


def attention_maps(subject: Subject, watch: Watch, node: str = "") -> tuple[tuple[str, ...], tuple[np.ndarray, ...]]:
    """Returns layer paths and softmax weights, float32 `(heads, T, T)` each, without padding.

    Args:
        subject: The row.
        watch: Counts the passes.
        node: Only this layer; "" takes all.

    Raises:
        GraphError: There is no attention layer, or none of that name.
    """
    import torch

    paths = outermost_with(subject.model, "attention_weights")
    chosen = [path for path in paths if node in ("", path)]
    if not chosen:
        raise GraphError(
            Text("This model has no attention layer {node}.", node=node), Text("Attention layers: {names}.", names=", ".join(paths)),
        )
    with capture(subject.model, chosen) as captured, torch.no_grad():
        watch.count(1)
        captured.model.call(dict(subject.values), dict(subject.lengths))
        modules = dict(captured.model.named_modules())
        weights = []
        for path in chosen:
            args, kwargs = captured.inputs[path]
            weights.append(modules[path].attention_weights(*args, **kwargs)[0].float().cpu().numpy())
    count = len(subject.tokens) or weights[0].shape[-1]
    return tuple(chosen), tuple(item[:, :count, :count] for item in weights)


def position_names(subject: Subject, count: int) -> tuple[str, ...]:
    """Returns the tokens where they line up with `count` positions, else numbers from 1."""
    return subject.tokens if len(subject.tokens) == count else tuple(str(index + 1) for index in range(count))


def outermost_with(model: Any, method: str) -> list[str]:
    """Returns the paths of modules that have `method`, without those inside another such module."""
    found: list[str] = []
    for path, module in model.named_modules():
        if path and hasattr(module, method) and not any(path.startswith(outer + ".") for outer in found):
            found.append(path)
    return found


def any_module_with(plan: Any, method: str) -> bool:
    """Whether some layer of the plan becomes one of our modules that has `method`, or that is made of such modules."""
    files = {step.call.target.rpartition(".")[0] for step in plan.steps} - {"nn"}
    found = [vars(importlib.import_module(f"workbench.layers.modules.{file}")).values() for file in sorted(files)]
    return any(isinstance(value, type) and method in vars(value) for values in found for value in values)

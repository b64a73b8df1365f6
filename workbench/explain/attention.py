"""Attention: which position looks at which, per layer and head, and how it flows through the layers.

Attention is where the model looks, not why it decides; the window says so beside the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
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
from workbench.explain.places import attended_ports, place_names, step_at, valid_count
from workbench.explain.results import AttentionMaps, TokenScores
from workbench.models.printing import definitions
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
        found = attention_maps(subject, watch, params.node)
        layers, maps, names = tuple(item.layer for item in found), tuple(item.weights for item in found), tuple(item.names for item in found)
        facts = self.facts(subject, watch, target="")
        return AttentionMaps(layers, maps, *names[0], facts, names if len(set(names)) > 1 else ())


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
        """Whether tokens go through attention of a sequence to itself."""
        return has_text(plan) and any(_looks_at_itself(step) for step in plan.steps)

    def explain(self, subject: Subject, params: AttributionParams, watch: Watch) -> TokenScores:
        """Multiplies the layers' mean attention and measures how faithful the ranking is."""
        found = attention_maps(subject, watch)
        within = [item for item in found if item.within and item.names[0] == subject.tokens]
        if not within:
            raise GraphError(
                Text("No layer of this model lets the words look at each other."),
                Text("Attention rollout follows self-attention; the maps of other attention layers stand under Attention."),
            )
        values = rollout(tuple(item.weights for item in within)).mean(0).astype(np.float32)
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


@dataclass(frozen=True, slots=True)
class Looked:
    """What one attention layer did.

    Attributes:
        layer: The path of its module.
        weights: Softmax weights, float32 `(heads, queries, keys)`, without padding.
        names: What the queries and the keys are called.
        within: Whether a sequence looks at itself.
    """

    layer: str
    weights: np.ndarray
    names: tuple[tuple[str, ...], tuple[str, ...]]
    within: bool


def attention_maps(subject: Subject, watch: Watch, node: str = "") -> list[Looked]:
    """Returns the weights of attention layers, in the order of the model.

    Args:
        subject: The row.
        watch: Counts the passes.
        node: Only the layers of this node, or this module; "" takes all.

    Raises:
        GraphError: There is no attention layer, or none of that name.
    """
    import torch

    paths = outermost_with(subject.model, "attention_weights")
    chosen = [path for path in paths if node in ("", path) or path.startswith(node + ".")]
    if not chosen:
        raise GraphError(
            Text("This model has no attention layer {node}.", node=node), Text("Attention layers: {names}.", names=", ".join(paths)),
        )
    with capture(subject.model, chosen) as captured, torch.no_grad():
        watch.count(1)
        captured.model.call(dict(subject.values), dict(subject.lengths))
        modules = dict(captured.model.named_modules())
        found: list[Looked] = []
        for path in chosen:
            args, kwargs = captured.inputs[path]
            weights = modules[path].attention_weights(*args, **kwargs)[0].float().cpu().numpy()
            found.append(_looked(subject, path, modules[path], weights))
    return found


def _looked(subject: Subject, path: str, module: Any, weights: np.ndarray) -> Looked:
    """Cuts padding off and names what is left."""
    step = step_at(subject.model.plan, path)
    ports = attended_ports(step, path, module) if step is not None else ("", "")
    shapes = [step.inputs.get(port) if step is not None else None for port in ports]
    queries, keys = (valid_count(subject, shape, count) for shape, count in zip(shapes, weights.shape[1:], strict=True))
    names = place_names(subject, shapes[0], ports[0], queries), place_names(subject, shapes[1], ports[1], keys)
    return Looked(path, weights[:, :queries, :keys], names, ports[0] == ports[1])


def _looks_at_itself(step: Any) -> bool:
    """Whether a step holds an attention whose queries and keys come from one sequence."""
    return _holds(step, "class SelfAttention(") and any(shape.sequence_axis is not None for shape in step.inputs.values())


def outermost_with(model: Any, method: str) -> list[str]:
    """Returns the paths of modules that have `method`, without those inside another such module."""
    found: list[str] = []
    for path, module in model.named_modules():
        if path and hasattr(module, method) and not any(path.startswith(outer + ".") for outer in found):
            found.append(path)
    return found


def any_module_with(plan: Any, method: str) -> bool:
    """Whether some layer of the plan becomes one of our modules that has `method`, or that is made of such modules."""
    return any(_holds(step, f"def {method}(") for step in plan.steps)


def _holds(step: Any, words: str) -> bool:
    """Whether these words stand in the definition of a step's module, or of those that it is made of."""
    return any(words in body for body in _bodies(step.call.target))


@lru_cache(maxsize=256)
def _bodies(target: str) -> tuple[str, ...]:
    return () if target.startswith("nn.") else tuple(definitions([target])[1])

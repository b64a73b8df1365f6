"""States and gates of recurrent layers over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.catalogue import Params as BaseParams
from workbench.catalogue import param
from workbench.errors import GraphError
from workbench.explain.attention import any_module_with, outermost_with
from workbench.explain.capture import capture
from workbench.explain.method import Method, Watch
from workbench.explain.places import place_names, step_at, valid_count
from workbench.explain.results import StateTrace
from workbench.text import Text

if TYPE_CHECKING:
    from workbench.explain.subject import Subject


WORDS: dict[str, str] = {"from_input": "from the input", "from_memory": "from the memory", "candidate": "candidate state"}
"""What traces are called whose own name says too little."""


class StatesParams(BaseParams):
    """Which layer."""

    node: str = param("", label="Node", help="The recurrent layer; empty takes the first.")
    layer: int = param(-1, label="Layer", help="Which of the layers standing on each other, counted from 0; -1 is the last.", main=False)
    reverse: bool = param(False, label="From the end", help="Watch the direction that reads from the end.", main=False)


class ShowStates(Method):
    """Hidden state, cell state and gates of a recurrent layer, step by step, recomputed from its captured input."""

    name = "states"
    label = "States and gates"
    category = "look inside"
    summary = "What a recurrent layer remembers, lets in and forgets at every step."
    aliases = ("lstm gates", "gru gates", "hidden state", "cell state", "lstmvis", "隐藏状态", "门控")
    result = "StateTrace"
    Params = StatesParams

    def fits(self, plan: Any) -> bool:
        """Whether some layer can show its states."""
        return any_module_with(plan, "trace")

    def explain(self, subject: Subject, params: StatesParams, watch: Watch) -> StateTrace:
        """Runs the row once and replays the layer."""
        import torch

        paths = outermost_with(subject.model, "trace")
        path = params.node or (paths or [""])[0]
        if path not in paths:
            raise GraphError(
                Text("This model has no recurrent layer {node}.", node=path), Text("Recurrent layers: {names}.", names=", ".join(paths)),
            )
        with capture(subject.model, [path]) as captured, torch.no_grad():
            watch.count(1)
            captured.model.call(dict(subject.values), dict(subject.lengths))
            args, kwargs = captured.inputs[path]
            traces = dict(captured.model.named_modules())[path].trace(*args, **kwargs, layer=params.layer, reverse=params.reverse)
        step = step_at(subject.model.plan, path)
        shape = None if step is None else step.inputs.get("input")
        count = valid_count(subject, shape, next(iter(traces.values())).shape[1])
        arrays = {WORDS.get(str(name), str(name).replace("_", " ")): trace[0, :count].float().cpu().numpy() for name, trace in traces.items()}
        return StateTrace(path, arrays, place_names(subject, shape, "input", count), self.facts(subject, watch, target=""))

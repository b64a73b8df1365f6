"""The promises of a layer that show in a whole drawing: its printed source is the built model, and so is its ONNX file."""

from __future__ import annotations

import ast
import importlib.util
import sys
import tempfile
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from workbench.errors import ExportError, GraphError
from workbench.export.checking.checks import Broken
from workbench.export.checking.trials import LONGEST, ROWS, Trial, drawing, tensor
from workbench.export.onnx_file import write_onnx
from workbench.export.twins import with_twins
from workbench.graph.graph import Graph
from workbench.graph.infer import infer
from workbench.layers import LAYERS
from workbench.layers.own import is_own
from workbench.models.build import ALLOWED, Model, build
from workbench.models.source import source
from workbench.text import Text

OPSET, TOLERANCE = 20, 1e-5
SIZES = ((1, 1), (3, 7), (5, 4))
"""Rows and length of what is compared; the example that is exported has others."""
_EXAMPLE_ROWS, _EXAMPLE_LENGTH = 2, 5
_MOST = 4


def drawings_of(trials: Sequence[Trial]) -> list[Graph]:
    """Returns a drawing for each trial that can be drawn; those whose rows differ in length come first."""
    found: list[Graph] = []
    for trial in sorted(trials, key=lambda trial: not any(shape.ragged for shape in trial.inputs.values())):
        graph = drawing(trial.layer.name, trial.params.model_dump(mode="json"), trial.inputs)
        if infer(graph, LAYERS).ok:
            found.append(graph)
    return found


def check_source(trials: Sequence[Trial]) -> None:
    """The printed source runs with torch alone and is the built model: equal keys, equal first weights, equal outputs."""
    for graph in _some(trials):
        try:
            text = source(graph)
        except (GraphError, KeyError, SyntaxError) as error:
            raise Broken(Text("The source cannot be printed: {reason}.", reason=str(error).rstrip(".")), _ON_SOURCE) from error
        _needs_torch_alone(text)
        torch.manual_seed(5)
        model = build(graph)
        torch.manual_seed(5)
        try:
            printed = _executed(text)
        except Exception as error:  # the printed code is the user's: it fails as it likes
            raise Broken(Text("The printed source does not run: {reason}.", reason=f"{type(error).__name__}: {error}"), _ON_SOURCE) from error
        _same_state(model, printed)
        _same_results(model, printed)


_ON_SOURCE = Text("What the module class needs must stand at the top of the same file: constants, functions, imports of torch.")


def _some(trials: Sequence[Trial]) -> list[Graph]:
    graphs = drawings_of(trials)
    if not graphs and trials:
        raise Broken(Text("No drawing with this layer is accepted."), Text("Shapes must follow from the inputs alone."))
    return graphs[:1] + graphs[-(_MOST - 1):] if len(graphs) > _MOST else graphs


def _needs_torch_alone(text: str) -> None:
    for node in ast.walk(ast.parse(text)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            root = name.partition(".")[0]
            if root != "torch" and root not in sys.stdlib_module_names:
                raise Broken(Text("The printed source needs {module}, but it must run with torch alone.", module=root),
                             Text("Write the module class with torch and the standard library only."))


def _executed(text: str) -> nn.Module:
    """Returns the last class of a source, made."""
    names: dict[str, Any] = {"__name__": "printed"}
    exec(compile(text, "printed.py", "exec"), names)
    classes = [value for value in names.values() if isinstance(value, type) and value.__module__ == "printed"]
    return cast(nn.Module, classes[-1]())


def _same_state(model: Model, printed: nn.Module) -> None:
    ours, theirs = model.state_dict(), printed.state_dict()
    if list(ours) != list(theirs):
        names = ", ".join(sorted(ours.keys() ^ theirs.keys()))
        raise Broken(Text("The printed source has other weights than the model: {names}.", names=names), _ON_SOURCE)
    for name in ours:
        if not torch.equal(ours[name], theirs[name]):
            raise Broken(Text("With the same seed, {name} begins with other numbers in the printed source.", name=name),
                         Text("Draw first weights with torch, and from nothing but torch's own generator."))


def _same_results(model: Model, printed: nn.Module) -> None:
    inputs = [tensor(spec.shape, ROWS, LONGEST) for spec in model.plan.inputs]
    lengths = {spec.parameter: torch.tensor([LONGEST, 1, 4]) for spec in model.plan.lengths}
    for given in (lengths, {}):
        left, right = model.eval()(*inputs, **given), printed.eval()(*inputs, **given)
        pairs = zip(*((value,) if isinstance(value, Tensor) else value for value in (left, right)), strict=True)
        if not all(torch.allclose(one, other, rtol=0, atol=0, equal_nan=True) for one, other in pairs):
            raise Broken(Text("The printed source gives something else than the model."), _ON_SOURCE)


class Ranged(nn.Module):
    """A model as the exporter takes it: all inputs, then all row lengths, by position."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model

    def forward(self, *given: Tensor) -> tuple[Tensor, ...]:
        """Returns all outputs."""
        count = len(self.model.plan.inputs)
        names = [spec.parameter for spec in self.model.plan.lengths]
        result = self.model(*given[:count], **dict(zip(names, given[count:], strict=True)))
        return result if isinstance(result, tuple) else (result,)


def check_onnx(trials: Sequence[Trial]) -> None:
    """ONNX Runtime and torch say the same, for batches and lengths other than the exported example's."""
    for graph in _some(trials)[:2]:
        torch.manual_seed(0)
        check_onnx_of(build(graph).eval())


def check_onnx_of(built: Model, opset: int = OPSET) -> None:
    """Compares one model, in eval mode, with its ONNX file.

    Args:
        built: The model.
        opset: The ONNX operator set it is written for.

    Raises:
        Broken: It cannot be written, or says something else.
    """
    import onnxruntime

    model = Ranged(built)
    spread(model)
    exported = Ranged(cast(Model, with_twins(deepcopy(built), opset))).eval()
    examples, axes = given(built, _EXAMPLE_ROWS, _EXAMPLE_LENGTH)
    outputs = [spec.name for spec in built.plan.outputs]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        try:
            write_onnx(exported, examples, axes, (input_names(built), outputs), path, opset=opset, metadata={})
        except ExportError as error:
            raise Broken(error.message, Text("Use torch functions that ONNX has, and no `if` over the values or sizes of tensors.")) from error
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        for rows, length in SIZES:
            _same_in_onnx(session, model, rows, length)


def _same_in_onnx(session: Any, model: Ranged, rows: int, length: int) -> None:
    values, _ = given(model.model, rows, length)
    with torch.no_grad():
        expected = model(*values)
    wanted = [item.name for item in session.get_inputs()]
    feed = {name: value.numpy() for name, value in zip(input_names(model.model), values, strict=True) if name in wanted}
    hint = Text("Do not compute with sizes as Python numbers that are fixed at export: take them from tensors' shapes.")
    try:
        found = session.run(None, feed)
    except Exception as error:  # ONNX Runtime has no error class of its own worth naming
        raise Broken(Text("ONNX Runtime fails for {rows} rows of length {length}: {reason}.",
                          rows=rows, length=length, reason=str(error).strip()[:300]), hint) from error
    for ours, theirs in zip(expected, found, strict=True):
        largest = max(1.0, ours.abs().max().item()) if ours.numel() else 1.0
        if tuple(ours.shape) != theirs.shape or not torch.allclose(torch.from_numpy(theirs), ours, atol=TOLERANCE * largest, rtol=0, equal_nan=True):
            raise Broken(Text("For {rows} rows of length {length} ONNX Runtime gives something else than torch.", rows=rows, length=length), hint)


def given(model: Model, rows: int, length: int) -> tuple[list[Tensor], list[dict[int, str]]]:
    """Returns the inputs of a model, lengths last, and the names of their free axes."""
    specs = model.plan.inputs
    axes = [
        {place: "batch" if place == 0 else str(dim) for place, dim in enumerate(spec.shape.dims) if dim.constant is None}
        for spec in specs
    ]
    valid = torch.arange(rows) * 2 % length + 1
    valid[-1] = length
    lengths = [valid for _ in model.plan.lengths]
    return [tensor(spec.shape, rows, length) for spec in specs] + lengths, axes + [{0: "batch"} for _ in lengths]


def input_names(model: Model) -> list[str]:
    """Returns the names of all inputs of a model, lengths last."""
    return [spec.name for spec in model.plan.inputs] + [spec.parameter for spec in model.plan.lengths]


def spread(model: nn.Module) -> None:
    """Gives running means and variances values that are not those of a new model."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d):
            assert module.running_mean is not None and module.running_var is not None
            module.running_mean.uniform_(-0.5, 0.5)
            module.running_var.uniform_(0.5, 2)


def check_targets(trials: Sequence[Trial]) -> None:
    """The call names a class that exists; for an own layer, one of torch.nn, of the program or of its own file."""
    from workbench.layers.own import OWN

    for trial in trials:
        target = trial.layer.call(trial.params, trial.inputs).target
        file = OWN.source_of(trial.layer.name)
        _known(target)
        if file is not None and is_own(target) and target.rpartition(".")[0] != file.module:
            raise Broken(
                Text("The call names {target}, which is not of this file.", target=target),
                Text("Classes of this file are called {module}.CLASS.", module=file.module),
            )


def _known(target: str) -> None:
    if target.startswith("nn.") and target.removeprefix("nn.") not in ALLOWED:
        raise Broken(
            Text("The call names {target}, which is not among the classes of torch.nn that a layer may call.", target=target),
            Text("Make a class of your own around it: class Mine(nn.Module)."),
        )
    module = f"workbench.layers.modules.{target.rpartition('.')[0]}"
    if not target.startswith("nn.") and not is_own(target) and importlib.util.find_spec(module) is None:
        raise Broken(Text("The call names {target}, which does not exist.", target=target), Text("Classes of an own file are called own.FILE.CLASS."))

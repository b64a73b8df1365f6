"""From a run to a verified bundle: everything is written beside its place and moved there in one rename, or not at all."""

from __future__ import annotations

import os
import platform
import secrets
import shutil
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench import __version__
from workbench.data.base import FieldKind
from workbench.errors import ExportError
from workbench.export.card import model_card
from workbench.export.predict import Bundle
from workbench.export.spec import CARD_FILE, MODEL_FILE, TOKENIZER_FILE, VERIFICATION_FILE, BundleSpec, InputSpec, OutputSpec
from workbench.export.verify import Verification, compare, write_record
from workbench.objectives import OBJECTIVES
from workbench.text import Text

if TYPE_CHECKING:
    from workbench.project.project import ExportChoice, Project
    from workbench.project.runs import RunFolder

Progress = Callable[[float, str], None]
DEFAULT_OPSET = 20
_FILES = (MODEL_FILE, TOKENIZER_FILE, CARD_FILE, VERIFICATION_FILE)


@dataclass(frozen=True, slots=True)
class ExportReport:
    """A bundle that is done.

    Attributes:
        bundle: Its folder.
        model: Its ONNX file.
        verification: The proof.
        bytes: Size of the ONNX file.
        opset: ONNX operator set.
        seconds: Wall time.
    """

    bundle: Path
    model: Path
    verification: Verification
    bytes: int
    opset: int
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Returns it as JSON values, with the keys that other programs rely on."""
        return {
            "bundle": str(self.bundle), "model": str(self.model), "verification": self.verification.to_json(), "bytes": self.bytes,
            "opset": self.opset, "seconds": self.seconds,
        }


def export_run(
    run: RunFolder | Path | str, folder: Path | str, opset: int = 0, *, which: str = "best", progress: Progress = lambda share, what: None,
) -> ExportReport:
    """Exports a run in this process; `workbench.export.child.export_run` does the same in a process of its own.

    Args:
        run: The run folder.
        folder: Where the bundle goes; an older bundle there is replaced.
        opset: ONNX operator set; 0 takes the project's.
        which: `best` or `last` checkpoint.
        progress: Told the share done and what is being done.

    Raises:
        ExportError: The model cannot be written, or ONNX Runtime does not agree with torch; nothing was changed then.
        WorkbenchError: The run or its data cannot be read.
    """
    began = time.perf_counter()
    target = checked_target(folder)
    with temporary_beside(target) as temporary:
        verification, used = write_bundle(run, temporary, opset, which, progress)
        publish(temporary, target)
    return report(target, verification, used, time.perf_counter() - began)


def report(folder: Path, verification: Verification, opset: int, seconds: float) -> ExportReport:
    """Returns the report of a published bundle."""
    model = folder / MODEL_FILE
    return ExportReport(folder, model, verification, model.stat().st_size, opset, seconds)


def write_bundle(
    run: RunFolder | Path | str, folder: Path, opset: int = 0, which: str = "best", progress: Progress = lambda share, what: None,
    choice: ExportChoice | None = None,
) -> tuple[Verification, int]:
    """Loads a run, writes all files of its bundle into `folder` and verifies them.

    Args:
        run: The run folder.
        folder: Where the files go.
        opset: ONNX operator set; 0 takes the project's.
        which: `best` or `last` checkpoint.
        progress: Told the share done and what is being done.
        choice: Licence and author as they are wanted now; left out, as they were when the run began.

    Returns:
        The proof, and the operator set that was used.
    """
    from workbench.project.runs import RunFolder
    from workbench.training.load import load_model

    progress(0.05, Text("Reading the run"))
    opened = run if isinstance(run, RunFolder) else RunFolder(run)
    project = opened.snapshot()
    project = project if choice is None else replace(project, export=choice)
    model, prepared = load_model(opened, "last" if which == "last" else "best")
    chosen = opset or project.export.opset or DEFAULT_OPSET
    spec = spec_of(model, prepared, project, chosen, run=opened.path.name, metrics=_metrics(opened))
    return write_model(model, prepared, spec, folder, progress), chosen


def write_model(
    model: Any, prepared: Any, spec: BundleSpec, folder: Path, progress: Progress = lambda share, what: None,
) -> Verification:
    """Writes all files of a bundle and verifies them.

    Raises:
        ExportError: The model cannot be written, or the answers differ.
    """
    from workbench.export.network import Deployed
    from workbench.export.onnx_file import write_onnx

    progress(0.15, Text("Writing the ONNX model"))
    folder.mkdir(parents=True, exist_ok=True)
    network = Deployed(model, spec.inputs, spec.outputs, prepared.preprocessors, spec.opset)
    examples, axes = network.examples()
    names = ([name for item in spec.inputs for name in item.tensors], [name for item in spec.outputs for name in item.tensors.values()])
    write_onnx(network, examples, axes, names, folder / MODEL_FILE, opset=spec.opset, metadata=spec.metadata())
    for item in spec.inputs:
        if item.tokenizer:
            (folder / item.tokenizer).write_text(prepared.preprocessors[item.field].tokenizer_json, "utf-8")
    bundle, what = Bundle(folder), Text("Comparing ONNX Runtime with PyTorch")
    verification, recorded = compare(bundle, model, prepared, progress=lambda share: progress(0.6 + 0.38 * share, what))
    if not verification.passed:
        raise ExportError(verification.sentence(), Text("Nothing was written. Try another operator set."))
    write_record(folder, verification, recorded)
    (folder / CARD_FILE).write_text(model_card(spec, verification), "utf-8")
    progress(1.0, Text("Done"))
    return verification


def spec_of(
    model: Any, prepared: Any, project: Project, opset: int, *, run: str = "", metrics: Mapping[str, float] | None = None,
) -> BundleSpec:
    """Returns what the bundle will say about itself."""
    plan = model.plan
    inputs = tuple(_input_spec(item, prepared, len(plan.inputs) > 1, index) for index, item in enumerate(plan.inputs))
    taken = {name for item in inputs for name in item.tensors}
    outputs = tuple(_output_spec(item, prepared, project, len(plan.outputs) > 1, taken) for item in plan.outputs)
    return BundleSpec(
        project.name, ", ".join(dict.fromkeys(choice.name for choice in project.objectives)), inputs, outputs,
        licence=project.export.licence or prepared.dataset.licence, author=project.export.author, run=run, opset=opset,
        versions=_versions(), metrics=dict(metrics or {}), parameters=sum(parameter.numel() for parameter in model.parameters()),
    )


def _input_spec(item: Any, prepared: Any, several: bool, index: int) -> InputSpec:
    preprocessor = prepared.preprocessors[item.field]
    if preprocessor.kind == FieldKind.IMAGE:
        channels = prepared.dataset.field(item.field).channels or preprocessor.channels
        return InputSpec(item.name, item.field, "image", (item.name,), channels, preprocessor.height, preprocessor.width)
    if preprocessor.kind == FieldKind.TEXT:
        prefix, file = (f"{item.name}_", f"{item.name}.{TOKENIZER_FILE}") if several and index else ("", TOKENIZER_FILE)
        return InputSpec(
            item.name, item.field, "text", (f"{prefix}input_ids", f"{prefix}attention_mask"),
            maximum_length=preprocessor.maximum_length, vocabulary=preprocessor.vocabulary, tokenizer=file, decoder=item.decoder,
            joint=preprocessor.joint, truncation=preprocessor.truncation,
        )
    if preprocessor.kind == FieldKind.NUMBER:
        return InputSpec(item.name, item.field, "number", (item.name,), unit=preprocessor.unit)
    if preprocessor.kind == FieldKind.SERIES:
        tensors = (item.name, f"{item.name}_lengths") if preprocessor.ragged else (item.name,)
        return InputSpec(item.name, item.field, "series", tensors, length=preprocessor.length, features=len(preprocessor.mean))
    if preprocessor.kind == FieldKind.AUDIO:
        tensors = (item.name, f"{item.name}_lengths") if preprocessor.ragged else (item.name,)
        return InputSpec(item.name, item.field, "audio", tensors, length=preprocessor.samples, rate=preprocessor.rate)
    return InputSpec(item.name, item.field, "category", (item.name,), labels=tuple(preprocessor.categories))


def _output_spec(item: Any, prepared: Any, project: Project, several: bool, taken: set[str]) -> OutputSpec:
    choice = next((choice for choice in project.objectives if choice.output == item.name), None)
    prefix = f"{item.name}_" if several else ""
    class_axis = OBJECTIVES[choice.name].class_axis if choice is not None else None
    roles = ("value",) if class_axis is None else ("logits", "probabilities")
    tensors = {role: _fresh(prefix + role, taken) for role in roles}
    if choice is None:
        return OutputSpec(item.name, "", tensors=tensors)
    preprocessor = prepared.preprocessors[choice.target]
    labels = preprocessor.words(range(preprocessor.vocabulary)) if preprocessor.kind == FieldKind.TEXT else getattr(preprocessor, "categories", ())
    unit, joint = getattr(preprocessor, "unit", ""), getattr(preprocessor, "joint", " ")
    return OutputSpec(item.name, choice.name, choice.target, tuple(labels), unit, tensors, -1 if class_axis is None else class_axis, joint)


def _fresh(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_output"
    taken.add(name)
    return name


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "Model Workbench": __version__}
    for package in ("torch", "onnx", "onnxruntime", "tokenizers"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _metrics(run: RunFolder) -> dict[str, float]:
    values = dict(run.info().metrics)
    return {tag: float(value) for tag, value in values.items() if value == value and "step" not in tag}


def checked_target(folder: Path | str) -> Path:
    """Returns where a bundle goes, as an absolute path.

    Raises:
        ExportError: Something that is no bundle is there already, or the place cannot be written.
    """
    target = Path(folder).expanduser().absolute()
    if target.exists() and not (target.is_dir() and (not any(target.iterdir()) or (target / MODEL_FILE).is_file())):
        raise ExportError(
            Text("{path} exists and is not a bundle.", path=str(target)), Text("Choose a new folder; nothing was written."),
        )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(
            Text("{path} cannot be written: {reason}.", path=str(target.parent), reason=error.strerror or str(error)),
            Text("Choose another folder."),
        ) from error
    return target


@contextmanager
def temporary_beside(target: Path) -> Generator[Path]:
    """Gives a folder beside `target`, gone afterwards unless it was published."""
    temporary = target.with_name(f".{target.name}.partial-{secrets.token_hex(4)}")
    try:
        yield temporary
    except OSError as error:
        raise ExportError(
            Text("The bundle cannot be written: {reason}.", reason=error.strerror or str(error)),
            Text("Check the free space and the permissions of the folder."),
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def publish(temporary: Path, target: Path) -> None:
    """Moves a finished bundle to its place; files in an older bundle that are not a bundle's own are kept."""
    if not target.exists():
        os.replace(temporary, target)
        return
    for item in target.iterdir():
        if item.name not in _FILES and not item.name.endswith(TOKENIZER_FILE) and not (temporary / item.name).exists():
            shutil.copytree(item, temporary / item.name) if item.is_dir() else shutil.copy2(item, temporary / item.name)
    older = target.with_name(f".{target.name}.older-{secrets.token_hex(4)}")
    os.replace(target, older)
    try:
        os.replace(temporary, target)
    except OSError:
        os.replace(older, target)
        raise
    shutil.rmtree(older, ignore_errors=True)

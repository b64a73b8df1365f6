"""Everything a person decides, as one frozen value. An edit is a pure function `Project -> Project`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from workbench.data.edits import NO_EDITS, Edits
from workbench.graph.graph import Graph

_EMPTY: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a catalogue and its raw parameters (JSON values)."""

    name: str
    params: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)

    def with_params(self, **params: Any) -> Choice:
        """Returns this choice with some parameters changed."""
        return replace(self, params=MappingProxyType({**self.params, **params}))


@dataclass(frozen=True, slots=True)
class SplitChoice:
    """How rows are divided. Where the source brings its own splits, they stand, and a missing validation part comes out of train.

    Attributes:
        validation, test: Shares between 0 and 1.
        seed: The same seed, the same division.
        stratify: The field whose classes are divided evenly, or "" for the first target category.
        use_given: Whether splits that the source brings are kept.
        folds: Where at least 2: what is not test is divided into so many parts; one validates, the others train. 0 divides by shares.
        fold: The part that validates, counted from 0.
        share: Only this share of the training rows is trained on; what a smaller share holds, a larger one holds too.
        group: The field whose rows stay on one side (patients, speakers, scenes), or `folder` or `prefix`: the folder of a row whose id
            is a path, or how its file name begins (`patient12_03.png`: patient12).
        time: The field of dates or numbers by which the earliest rows train, later ones validate and the latest test, or `order`: as rows
            stand in the source. Folds roll then: each trains only on what came before the part that validates.
    """

    validation: float = 0.15
    test: float = 0.15
    seed: int = 7
    stratify: str = ""
    use_given: bool = True
    folds: int = 0
    fold: int = 0
    share: float = 1.0
    group: str = ""
    time: str = ""


@dataclass(frozen=True, slots=True)
class DataChoice:
    """Which data, and how it is prepared.

    Attributes:
        source: A path (relative to the project folder where it lies inside), `sample:NAME` for data in resources, or
            `generated:NAME`; "" for none yet.
        format: The catalogue name; "" to recognise it.
        params: Parameters of the format or generator.
        split: How rows are divided.
        preprocessing: By field name, raw parameters of that field kind's preprocessing (`{"image": {"height": 28, ...}}`,
            `{"text": {"tokenizer": "word", "vocabulary": 2000, "maximum_length": 64}}`).
        limit: Use only this many rows (0: all).
        augmentation: How training rows are varied, in order, by catalogue name; validation and test rows never are.
        balance: What is done about rare classes in training: `none`, `weights` (their errors count more) or `oversample`.
        bad_rows: What a row that cannot be read does to training: `skip` (it is counted) or `stop`, before the first step where it is known by then.
        made: The sets of made rows that are trained on with the others, by name; they lie in the folder `made` of the project.
    """

    source: str = ""
    format: str = ""
    params: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)
    split: SplitChoice = SplitChoice()
    preprocessing: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: _EMPTY)
    limit: int = 0
    augmentation: tuple[Choice, ...] = ()
    balance: str = "none"
    bad_rows: str = "skip"
    made: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectiveChoice:
    """One thing to learn.

    Attributes:
        name: The catalogue name (`classification`).
        output: The name of the output node.
        target: The name of the dataset field.
        weight: Its share in the total loss.
        params: Parameters of the objective (label smoothing).
    """

    name: str
    output: str
    target: str
    weight: float = 1.0
    params: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train.

    Attributes:
        optimizer: `adamw`, `sgd`.
        schedule: `one_cycle`, `cosine`, `constant`.
        epochs, batch_size, seed: As everywhere; 0 epochs keep the weights that a run starts from.
        patience: Early stopping: epochs without improvement of the watched metric; 0 is off.
        watch: The metric that says what "best" is (`accuracy/val`); "" takes the first objective's own.
        clip_norm: Gradient norm limit; 0 is off.
        device: `auto`, `cpu`, `cuda`, `cuda:N`, `mps`.
        threads: torch threads; 0 probes once and writes the answer into the run.
        checkpoint_seconds: At least this often within an epoch; every epoch end writes one anyway.
        start_from: Where the first weights come from: a run, a safetensors or npz file, a folder that holds one; "" makes new ones.
    """

    optimizer: Choice = Choice("adamw")
    schedule: Choice = Choice("one_cycle")
    epochs: int = 20
    batch_size: int = 64
    seed: int = 7
    patience: int = 0
    watch: str = ""
    clip_norm: float = 0.0
    device: str = "auto"
    threads: int = 0
    checkpoint_seconds: float = 30.0
    start_from: str = ""


@dataclass(frozen=True, slots=True)
class ExportChoice:
    """How a bundle is made."""

    opset: int = 20
    licence: str = ""
    author: str = ""


@dataclass(frozen=True, slots=True)
class Project:
    """The whole of what a person decided.

    Attributes:
        name: Shown in the window and on the model card.
        graph: The drawing. The `field` parameter of an input node names the dataset field that feeds it.
        data: Which data.
        objectives: What is learned; the total loss is their weighted sum.
        recipe: How to train.
        export: How to export.
        template: The starter it came from, or "".
        notes: Free text.
        edits: What was changed about rows of the data, by row id.
        extra: Sections and fields of the files that this version does not know, by section; kept.
    """

    name: str = ""
    graph: Graph = field(default_factory=Graph)
    data: DataChoice = DataChoice()
    objectives: tuple[ObjectiveChoice, ...] = ()
    recipe: Recipe = Recipe()
    export: ExportChoice = ExportChoice()
    template: str = ""
    notes: str = ""
    edits: Edits = NO_EDITS
    extra: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)

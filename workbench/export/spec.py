"""What a bundle says about itself, kept in the `metadata_props` of its model. No torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from workbench.errors import ExportError
from workbench.text import Text

SCHEMA_VERSION = 1
KEY = "workbench.bundle"
MODEL_FILE, TOKENIZER_FILE, CARD_FILE, VERIFICATION_FILE = "model.onnx", "tokenizer.json", "README.md", "verification.json"


@dataclass(frozen=True, slots=True)
class InputSpec:
    """One thing the model is given.

    Attributes:
        name: The input node.
        field: The field of the data it was trained on.
        kind: `image`, `text`, `number`, `category`, `series` or `audio`.
        tensors: Names of the ONNX inputs: one for images `(N, H, W, C)` uint8, numbers `(N,)` float32, categories `(N,)` int64, series `(N, T, F)`
            float32 (where rows differ in length also their lengths `(N,)` int64) and sounds `(N, T)` float32; `input_ids` and
            `attention_mask` `(N, T)` int64 for texts.
        channels, height, width: Of images: channels as given to the graph, and the size the model sees after its own resizing.
        maximum_length: Of texts: longer ones are cut, in tokens.
        vocabulary: Of texts: the number of token ids.
        tokenizer: Of texts: the tokenizer's file in the bundle.
        unit: Of numbers.
        labels: Of categories: the names, in the order of their numbers.
        length: Of series and sounds: steps or samples of a row, or the most where rows differ.
        features: Of series: numbers per step.
        rate: Of sounds: samples per second.
        decoder: Of texts: whether the model writes it: it begins with token 0 and may be left out.
        joint: Of texts: what stands between tokens when they are put together, or the mark of pieces (see `data.joining`).
        truncation: Of texts: where longer ones are cut: `right`, `left` or `middle`.
    """

    name: str
    field: str
    kind: str
    tensors: tuple[str, ...]
    channels: int = 0
    height: int = 0
    width: int = 0
    maximum_length: int = 0
    vocabulary: int = 0
    tokenizer: str = ""
    unit: str = ""
    labels: tuple[str, ...] = ()
    length: int = 0
    features: int = 0
    rate: int = 0
    decoder: bool = False
    joint: str = " "
    truncation: str = "right"

    @property
    def ragged(self) -> bool:
        """Whether it is a series or sound whose rows differ in length."""
        return self.kind in ("series", "audio") and len(self.tensors) > 1


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """One thing the model answers.

    Attributes:
        name: The output node.
        objective: `classification`, `regression`, ..., or "" where nothing was learned on it.
        target: The field it was trained to tell.
        labels: Class names, or the tokens of the vocabulary, in the order of the scores.
        unit: Of numbers.
        tensors: By role (`logits`, `probabilities`, `value`), the name of the ONNX output.
        class_axis: Along which axis the scores lie.
        joint: Of texts: what stands between tokens when they are put together.
    """

    name: str
    objective: str
    target: str = ""
    labels: tuple[str, ...] = ()
    unit: str = ""
    tensors: Mapping[str, str] = field(default_factory=dict)
    class_axis: int = -1
    joint: str = " "


@dataclass(frozen=True, slots=True)
class BundleSpec:
    """Everything needed to use a bundle.

    Attributes:
        name: The project's.
        task: The objectives, joined by a comma.
        inputs, outputs: In the order of the graph.
        licence: Of the data, or as the person chose.
        author: As the person wrote.
        run: The name of the run's folder.
        opset: ONNX operator set.
        versions: Of the programs it was made with.
        metrics: Of the run, by tag.
        parameters: Trainable numbers.
    """

    name: str
    task: str
    inputs: tuple[InputSpec, ...]
    outputs: tuple[OutputSpec, ...]
    licence: str = ""
    author: str = ""
    run: str = ""
    opset: int = 20
    versions: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    parameters: int = 0

    def metadata(self) -> dict[str, str]:
        """Returns it as text by key: all of it as JSON under one key, and what other programs look for under keys of their own."""
        first = self.outputs[0] if self.outputs else OutputSpec("", "")
        plain = {
            "name": self.name, "task": self.task, "licence": self.licence, "author": self.author,
            "labels": json.dumps(list(first.labels), ensure_ascii=False), "unit": first.unit,
        }
        whole = {"schema_version": SCHEMA_VERSION, **asdict(self)}
        return {KEY: json.dumps(whole, ensure_ascii=False, sort_keys=True), **{key: value for key, value in plain.items() if value}}


def spec_from(metadata: Mapping[str, str]) -> BundleSpec:
    """Returns what `BundleSpec.metadata` wrote.

    Raises:
        ExportError: It is not there, damaged, or of a newer version.
    """
    try:
        raw = json.loads(metadata[KEY])
        version = int(raw.pop("schema_version"))
        if version > SCHEMA_VERSION:
            raise ExportError(
                Text("This bundle was made by a newer version (schema {version}).", version=version), Text("Update Model Workbench."),
            )
        inputs = tuple(InputSpec(**_with_tuples(item, "tensors", "labels")) for item in raw.pop("inputs"))
        outputs = tuple(OutputSpec(**_with_tuples(item, "labels")) for item in raw.pop("outputs"))
        return BundleSpec(inputs=inputs, outputs=outputs, **raw)
    except (KeyError, TypeError, ValueError) as error:
        raise ExportError(
            Text("The model in this bundle does not say what it is."),
            Text("It was not exported by Model Workbench, or it is damaged; export the run again."),
        ) from error


def _with_tuples(item: dict[str, Any], *names: str) -> dict[str, Any]:
    return {**item, **{name: tuple(item[name]) for name in names if name in item}}

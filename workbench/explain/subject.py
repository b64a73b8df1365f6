"""What is explained: one row, or one value that a person drew or typed, and the output number in question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.data.base import FieldKind, Split
from workbench.explain.capture import capture, model_hash, values_hash
from workbench.explain.method import is_text
from workbench.models.given import given as given_of
from workbench.models.given import late
from workbench.text import Text

if TYPE_CHECKING:
    from torch import Tensor, nn

PROBE_ROWS = 64
BEGIN, END, BLANK = "[BEGIN]", "[END]", "[BLANK]"
"""What token 0 is called where a text begins, where it ends, and between the tokens of one that is heard."""


@dataclass(frozen=True)
class Subject:
    """One row, ready for the model.

    Attributes:
        model: Never run itself: methods run a copy.
        values: Model-ready tensors of one row by input name, `(1, C, H, W)` or `(1, T)`.
        lengths: Valid lengths `(1,)` int64 by input name, for inputs whose rows differ in length.
        input: The name of the input that is explained.
        kind: What that input is.
        output: The name of the output that is explained.
        target: The index of the number in that output (the class).
        labels: Names of the numbers of that output, or ().
        tokens: The tokens of a text input, one per valid position.
        blank: Model-ready tensors of the same input that say nothing, `(1, C, H, W)`: black and white for images; () for texts.
        fills: Token ids that stand for a removed token: PAD and UNK.
        prepared: Where other rows come from (dead channels, probes), or None.
        row: The dataset row, or -1 for a value given by a person.
    """

    model: Any
    values: Mapping[str, Tensor]
    lengths: Mapping[str, Tensor] = field(default_factory=dict)
    input: str = ""
    kind: FieldKind = FieldKind.IMAGE
    output: str = "output"
    target: int = 0
    labels: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    blank: tuple[Tensor, ...] = ()
    fills: tuple[int, ...] = (0, 1)
    prepared: Any = None
    row: int = -1

    @property
    def target_name(self) -> str:
        """What the explained number is called."""
        return self.labels[self.target] if self.target < len(self.labels) else f"{self.output}[{self.target}]"

    @cached_property
    def model_hash(self) -> str:
        """A short hash of the weights."""
        return model_hash(self.model)

    @cached_property
    def input_hash(self) -> str:
        """A short hash of the row."""
        return values_hash(self.values[name] for name in sorted(self.values))

    @cached_property
    def logits(self) -> np.ndarray:
        """The numbers of the explained output, float32 `(K,)`."""
        import torch

        with capture(self.model) as captured, torch.no_grad():
            output = captured.model.call(dict(self.values), dict(self.lengths))[self.output]
        return numbers_of(output)[0].float().cpu().numpy()

    @property
    def probabilities(self) -> np.ndarray:
        """The softmax of the logits, float64 `(K,)`; meant for classification."""
        shifted = np.exp(self.logits.astype(np.float64) - self.logits.max())
        return shifted / shifted.sum()

    @cached_property
    def image(self) -> np.ndarray:
        """The explained image as the model sees it, uint8 `(H, W, C)`; preprocessing is undone, size and colours stay."""
        black, white = (blank.float() for blank in self.blank) if self.blank else _grey_range(self.values[self.input])
        span = (white - black).clamp(min=1e-12)
        shown = ((self.values[self.input].float() - black) / span).clamp(0, 1)[0].permute(1, 2, 0)
        return (shown * 255).round().byte().cpu().numpy()

    def probe_values(self, rows: int = PROBE_ROWS) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Returns values and lengths of validation rows by input name; without prepared data, of this row alone."""
        if self.prepared is None:
            return dict(self.values), dict(self.lengths)
        splits = self.prepared.splits
        chosen = splits.get(Split.VALIDATION)
        if chosen is None or not len(chosen):
            chosen = splits[Split.TRAIN]
        return batch_of(self.model, self.prepared, np.asarray(chosen)[:rows])


def numbers_of(output: Tensor) -> Tensor:
    """Returns the numbers of an output that can be explained, `(N, K)`: of an image one per channel, its mean; of a sequence those of the last place.

    A painted mask is so asked for a class as a whole, a text for the token that comes next.
    """
    if output.ndim == 4:
        return output.mean((2, 3))
    return output[:, -1] if output.ndim == 3 else output.reshape(len(output), -1)


def subject_of(
    model: nn.Module, prepared: Any, row: int, *, target: int | None = None, input: str = "", output: str = "",
    labels: Sequence[str] = (),
) -> Subject:
    """Returns one dataset row as a subject.

    Args:
        model: A model built from a drawing (with `plan` and `call`).
        prepared: The run's prepared data.
        row: Dataset row index.
        target: The class in question; None takes the predicted one.
        input: The input to explain; "" takes the first image or text.
        output: The output to explain; "" takes the first.
        labels: Names of the classes; left out, they are found in the data.
    """
    values, lengths = batch_of(model, prepared, np.asarray([row]))
    raw = {spec.name: prepared.dataset.column(spec.field, np.asarray([row]))[0] for spec in _specs(model)}
    return _subject(model, prepared, values, lengths, raw, int(row), target, input, output, labels)


def subject_from_raw(
    model: nn.Module, prepared: Any, raw: Any, *, target: int | None = None, input: str = "", output: str = "",
    labels: Sequence[str] = (), row: int = -1,
) -> Subject:
    """Returns a value given by a person (drawn image uint8 `(H, W, C)`, typed text) as a subject.

    Args:
        model: A model built from a drawing.
        prepared: The run's prepared data, whose fitted preprocessing is used.
        raw: The value, or values by input name where the model has several inputs.
        target, input, output, labels: As for `subject_of`.
        row: Where the model has several inputs and only some are given, the row that lends the others.
    """
    given = dict(raw) if isinstance(raw, Mapping) else {input or explained_input(model).name: raw}
    values: dict[str, Tensor] = {}
    lengths: dict[str, Tensor] = {}
    if any(spec.name not in given for spec in _specs(model)):
        values, lengths = batch_of(model, prepared, np.asarray([max(row, 0)]))
    for spec in _specs(model):
        if spec.name in given:
            encoded = encode(prepared, spec, given[spec.name])
            encoded = late(encoded) if spec.decoder else encoded
            values[spec.name] = encoded
            if is_text(spec.shape):
                lengths[spec.name] = encoded.new_tensor([encoded.shape[1]])
    return _subject(model, prepared, values, lengths, given, -1, target, input, output, labels)


def explained_input(model: Any) -> Any:
    """Returns the specification of the input that is explained unless one is named: the first image or text."""
    return next((spec for spec in _specs(model) if spec.shape.rank == 4 or is_text(spec.shape)), _specs(model)[0])


def batch_of(model: Any, prepared: Any, rows: np.ndarray) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Returns rows by input name as the model takes them: values and lengths."""
    import torch

    device = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
    batch = prepared.batch(torch.as_tensor(np.asarray(rows), dtype=torch.int64))
    values, lengths = given_of(_specs(model), batch)
    return {name: value.to(device) for name, value in values.items()}, {name: length.to(device) for name, length in lengths.items()}


def encode(prepared: Any, spec: Any, raw: Any) -> Tensor:
    """Returns one raw value as a model-ready batch of one: float32 `(1, C, H, W)` or int64 `(1, T)`."""
    encoded = prepared.preprocessors[spec.field].encode_one(raw)
    return encoded[None] if encoded.ndim == spec.shape.rank - 1 else encoded


def _specs(model: Any) -> list[Any]:
    return list(model.plan.inputs)


def _subject(
    model: Any, prepared: Any, values: dict[str, Tensor], lengths: dict[str, Tensor], raw: Mapping[str, Any], row: int,
    target: int | None, input_name: str, output: str, labels: Sequence[str],
) -> Subject:
    spec = next((item for item in _specs(model) if item.name == input_name), None) or explained_input(model)
    text = is_text(spec.shape)
    subject = Subject(
        model, values, lengths, spec.name, _kind(prepared, spec), output or model.plan.outputs[0].name,
        tokens=_tokens(prepared, spec, raw.get(spec.name, ""), values[spec.name], lengths.get(spec.name)) if text else (),
        blank=_blanks(prepared, spec, values[spec.name]) if spec.shape.rank == 4 else (), prepared=prepared, row=row,
    )
    chosen = int(subject.logits.argmax()) if target is None else target
    return replace(subject, target=chosen, labels=tuple(labels) or labels_of(prepared, len(subject.logits), writes=_writes(model)))


def _kind(prepared: Any, spec: Any) -> FieldKind:
    """Returns what an input is: what its field holds, or as its shape says."""
    preprocessor = getattr(prepared, "preprocessors", {}).get(spec.field)
    if preprocessor is not None:
        return preprocessor.kind
    return FieldKind.TEXT if is_text(spec.shape) else FieldKind.IMAGE


def _writes(model: Any) -> bool:
    """Whether a model writes a text token by token; else a text is heard in all steps at once."""
    return any(spec.decoder for spec in _specs(model))


def labels_of(prepared: Any, width: int, *, writes: bool = True) -> tuple[str, ...]:
    """Returns the class names of the first target with `width` classes, the tokens of a text that is written, or ().

    Args:
        prepared: The data.
        width: The number of classes or tokens.
        writes: Whether token 0 ends a text; else it is the silence between two tokens (the blank of CTC).
    """
    targets = getattr(prepared, "targets", ())
    for item in prepared.dataset.fields:
        preprocessor = prepared.preprocessors.get(item.name) if item.kind == FieldKind.TEXT and item.name in targets else None
        if preprocessor is not None and preprocessor.vocabulary == width:
            return (END if writes else BLANK, *preprocessor.words(range(1, width)))
        if item.kind in (FieldKind.CATEGORY, FieldKind.MASK) and len(item.categories) == width and (not targets or item.name in targets):
            return item.categories
    return ()


def _blanks(prepared: Any, spec: Any, values: Tensor) -> tuple[Tensor, ...]:
    """Returns what black and white images of the model's own size become in preprocessing, `(1, C, H, W)` each."""
    _, channels, height, width = values.shape
    images = (np.full((height, width, channels), level, np.uint8) for level in (0, 255))
    return tuple(encode(prepared, spec, image).to(values) for image in images)


def _grey_range(values: Tensor) -> tuple[Tensor, Tensor]:
    return values.amin().reshape(1, 1, 1, 1), values.amax().reshape(1, 1, 1, 1)


def _tokens(prepared: Any, spec: Any, raw: Any, ids: Tensor, lengths: Tensor | None) -> tuple[str, ...]:
    """Returns the pieces of the text behind the ids, as the person wrote them; of a row without its text, as the vocabulary writes them."""
    count = int(lengths[0]) if lengths is not None else ids.shape[1]
    preprocessor = prepared.preprocessors[spec.field]
    if isinstance(raw, str) and raw:
        pieces = tuple(raw[token.start:token.end] or token.text for token in preprocessor.tokens(raw))
        pieces = (BEGIN, *pieces) if spec.decoder else pieces
        if len(pieces) == count:
            return pieces
    return words_of(preprocessor, spec, ids[0, :count].tolist())


def words_of(preprocessor: Any, spec: Any, ids: Sequence[int]) -> tuple[str, ...]:
    """Returns what the tokens of an input are called; a text that the model writes begins with token 0."""
    words = tuple(preprocessor.words(ids))
    return (BEGIN, *words[1:]) if spec.decoder and ids and ids[0] == 0 else words


def baseline_name(subject: Subject) -> Text:
    """Returns what a picture says it compared the input with."""
    names = {
        FieldKind.IMAGE: Text("black image"), FieldKind.TEXT: Text("PAD tokens"), FieldKind.AUDIO: Text("silence"),
        FieldKind.SERIES: Text("the mean of the training rows"),
    }
    return names.get(subject.kind, Text("the mean of each column"))

"""What the model made of a row where that is no class: a painted mask, an image painted again, a number, a text. No widget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Union

import numpy as np

from workbench.data.base import FieldKind


@dataclass(frozen=True, slots=True)
class Painted:
    """A class for every pixel.

    Attributes:
        image: What was given, uint8 `(H, W, C)`.
        mask: The class of every pixel, int64 `(H, W)`.
        truth: The right ones, or None.
        classes: Their names.
    """

    image: np.ndarray
    mask: np.ndarray
    truth: np.ndarray | None
    classes: tuple[str, ...]

    @property
    def shares(self) -> np.ndarray:
        """The share of every class in the picture, float64 `(K,)`."""
        return np.bincount(self.mask.ravel(), minlength=len(self.classes))[: len(self.classes)] / max(self.mask.size, 1)

    @property
    def right(self) -> float | None:
        """The share of pixels that are right, or None where that is not known."""
        return None if self.truth is None else float((self.mask == self.truth).mean())


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """An image painted again.

    Attributes:
        image: What was given, uint8 `(H, W, C)`.
        again: What was painted, uint8 `(H, W, C)`.
    """

    image: np.ndarray
    again: np.ndarray

    @property
    def difference(self) -> np.ndarray:
        """Painted minus given, between -1 and 1, the mean over the channels, float64 `(H, W)`."""
        return (self.again.astype(np.float64) - self.image).mean(-1) / 255


@dataclass(frozen=True, slots=True)
class Told:
    """A number.

    Attributes:
        value: What the model says, in the unit of the field.
        truth: The right one, or None.
        unit: The unit, or "".
        field: What is told.
    """

    value: float
    truth: float | None
    unit: str
    field: str


@dataclass(frozen=True, slots=True)
class Spelt:
    """A text.

    Attributes:
        text: What the model says.
        truth: What was asked for, or "".
        tokens: Its tokens.
    """

    text: str
    truth: str
    tokens: tuple[str, ...]


Outcome = Union[Painted, Rebuilt, Told, Spelt]


def outcome_of(subject: Any, row: int = -1) -> Outcome | None:
    """Returns what the model made of a row; None where it is a class, or where the model gives several things.

    Args:
        subject: The row (`explain.subject.Subject`).
        row: The dataset row whose right answer is known, or -1.
    """
    prepared, plan = subject.prepared, subject.model.plan
    if prepared is None or len(prepared.targets) != 1 or len(plan.outputs) != 1:
        return None
    field = prepared.targets[0]
    preprocessor = prepared.preprocessors[field]
    if preprocessor.kind == FieldKind.TEXT:
        return _spelt(subject, field, preprocessor, row)
    if preprocessor.kind not in (FieldKind.MASK, FieldKind.IMAGE, FieldKind.NUMBER):
        return None
    output = _output(subject)
    truth = prepared.batch([row]).values[field] if row >= 0 else None
    if preprocessor.kind == FieldKind.MASK and output.ndim == 4:
        right = None if truth is None else truth[0].cpu().numpy()
        return Painted(subject.image, output[0].argmax(0).cpu().numpy(), right, tuple(subject.labels))
    if preprocessor.kind == FieldKind.IMAGE and output.shape == subject.values[subject.input].shape:
        return Rebuilt(subject.image, _pixels(subject, output))
    if preprocessor.kind == FieldKind.NUMBER and output.numel() == 1:
        right = None if truth is None else float(preprocessor.decode(truth.reshape(-1))[0])
        return Told(float(preprocessor.decode(output.reshape(-1))[0]), right, preprocessor.unit, field)
    return None


def _output(subject: Any) -> Any:
    import torch

    from workbench.explain.capture import capture

    with capture(subject.model) as captured, torch.no_grad():
        return captured.model.call(dict(subject.values), dict(subject.lengths))[subject.output]


def _pixels(subject: Any, output: Any) -> np.ndarray:
    """Returns standardised values of the form of the explained image as uint8 `(H, W, C)`."""
    black, white = (blank.float() for blank in subject.blank)
    shown = ((output - black) / (white - black).clamp(min=1e-12)).clamp(0, 1)[0].permute(1, 2, 0)
    return (shown * 255).round().byte().cpu().numpy()


def _spelt(subject: Any, field: str, preprocessor: Any, row: int) -> Spelt | None:
    """Returns what a model writes of a row from its beginning, or hears in it; None for one that goes on writing."""
    from workbench.data.joining import put_together
    from workbench.objectives.ctc import heard

    writer = next((spec for spec in subject.model.plan.inputs if spec.decoder), None)
    if writer is not None and len(subject.model.plan.inputs) == 1:
        return None
    ids = heard(_output(subject))[0] if writer is None else [token.id for token in _written(subject, writer, preprocessor)]
    tokens = tuple(preprocessor.words(ids))
    truth = str(subject.prepared.raw(row)[field]) if row >= 0 else ""
    return Spelt(put_together(tokens, preprocessor.joint), truth, tokens)


def _written(subject: Any, writer: Any, preprocessor: Any) -> Any:
    from workbench.explain.continuation import go_on

    return go_on(subject, writer.name, (), most=preprocessor.maximum_length)

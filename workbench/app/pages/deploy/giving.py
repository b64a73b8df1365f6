"""What a person gives to a bundle, and what it gives back, in words and pictures. No widget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.app.language import tr
from workbench.app.pages.data.curve_picture import drawn
from workbench.app.pages.inspect.outcome_card import washed

if TYPE_CHECKING:
    from workbench.export.predict import Bundle
    from workbench.export.spec import InputSpec


def asked_inputs(bundle: Bundle | None) -> list[InputSpec]:
    """Returns what a person gives to a bundle: not the text that it writes itself, unless that is all it reads."""
    inputs = list(bundle.spec.inputs) if bundle is not None else []
    return [spec for spec in inputs if not spec.decoder] or inputs


def invitation(*, image: bool, text: bool, sound: bool, rows: bool) -> str:
    """Returns what can be done in the panel, in a sentence."""
    if image:
        return tr("Draw, or drop or paste an image here.")
    if text:
        return tr("Type, and see what the bundle says.")
    if sound:
        return tr("Choose a row of the data, or drop a sound here.")
    return tr("Choose a row of the data, and see what the bundle says.") if rows else tr("Open the project's data to give its rows to the bundle.")


def answer_words(answer: dict[str, Any]) -> str:
    """Returns what a bundle said where that is a number or a text."""
    if "text" in answer:
        return tr("It writes: {text}", text=answer["text"] or tr("nothing"))
    if "value" not in answer:
        return ""
    value = answer["value"]
    return f"{value:.6g} {answer.get('unit', '')}".strip() if isinstance(value, float) else str(value)


def painted(bundle: Bundle, raw: Any, answer: dict[str, Any]) -> np.ndarray | None:
    """Returns what a bundle painted as uint8 `(H, W, C)`: its mask over the picture, or the image, brought to full contrast."""
    if "mask" in answer:
        spec = asked_inputs(bundle)[0]
        ground = image_of(bundle, raw)
        mask = np.asarray(answer["mask"])
        if ground is None or ground.shape[:2] != mask.shape:
            ground = np.full((*mask.shape, max(spec.channels, 1)), 128, np.uint8)
        return washed(ground, mask, len(answer["scores"]))
    if "image" in answer:
        values = np.moveaxis(np.asarray(answer["image"], np.float64), 0, -1)
        low, high = float(values.min()), float(values.max())
        return ((values - low) / max(high - low, 1e-12) * 255).round().astype(np.uint8)
    return None


def image_of(bundle: Bundle, raw: Any) -> np.ndarray | None:
    """Returns the image in what was given, uint8 `(H, W, C)`, or None."""
    from workbench.export.given import image_array

    spec = next((item for item in asked_inputs(bundle) if item.kind == "image"), None)
    value = raw.get(spec.field) if isinstance(raw, dict) and spec is not None else raw
    return image_array(value, spec.channels) if spec is not None and value is not None else None


def shown_value(spec: InputSpec, value: Any) -> np.ndarray | None:
    """Returns a value of the data as a picture, uint8 `(H, W, C)`; None for words and numbers."""
    if spec.kind == "image":
        image = np.asarray(value)
        return image[..., None] if image.ndim == 2 else image
    return drawn(np.asarray(value)) if spec.kind in ("series", "audio") else None


def worded(spec: InputSpec, value: Any) -> str:
    """Returns a text, a category or a number of the data in words."""
    if spec.kind == "text":
        return str(value)
    if spec.kind == "category" and not isinstance(value, str) and 0 <= int(value) < len(spec.labels):
        return spec.labels[int(value)]
    return f"{float(value):.4g} {spec.unit}".strip() if not isinstance(value, str) else value

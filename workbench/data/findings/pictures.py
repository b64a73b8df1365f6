"""Images in trouble: of one colour, blurred, of odd sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.data.base import DataProblem, Field, FieldKind
from workbench.data.findings.base import Finder, Look, called
from workbench.text import Text

_FLAT = 1.0
"""Grey levels that the pixels of an image of one colour differ by, standard deviation."""

_SHARP_SIDE, _BLURRED = 48, 6.0
_FEW = 0.2
_MANY = 50
_SMALL, _LONG = 16, 4.0


class Pictures(Finder):
    """Images that show nothing: of one colour, or much more blurred than the others (variance of the Laplacian, Pech-Pacheco et al. 2000)."""

    name = "blank"
    label = "Empty and blurred images"
    summary = "Images of a single colour, and images far more blurred than the others."
    aliases = ("blank", "blurry", "low information", "out of focus", "空白图像", "模糊")
    thorough = True

    def find(self, look: Look) -> list[DataProblem]:
        return [problem for field in look.fields(FieldKind.IMAGE) for problem in self._of(look, field)]

    def _of(self, look: Look, field: Field) -> list[DataProblem]:
        rows, spread, sharp = look.kept("pictures", [field], lambda: _looked_at(look, field.name))
        blank = spread <= _FLAT
        blurred = ~blank & _far_below(np.where(blank, np.nan, sharp))
        found: list[DataProblem] = []
        if 0 < blank.sum() <= _FEW * len(rows):
            found.append(DataProblem(
                self.name, Text("{count} images in {field} are of a single colour.", count=int(blank.sum()), field=called(field)),
                look.names(rows[blank]), Text("There is nothing in them to see; often a file was cut off or a camera covered."),
            ))
        if blurred.any():
            found.append(DataProblem(
                "blurred", Text("{count} images in {field} are far more blurred than the others.", count=int(blurred.sum()), field=called(field)),
                look.names(rows[blurred]), Text("Look at them: what people cannot tell, a model learns by heart."),
            ))
        return found


def _looked_at(look: Look, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns rows, how far the pixels of their images differ, and the logarithm of their sharpness."""
    parts = [(rows, *_seen(images)) for rows, images in look.parts(name)]
    if not parts:
        return np.zeros(0, np.int64), np.zeros(0), np.zeros(0)
    rows, spread, sharp = (np.concatenate(column) for column in zip(*parts, strict=True))
    return rows, spread, sharp


def _seen(images: Any) -> tuple[np.ndarray, np.ndarray]:
    """Returns how far the pixels of each image differ, and the logarithm of its sharpness (NaN for small ones)."""
    if isinstance(images, np.ndarray) and min(images.shape[1:3]) < _SHARP_SIDE:
        flat = images.reshape(len(images), -1)
        varied = flat.min(1) != flat.max(1)
        spread = np.zeros(len(images))
        spread[varied] = flat[varied].std(1, dtype=np.float32)
        return spread, np.full(len(images), np.nan)
    pairs = [(float(image.std(dtype=np.float32)), _sharpness(image)) for image in images]
    return np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])


def _sharpness(image: np.ndarray) -> float:
    """Returns the logarithm of the variance of the Laplacian of an image `(H, W, C)`, by its own contrast; NaN for a small one."""
    if min(image.shape[:2]) < _SHARP_SIDE:
        return float("nan")
    step = max(1, max(image.shape[:2]) // 512)
    grey = image[::step, ::step].mean(2, dtype=np.float32)
    laplacian = grey[1:-1, :-2] + grey[1:-1, 2:] + grey[:-2, 1:-1] + grey[2:, 1:-1] - 4 * grey[1:-1, 1:-1]
    return float(np.log(laplacian.var() / max(float(grey.var()), 1e-6) + 1e-9))


def _far_below(values: np.ndarray) -> np.ndarray:
    """Returns which values lie more than six robust deviations below the median; of few values none."""
    known = values[np.isfinite(values)]
    if len(known) < _MANY:
        return np.zeros(len(values), bool)
    middle, low = np.percentile(known, [50, 10])
    spread = max(1.4826 * float(np.median(np.abs(known - middle))), float(middle - low) / 1.2816, 0.1)
    with np.errstate(invalid="ignore"):
        return values < middle - _BLURRED * spread


class Sizes(Finder):
    """Images much smaller, or of another form, than the others."""

    name = "odd-size"
    label = "Odd sizes of images"
    summary = "Images far smaller than the others, or much longer in one direction."
    aliases = ("aspect ratio", "tiny image", "尺寸异常", "长宽比")

    def find(self, look: Look) -> list[DataProblem]:
        return [problem for field in look.fields(FieldKind.IMAGE) if not field.height for problem in self._of(look, field)]

    def _of(self, look: Look, field: Field) -> list[DataProblem]:
        sizes = look.dataset.image_sizes(field.name)
        forms = np.asarray(sizes if sizes is not None else _sizes(look.column(field.name)), np.float64)[look.usable]
        if len(forms) < _MANY:
            return []
        area, form = forms[:, 0] * forms[:, 1], np.log(forms[:, 1] / forms[:, 0])
        small = area * _SMALL < np.median(area)
        odd = small | (np.abs(form - np.median(form)) > np.log(_LONG))
        if not 0 < odd.sum() <= _FEW * len(odd):
            return []
        height, width = np.median(forms, axis=0)
        return [DataProblem(
            self.name,
            Text("{count} images in {field} are far smaller or far longer than the usual {width} × {height} pixels.",
                 count=int(odd.sum()), field=called(field), width=round(width), height=round(height)),
            look.names(look.usable[odd]), Text("All images are brought to one size: what these show is blown up or squeezed."),
        )]


def _sizes(images: Sequence[np.ndarray]) -> list[tuple[int, ...]]:
    return [image.shape[:2] for image in images]


__all__ = ["Pictures", "Sizes"]

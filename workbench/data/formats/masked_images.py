"""Images in one folder, masks of the same names in another: every pixel of a mask is the class of that pixel."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from workbench.catalogue import Params, param
from workbench.data.base import DataProblem, Dataset, Field, FieldKind, Format, UnreadableRowsError
from workbench.data.decode import FORMATS as READ
from workbench.data.decode import MAX_FILE_BYTES, MAX_PIXELS, SUFFIXES
from workbench.data.image_files import ImageFilesDataset, Looked, look
from workbench.data.tables.types import SPLIT_NAMES
from workbench.errors import DataError, Text

IMAGES = frozenset({"images", "image", "imgs", "img", "jpegimages", "input", "inputs", "photos", "photo", "x", "leftimg8bit", "图像", "图片"})
MASKS = frozenset({
    "masks", "mask", "labels", "label", "annotations", "annotation", "segmentation", "segmentations", "segmentationclass", "gt", "gtfine", "trimaps",
    "ground_truth", "groundtruth", "targets", "target", "y", "掩码", "标注",
})
_ENDING = re.compile(r"(?i)[_-](mask|masks|label|labels|gt|seg|labelids|l)$")
_MOST_CLASSES, _LOOKED_AT, _PEEK = 64, 400, 40


class MaskedImagesParams(Params):
    """Masks name no classes; these can be given."""

    classes: tuple[str, ...] = param(
        (), label="Classes", main=False, help="Names of the classes in the order of the values in the masks; empty takes the values themselves.",
    )


class MaskedImages(Format):
    """Two folders, `images` and `masks`."""

    name = "masked_images"
    label = "Images with masks"
    category = "file"
    summary = "A folder of images and a folder of masks with the same names; the value or colour of a pixel of a mask is its class."
    aliases = ("segmentation", "masks", "semantic segmentation", "VOC", "trimap", "分割", "掩码")
    priority = 18
    Params = MaskedImagesParams

    def recognises(self, path: Path) -> bool:
        return path.is_dir() and any(_matches(folder) for folder in _places(path))

    def open(self, source: str, params: Any) -> Dataset:
        root = Path(source)
        looked = look(root)
        damaged = [name for problem in looked.problems if problem.kind == "unreadable" for name in problem.rows]
        rows, masks, alone = _paired(looked.names, damaged)
        if not rows:
            raise DataError(
                Text("No image in {path} has a mask.", path=source),
                Text("Put images into a folder images and masks of the same names into a folder masks beside it."),
            )
        values, bad = _values([root / name for name in masks])
        kept = [place for place in range(len(rows)) if place not in bad]
        if not kept:
            raise DataError(Text("None of the masks in {path} can be read.", path=source), next(iter(bad.values())))
        here = looked.chosen([rows[place] for place in kept])
        problems = [*_alone(alone), *(DataProblem("unreadable", why, (masks[place],), Text("It is left out.")) for place, why in bad.items())]
        return _dataset(self.name, source, here, [masks[place] for place in kept], values, params.classes, problems)


def _dataset(
    name: str, source: str, looked: Looked, masks: list[str], values: np.ndarray, classes: tuple[str, ...], problems: list[DataProblem],
) -> Dataset:
    image = looked.field()
    if not image.height:
        raise DataError(
            Text("The images with masks in {path} differ in size.", path=source), Text("Bring all images and masks to one size first."),
        )
    names = classes if len(classes) >= len(values) else _titles(values)
    mask = Field("mask", FieldKind.MASK, Text("Mask"), height=image.height, width=image.width, categories=names)
    firsts = [next((part.lower() for part in path.split("/") if part.lower() in SPLIT_NAMES), "") for path in looked.names]
    splits = np.array([str(SPLIT_NAMES[first]) for first in firsts], dtype="U10") if all(firsts) else None
    return MaskedImagesDataset(
        looked, masks, values, format=name, source=source, fields=(image, mask), columns={}, problems=problems, splits=splits,
    )


class MaskedImagesDataset(ImageFilesDataset):
    """Images by file with a mask each, read when asked for.

    Args:
        looked: The images, one per row.
        masks: The mask of every row, relative to the folder.
        values: What the pixels of masks say, sorted; the place is the class.
        **rest: As for `MemoryDataset`.
    """

    def __init__(self, looked: Looked, masks: Sequence[str], values: np.ndarray, **rest: Any) -> None:
        super().__init__(looked, **rest)
        self._masks, self._values = [looked.root / name for name in masks], values
        self._form = (self.field("mask").height, self.field("mask").width)

    def column(self, name: str, rows: np.ndarray | None = None) -> Any:
        if name != "mask":
            return super().column(name, rows)
        wanted = range(len(self)) if rows is None else [int(row) for row in rows]
        found, bad = np.zeros((len(wanted), *self._form), np.uint8), dict[int, str]()
        for place, row in enumerate(wanted):
            try:
                found[place] = self._mask(self._masks[row])
            except DataError as error:
                bad[row] = error.message
        if bad:
            raise UnreadableRowsError(bad)
        return found

    def _mask(self, path: Path) -> np.ndarray:
        raw = read_mask(path)
        if raw.shape != self._form:
            raise _refused(path, Text("it is not as large as its image"))
        if len(self._values) == 2 and raw.max(initial=0) < 256 and not np.isin(raw, self._values).all():
            return (raw > 127).astype(np.uint8)
        places = np.minimum(np.searchsorted(self._values, raw), len(self._values) - 1)
        if not np.array_equal(self._values[places], raw):
            raise _refused(path, Text("it holds values that the other masks do not have"))
        return places.astype(np.uint8)


def read_mask(path: Path) -> np.ndarray:
    """Returns what a mask says at every pixel, int64 `(H, W)`: its value, the number in its palette, or its colour as `0xrrggbb`.

    Raises:
        DataError: It cannot be read, or has too many pixels.
    """
    from PIL import Image

    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise _refused(path, Text("the file is larger than 256 MiB"))
        with Image.open(path, formats=READ) as image:
            if image.width * image.height > MAX_PIXELS:
                raise _refused(path, Text("it has {width} x {height} pixels", width=image.width, height=image.height))
            if image.mode in ("1", "P", "L", "I", "I;16", "I;16B"):
                return np.asarray(image).astype(np.int64)
            if image.mode == "LA":
                return np.asarray(image)[..., 0].astype(np.int64)
            colours = np.asarray(image.convert("RGB")).astype(np.int64)
    except DataError:
        raise
    except Exception as error:  # decoders raise whatever they meet in damaged bytes
        raise _refused(path, Text("it is damaged ({reason})", reason=str(error)[:120] or type(error).__name__)) from error
    return (colours[..., 0] << 16) | (colours[..., 1] << 8) | colours[..., 2]


def _values(paths: Sequence[Path]) -> tuple[np.ndarray, dict[int, str]]:
    """Returns the different values of the masks, sorted, and which masks cannot be read; of many masks, spread ones are looked at."""
    places = np.unique(np.linspace(0, len(paths) - 1, min(len(paths), max(_LOOKED_AT, 4000 if len(paths) <= 4000 else 0))).astype(int)).tolist()
    bad: dict[int, str] = {}
    found: set[int] = set()
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        for place, seen in zip(places, pool.map(_seen, [paths[place] for place in places]), strict=True):
            if isinstance(seen, str):
                bad[place] = seen
            else:
                found.update(seen)
    blurred = any(path.suffix.lower() in (".jpg", ".jpeg") for path in paths)
    if found and max(found) < 256 and len(found) > (2 if blurred else _MOST_CLASSES):  # shades of grey: what is bright is the thing
        found = {0, 255}
    if len(found) > 256:
        hint = Text("A mask gives the number or the colour of a class to every pixel.")
        raise DataError(Text("The masks hold {count} different values.", count=len(found)), hint)
    return np.array(sorted(found) if len(found) > 1 else sorted({0, *found, 1})[:2], np.int64), bad


def _seen(path: Path) -> list[int] | str:
    try:
        return np.unique(read_mask(path)).tolist()
    except DataError as error:
        return error.message


def _titles(values: np.ndarray) -> tuple[str, ...]:
    return tuple(str(value) if int(values.max()) < 65536 else f"#{value:06x}" for value in values.tolist())


def _places(root: Path) -> list[Path]:
    """Returns the folder and the split folders in it."""
    try:
        return [root, *(path for path in sorted(root.iterdir())[:200] if path.is_dir() and path.name.lower() in SPLIT_NAMES)]
    except OSError:
        return []


def _matches(folder: Path) -> bool:
    """Whether a folder has a folder of images and one of masks, and the first images have a mask."""
    try:
        inside = {path.name.lower(): path for path in islice(folder.iterdir(), 100) if path.is_dir()}
        images, masks = (next((inside[name] for name in inside if name in names), None) for names in (IMAGES, MASKS))
        if images is None or masks is None:
            return False
        first = [_stem(path.name) for path in islice(_below(images), _PEEK)]
        known = {_stem(path.name) for path in islice(_below(masks), 100 * _PEEK)}
    except OSError:
        return False
    return bool(first) and 2 * sum(stem in known for stem in first) >= len(first)


def _below(folder: Path) -> Any:
    return (Path(place, name) for place, _, names in os.walk(folder) for name in sorted(names) if name.lower().endswith(SUFFIXES))


def _stem(name: str) -> str:
    return _ENDING.sub("", name.rpartition("/")[2].rpartition(".")[0])


def _paired(names: Sequence[str], damaged: Sequence[str]) -> tuple[list[int], list[str], list[str]]:
    """Returns the places of images that have a mask, their masks, and the images that have none, not even a damaged one."""
    sides = [_side(name) for name in names]
    masks = {key: name for name, (side, key) in zip(names, sides, strict=True) if side == "mask"}
    there = masks.keys() | {key for side, key in map(_side, damaged) if side == "mask"}
    images = [(place, key) for place, (side, key) in enumerate(sides) if side == "image"]
    found = [(place, masks[key]) for place, key in images if key in masks]
    return [place for place, _ in found], [mask for _, mask in found], [names[place] for place, key in images if key not in there]


def _side(name: str) -> tuple[str, tuple[str, str]]:
    """Returns whether a file is an image or a mask ("" for neither), and what both have in common: the other folders and the name."""
    folders = name.split("/")[:-1]
    place = next((number for number in range(len(folders)) if folders[number].lower() in IMAGES | MASKS), -1)
    if place < 0:
        return "", ("", "")
    return "mask" if folders[place].lower() in MASKS else "image", ("/".join([*folders[:place], *folders[place + 1:]]), _stem(name))


def _alone(names: Sequence[str]) -> list[DataProblem]:
    return [DataProblem(
        "missing-file", Text("{count} images have no mask and are left out.", count=len(names)), tuple(names[:1000]),
    )] if names else []


def _refused(path: Path, reason: str) -> DataError:
    return DataError(Text("{path} cannot be used: {reason}.", path=str(path), reason=reason), Text("Remove or replace it."))

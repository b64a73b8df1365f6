"""Images moved: mirrored, cropped, turned, stretched. Masks move along."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from workbench.catalogue import param
from workbench.data.augmentation.base import AugmentParams, Chance, Move, Moving, Subject, chosen

if TYPE_CHECKING:
    from torch import Tensor


class FlipParams(AugmentParams):
    """Which ways images are mirrored."""

    horizontal: bool = param(True, label="Left and right", help="Mirrors left and right; not for letters or digits.")
    vertical: bool = param(False, label="Up and down", help="Mirrors up and down; for pictures from above.")


class Flip(Moving):
    """Mirrored images."""

    name = "flip"
    label = "Flip"
    summary = "Mirrors some images. Use it where a mirrored picture means the same."
    aliases = ("RandomHorizontalFlip", "RandomVerticalFlip", "RandomFlip", "mirror", "翻转", "镜像")
    Params = FlipParams

    def move(self, height: int, width: int, params: FlipParams, chance: Chance, subject: Subject) -> Move:
        across = chance.happens(params.probability if params.horizontal else 0.0)
        along = chance.happens(params.probability if params.vertical else 0.0)

        def moved(images: Tensor, classes: bool) -> Tensor:
            return chosen(along, (turned := chosen(across, images.flip(3), images)).flip(2), turned)

        return moved


class CropParams(AugmentParams):
    """How far images are shifted."""

    probability: float = param(1.0, label="Probability", help="The share of rows that is varied in each batch.", ge=0.0, le=1.0)
    pixels: int = param(
        2, label="Pixels", help="The largest shift in each direction; what comes in from outside is black.", unit="pixels", ge=1, le=512,
    )


class Crop(Moving):
    """Images padded and cropped again at another place (as for CIFAR in He et al. 2016)."""

    name = "crop"
    label = "Shift and crop"
    summary = "Shifts images by whole pixels: padded with black, then cropped to their size at a random place."
    aliases = ("RandomCrop", "pad and crop", "translate", "平移", "裁剪")
    Params = CropParams

    def move(self, height: int, width: int, params: CropParams, chance: Chance, subject: Subject) -> Move:
        import torch

        rows = chance.happens(params.probability)
        shifts = chance.whole(-params.pixels, params.pixels, 2) * rows[:, None]
        row = torch.arange(height, device=chance.device) + shifts[:, :1]
        column = torch.arange(width, device=chance.device) + shifts[:, 1:]
        inside = ((row >= 0) & (row < height))[:, None, :, None] & ((column >= 0) & (column < width))[:, None, None, :]
        row, column = row.clamp(0, height - 1)[:, :, None], column.clamp(0, width - 1)[:, None, :]
        every = torch.arange(chance.rows, device=chance.device)[:, None, None]

        def moved(images: Tensor, classes: bool) -> Tensor:
            outside = torch.zeros((), dtype=images.dtype, device=images.device) if classes else background(images, subject)
            return torch.where(inside, images.permute(0, 2, 3, 1)[every, row, column].permute(0, 3, 1, 2), outside)

        return moved


class ResizedCropParams(AugmentParams):
    """Which parts of an image are shown."""

    smallest: float = param(0.6, label="Smallest part", help="The smallest share of the area that is shown.", ge=0.05, le=1.0)
    stretch: float = param(1.33, label="Stretch", help="The most by which one side is stretched against the other.", ge=1.0, le=4.0)


class ResizedCrop(Moving):
    """A part of the image, brought back to its size (Szegedy et al. 2015)."""

    name = "resized_crop"
    label = "Zoom into a part"
    summary = "Shows a random part of each image, stretched to the full size."
    aliases = ("RandomResizedCrop", "RandomZoom", "zoom", "缩放裁剪", "放大")
    Params = ResizedCropParams

    def move(self, height: int, width: int, params: ResizedCropParams, chance: Chance, subject: Subject) -> Move:
        rows = chance.happens(params.probability)
        area, ratio = chance.uniform(params.smallest, 1.0), chance.uniform(-1.0, 1.0) * math.log(params.stretch)
        tall, wide = ((area * sign.exp()).sqrt().clamp(max=1.0) for sign in (ratio, -ratio))
        places = chance.uniform(-1.0, 1.0, 2)
        matrix = _matrix(chance.rows, wide, tall * 0, (1 - wide) * places[:, 0], tall * 0, tall, (1 - tall) * places[:, 1])
        return sampled(matrix, rows, height, width, subject)


class AffineParams(AugmentParams):
    """How far images are turned, shifted, scaled and sheared."""

    degrees: float = param(10.0, label="Turn", help="The largest turn to either side.", unit="degrees", ge=0.0, le=180.0)
    shift: float = param(0.08, label="Shift", help="The largest shift, as a share of height and width.", ge=0.0, le=0.5)
    scale: float = param(0.1, label="Scale", help="The most by which images grow or shrink, as a share.", ge=0.0, le=0.9)
    shear: float = param(0.0, label="Shear", help="The largest slant.", unit="degrees", ge=0.0, le=45.0)


class Affine(Moving):
    """Turn, shift, scale and shear by one sampling."""

    name = "affine"
    label = "Turn, shift, scale"
    summary = "Turns, shifts, scales and slants images a little, all at once."
    aliases = ("RandomAffine", "RandomRotation", "RandomTranslation", "rotate", "shear", "仿射", "旋转", "剪切")
    Params = AffineParams

    def move(self, height: int, width: int, params: AffineParams, chance: Chance, subject: Subject) -> Move:
        rows = chance.happens(params.probability)
        return sampled(
            affine_matrix(
                height, width, chance.uniform(-1, 1) * math.radians(params.degrees), chance.uniform(-1, 1, 2) * 2 * params.shift,
                (chance.uniform(-1, 1) * math.log1p(params.scale)).exp(), chance.uniform(-1, 1) * math.tan(math.radians(params.shear)),
            ),
            rows, height, width, subject,
        )


def affine_matrix(height: int, width: int, angle: Tensor, shift: Tensor, scale: Tensor, slant: Tensor) -> Tensor:
    """Returns where every point of the result comes from, `(N, 2, 3)`, in coordinates from -1 to 1.

    Args:
        height, width: Of the images, so that a turn of images that are not square bends nothing.
        angle: In radians `(N,)`.
        shift: As shares of half the size, `(N, 2)`: across, along.
        scale: Above 1 enlarges `(N,)`.
        slant: Tangent of the shear angle `(N,)`.
    """
    cosine, sine, side = angle.cos() / scale, angle.sin() / scale, height / width
    return _matrix(
        len(angle), cosine, (cosine * slant - sine) * side, -shift[:, 0], sine / side, cosine + sine * slant, -shift[:, 1],
    )


def _matrix(rows: int, *cells: Tensor) -> Tensor:
    import torch

    return torch.stack(cells, 1).view(rows, 2, 3)


def sampled(matrix: Tensor, rows: Tensor, height: int, width: int, subject: Subject) -> Move:
    """Returns how images are moved by a matrix `(N, 2, 3)`; rows that are not chosen stay."""
    from torch.nn.functional import affine_grid, grid_sample

    grid = affine_grid(matrix, [len(matrix), 1, height, width], align_corners=False)

    def moved(images: Tensor, classes: bool) -> Tensor:
        if classes:
            new = grid_sample(images.to(grid.dtype), grid, mode="nearest", align_corners=False).round().to(images.dtype)
        else:  # what comes in from outside is black, which is 0 only before normalising
            ground = background(images, subject)
            new = grid_sample(images - ground, grid, align_corners=False) + ground
        return chosen(rows, new, images)

    return moved


def background(images: Tensor, subject: Subject) -> Tensor:
    """Returns black as the model sees it, `(1, C, 1, 1)`."""
    return images.new_tensor(subject.black).view(1, -1, 1, 1)


__all__ = ["Affine", "Crop", "Flip", "ResizedCrop", "affine_matrix", "background", "sampled"]

"""Images in other light: colour, blur, noise, parts erased."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.catalogue import param
from workbench.data.augmentation.base import Augmentation, AugmentParams, Chance, Subject, chosen
from workbench.data.base import FieldKind

if TYPE_CHECKING:
    from torch import Tensor


class ColourParams(AugmentParams):
    """How much light and colour change."""

    brightness: float = param(0.2, label="Brightness", help="The most that images become brighter or darker, as a share.", ge=0.0, le=1.0)
    contrast: float = param(0.2, label="Contrast", help="The most that contrast changes, as a share.", ge=0.0, le=1.0)
    saturation: float = param(0.2, label="Saturation", help="The most that colours become stronger or weaker, as a share.", ge=0.0, le=1.0)
    hue: float = param(0.0, label="Hue", help="The most that colours turn, as a share of the colour circle.", ge=0.0, le=0.5)


class Colour(Augmentation):
    """Brightness, contrast, saturation and hue."""

    name = "colour"
    label = "Light and colour"
    summary = "Changes brightness, contrast and colours, as other light and other cameras do."
    aliases = ("ColorJitter", "RandomBrightness", "RandomContrast", "color", "颜色", "亮度", "对比度")
    kinds = (FieldKind.IMAGE,)
    Params = ColourParams

    def apply(self, values: Tensor, lengths: Tensor | None, params: ColourParams, chance: Chance, subject: Subject) -> tuple[Tensor, Tensor | None]:
        rows = chance.happens(params.probability)
        light, contrast, strength, turn = (
            chance.uniform(-1, 1).view(-1, 1, 1, 1) * most
            for most in (params.brightness, params.contrast, params.saturation, params.hue)
        )
        seen = as_seen(values, subject) * (1 + light)
        seen = (seen - (middle := grey(seen).mean((1, 2, 3), keepdim=True))) * (1 + contrast) + middle
        if seen.shape[1] == 3:
            if params.hue:
                seen = _turned(seen, turn)
            seen = (seen - (pale := grey(seen))) * (1 + strength) + pale
        return chosen(rows, as_given(seen.clamp(0, 1), subject), values), lengths


def as_seen(values: Tensor, subject: Subject) -> Tensor:
    """Returns images with black at 0 and white at 1."""
    return (values - _column(values, subject.black)) / _column(values, subject.scale)


def as_given(seen: Tensor, subject: Subject) -> Tensor:
    """Returns images as the model takes them; the way back of `as_seen`."""
    return seen * _column(seen, subject.scale) + _column(seen, subject.black)


def grey(seen: Tensor) -> Tensor:
    """Returns how bright every pixel is, `(N, 1, H, W)`."""
    if seen.shape[1] != 3:
        return seen.mean(1, keepdim=True)
    return (seen * seen.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True)


def _column(values: Tensor, numbers: tuple[float, ...]) -> Tensor:
    return values.new_tensor(numbers).view(1, -1, 1, 1)


def _turned(seen: Tensor, turn: Tensor) -> Tensor:
    """Turns colours about the grey axis, in the luma and chroma of NTSC (YIQ), where a hue is an angle."""
    import math

    to_yiq = seen.new_tensor([[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])
    parts = (to_yiq @ seen.flatten(2)).view_as(seen)
    angle = 2 * math.pi * turn
    warm, cold = parts[:, 1:2], parts[:, 2:3]
    turned = (parts[:, :1], warm * angle.cos() - cold * angle.sin(), warm * angle.sin() + cold * angle.cos())
    import torch

    return (torch.linalg.inv(to_yiq) @ torch.cat(turned, 1).flatten(2)).view_as(seen)


class BlurParams(AugmentParams):
    """How blurred images become."""

    sigma: float = param(1.0, label="Width", help="The largest width of the blur.", unit="pixels", gt=0.0, le=20.0)


class Blur(Augmentation):
    """A Gaussian blur of another width for every row."""

    name = "blur"
    label = "Blur"
    summary = "Blurs some images, as a lens out of focus does."
    aliases = ("GaussianBlur", "defocus", "模糊")
    kinds = (FieldKind.IMAGE,)
    Params = BlurParams

    def apply(self, values: Tensor, lengths: Tensor | None, params: BlurParams, chance: Chance, subject: Subject) -> tuple[Tensor, Tensor | None]:
        import torch
        from torch.nn.functional import conv2d, pad

        rows, sigma = chance.happens(params.probability), chance.uniform(0.05, 1.0) * params.sigma
        reach = min(max(round(2 * params.sigma), 1), min(values.shape[2:]) - 1)
        if reach < 1:
            return values, lengths
        place = torch.arange(-reach, reach + 1, device=values.device, dtype=values.dtype)
        kernel = (-place.square() / (2 * sigma[:, None].square())).exp()
        kernel = (kernel / kernel.sum(1, keepdim=True)).repeat_interleave(values.shape[1], 0)
        count, channels, height, width = values.shape
        flat = pad(values.reshape(1, count * channels, height, width), (reach,) * 4, mode="reflect")
        flat = conv2d(flat, kernel[:, None, None, :], groups=count * channels)
        flat = conv2d(flat, kernel[:, None, :, None], groups=count * channels)
        return chosen(rows, flat.view_as(values), values), lengths


class NoiseParams(AugmentParams):
    """How noisy values become."""

    strength: float = param(
        0.05, label="Strength", help="The spread of the noise, as a share of the range from black to white, or of full loudness.", gt=0.0, le=1.0,
    )


class Noise(Augmentation):
    """Normally distributed noise on images and sounds."""

    name = "noise"
    label = "Noise"
    summary = "Adds a little noise to images and sounds, as weak light and bad microphones do."
    aliases = ("GaussianNoise", "RandomNoise", "white noise", "噪声")
    kinds = (FieldKind.IMAGE, FieldKind.AUDIO)
    Params = NoiseParams

    def apply(self, values: Tensor, lengths: Tensor | None, params: NoiseParams, chance: Chance, subject: Subject) -> tuple[Tensor, Tensor | None]:
        rows, noise = chance.happens(params.probability), chance.normal(*values.shape[1:]) * params.strength
        if subject.kind == FieldKind.IMAGE:
            return chosen(rows, as_given((as_seen(values, subject) + noise).clamp(0, 1), subject), values), lengths
        return chosen(rows, (values + noise).clamp(-1, 1), values), lengths


class EraseParams(AugmentParams):
    """How much is erased."""

    largest: float = param(0.2, label="Largest part", help="The largest share of the area that is erased.", gt=0.0, le=0.9)
    stretch: float = param(2.0, label="Stretch", help="The most by which one side is longer than the other.", ge=1.0, le=6.0)


class Erase(Augmentation):
    """A rectangle erased (Zhong et al. 2020; DeVries and Taylor 2017)."""

    name = "erase"
    label = "Erase a part"
    summary = "Covers a random rectangle, so that no single detail is relied on alone."
    aliases = ("RandomErasing", "Cutout", "随机擦除", "遮挡")
    kinds = (FieldKind.IMAGE,)
    Params = EraseParams

    def apply(self, values: Tensor, lengths: Tensor | None, params: EraseParams, chance: Chance, subject: Subject) -> tuple[Tensor, Tensor | None]:
        import math

        rows = chance.happens(params.probability)
        area, ratio = chance.uniform(0.02, 1.0) * params.largest, chance.uniform(-1, 1) * math.log(params.stretch)
        tall, wide = ((area * sign.exp()).sqrt().clamp(max=1.0) for sign in (ratio, -ratio))
        covered = rectangle(values.shape[2], values.shape[3], tall, wide, chance)
        middle = values.mean((2, 3), keepdim=True)
        return chosen(rows, values.where(~covered[:, None], middle), values), lengths


def rectangle(height: int, width: int, tall: Tensor, wide: Tensor, chance: Chance) -> Tensor:
    """Returns one random rectangle per row, bool `(N, H, W)`; its sides are shares of height and width, `(N,)`."""
    import torch

    def inside(size: int, share: Tensor) -> Tensor:
        length = (share * size).round().clamp(1, size)
        start = (chance.uniform() * (size - length + 1)).floor()
        place = torch.arange(size, device=chance.device)
        return (place >= start[:, None]) & (place < (start + length)[:, None])

    return inside(height, tall)[:, :, None] & inside(width, wide)[:, None, :]


__all__ = ["Blur", "Colour", "Erase", "Noise", "as_given", "as_seen", "grey", "rectangle"]

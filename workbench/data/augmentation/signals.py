"""Series and sounds varied: masks, shifts, speed, loudness, windows. Padding stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.catalogue import param
from workbench.data.augmentation.base import Augmentation, AugmentParams, Chance, Subject, chosen, valid
from workbench.data.base import FieldKind

if TYPE_CHECKING:
    from torch import Tensor

_BOTH = (FieldKind.AUDIO, FieldKind.SERIES)


class TimeMaskParams(AugmentParams):
    """How much is silenced."""

    longest: float = param(0.15, label="Longest part", help="The longest part that is silenced, as a share of the row.", gt=0.0, le=0.9)


class TimeMask(Augmentation):
    """A stretch of time set to zero (Park et al. 2019)."""

    name = "time_mask"
    label = "Silence a part"
    summary = "Sets a random stretch of a sound or a series to zero."
    aliases = ("SpecAugment", "TimeMasking", "时间掩蔽")
    kinds = _BOTH
    Params = TimeMaskParams

    def apply(self, values: Tensor, lengths: Tensor | None, params: TimeMaskParams, chance: Chance, subject: Subject) -> tuple[Tensor, Tensor | None]:
        import torch

        rows, steps = chance.happens(params.probability), values.shape[1]
        long = (chance.uniform() * params.longest * steps).round()
        start = (chance.uniform() * (steps - long)).floor()
        place = torch.arange(steps, device=values.device)
        silent = (place >= start[:, None]) & (place < (start + long)[:, None]) & rows[:, None]
        return values.masked_fill(silent if values.dim() == 2 else silent[:, :, None], 0.0), lengths


class FrequencyMaskParams(AugmentParams):
    """How wide a band is taken out."""

    widest: float = param(0.15, label="Widest band", help="The widest band that is taken out, as a share of all pitches.", gt=0.0, le=0.9)


class FrequencyMask(Augmentation):
    """A band of pitches taken out (Park et al. 2019)."""

    name = "frequency_mask"
    label = "Take out a band"
    summary = "Takes a random band of pitches out of a sound."
    aliases = ("SpecAugment", "FrequencyMasking", "band stop", "频率掩蔽")
    kinds = (FieldKind.AUDIO,)
    Params = FrequencyMaskParams

    def apply(
        self, values: Tensor, lengths: Tensor | None, params: FrequencyMaskParams, chance: Chance, subject: Subject
    ) -> tuple[Tensor, Tensor | None]:
        import torch

        rows, heard = chance.happens(params.probability), torch.fft.rfft(values)
        bands = heard.shape[1]
        wide = (chance.uniform() * params.widest * bands).round()
        start = (chance.uniform() * (bands - wide)).floor()
        place = torch.arange(bands, device=values.device)
        gone = (place >= start[:, None]) & (place < (start + wide)[:, None])
        new = torch.fft.irfft(heard.masked_fill(gone, 0.0), n=values.shape[1])
        return _padded_as_before(chosen(rows, new, values), lengths), lengths


class ShiftParams(AugmentParams):
    """How far in time."""

    furthest: float = param(0.1, label="Furthest", help="The furthest shift, as a share of the row; what comes in is silence.", gt=0.0, le=0.9)


class TimeShift(Augmentation):
    """Earlier or later; what comes in from outside is silence."""

    name = "time_shift"
    label = "Shift in time"
    summary = "Lets a sound or a series begin a little earlier or later."
    aliases = ("roll", "shift", "时间平移")
    kinds = _BOTH
    Params = ShiftParams

    def apply(self, values: Tensor, lengths: Tensor | None, params: ShiftParams, chance: Chance, subject: Subject) -> tuple[Tensor, Tensor | None]:
        import torch

        rows, steps = chance.happens(params.probability), values.shape[1]
        shift = (chance.uniform(-1, 1) * params.furthest * steps).round().long() * rows
        source = torch.arange(steps, device=values.device) - shift[:, None]
        inside = (source >= 0) & (source < steps)
        source = source.clamp(0, steps - 1)
        new = _taken(values, source) * (inside if values.dim() == 2 else inside[:, :, None])
        return _padded_as_before(new, lengths), lengths


class SpeedParams(AugmentParams):
    """How much faster or slower."""

    change: float = param(0.1, label="Change", help="The most by which a row runs faster or slower, as a share.", gt=0.0, le=0.5)


class Speed(Augmentation):
    """Faster or slower about the middle; the length stays."""

    name = "speed"
    label = "Speed"
    summary = "Plays a sound or a series a little faster or slower; the length stays."
    aliases = ("time stretch", "resample", "window warping", "变速")
    kinds = _BOTH
    Params = SpeedParams

    def apply(self, values: Tensor, lengths: Tensor | None, params: SpeedParams, chance: Chance, subject: Subject) -> tuple[Tensor, Tensor | None]:
        import torch

        rows, steps = chance.happens(params.probability), values.shape[1]
        rate = 1 + chance.uniform(-1, 1) * params.change * rows
        middle = (steps - 1) / 2
        source = (torch.arange(steps, device=values.device) - middle) * rate[:, None] + middle
        return _padded_as_before(_between(values, source), lengths), lengths


class WindowParams(AugmentParams):
    """How small the window may be."""

    smallest: float = param(0.8, label="Smallest window", help="The smallest share of the row that is shown.", gt=0.05, le=1.0)


class Window(Augmentation):
    """A window of the row, stretched to the whole length (Le Guennec et al. 2016)."""

    name = "window"
    label = "Stretch a window"
    summary = "Shows a random window of a series, stretched to the full length."
    aliases = ("window slicing", "crop", "窗口切片")
    kinds = (FieldKind.SERIES,)
    Params = WindowParams

    def apply(self, values: Tensor, lengths: Tensor | None, params: WindowParams, chance: Chance, subject: Subject) -> tuple[Tensor, Tensor | None]:
        import torch

        rows, steps = chance.happens(params.probability), values.shape[1]
        share = torch.where(rows, chance.uniform(params.smallest, 1.0), 1.0)
        start = chance.uniform() * (1 - share) * (steps - 1)
        source = start[:, None] + torch.arange(steps, device=values.device) * share[:, None]
        return _padded_as_before(_between(values, source), lengths), lengths


class StrengthParams(AugmentParams):
    """How strong the change is."""

    strength: float = param(0.1, label="Strength", help="The spread of the change, as a share of the usual spread of the values.", gt=0.0, le=2.0)


class Jitter(Augmentation):
    """Noise on every step."""

    name = "jitter"
    label = "Jitter"
    summary = "Adds a little noise to every step of a series, as sensors do."
    aliases = ("noise", "GaussianNoise", "抖动")
    kinds = (FieldKind.SERIES,)
    Params = StrengthParams

    def apply(self, values: Tensor, lengths: Tensor | None, params: StrengthParams, chance: Chance, subject: Subject) -> tuple[Tensor, Tensor | None]:
        rows, noise = chance.happens(params.probability), chance.normal(*values.shape[1:]) * params.strength
        return _padded_as_before(chosen(rows, values + noise, values), lengths), lengths


class Scale(Augmentation):
    """Louder or weaker, each feature by itself."""

    name = "scale"
    label = "Scale"
    summary = "Makes a sound louder or quieter, and each feature of a series larger or smaller."
    aliases = ("gain", "volume", "magnitude scaling", "缩放幅度")
    kinds = _BOTH
    Params = StrengthParams

    def apply(self, values: Tensor, lengths: Tensor | None, params: StrengthParams, chance: Chance, subject: Subject) -> tuple[Tensor, Tensor | None]:
        rows = chance.happens(params.probability)
        factor = 1 + params.strength * chance.normal(*([1] if values.dim() == 2 else [1, values.shape[2]]))
        new = values * factor
        return chosen(rows, new.clamp(-1, 1) if subject.kind == FieldKind.AUDIO else new, values), lengths


def _taken(values: Tensor, source: Tensor) -> Tensor:
    """Returns the steps that stand at these places, `(N, T)`."""
    return values.gather(1, source if values.dim() == 2 else source[:, :, None].expand(-1, -1, values.shape[2]))


def _between(values: Tensor, source: Tensor) -> Tensor:
    """Returns values between the steps, in straight lines; beyond the ends there is silence."""
    last = values.shape[1] - 1
    low = source.floor().clamp(0, last)
    high, share = (low + 1).clamp(max=last).long(), (source - low).clamp(0, 1).to(values.dtype)
    inside = ((source >= 0) & (source <= last)).to(values.dtype)
    if values.dim() == 3:
        share, inside = share[:, :, None], inside[:, :, None]
    return (_taken(values, low.long()) * (1 - share) + _taken(values, high) * share) * inside


def _padded_as_before(values: Tensor, lengths: Tensor | None) -> Tensor:
    real = valid(values, lengths)
    if real is None:
        return values
    return values * (real if values.dim() == 2 else real[:, :, None])


__all__ = ["FrequencyMask", "Jitter", "Scale", "Speed", "TimeMask", "TimeShift", "Window"]

"""Sound as pictures, by convolution with fixed waves, so that it exports and trains like any layer.

Legend: N batch, T samples, S steps, K pitches, M bands.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def waves(window: int) -> Tensor:
    """Returns cosines, then sines, of every pitch under a Hann window, `(2 * K, 1, window)`."""
    place = torch.arange(window, dtype=torch.float64)
    hann = 0.5 - 0.5 * torch.cos(2 * torch.pi * place / window)
    turns = torch.outer(torch.arange(window // 2 + 1, dtype=torch.float64), place) % window
    angle = 2 * torch.pi * turns / window
    return (torch.cat([torch.cos(angle), -torch.sin(angle)]) * hann).float()[:, None]


def mel_bands(bands: int, pitches: int, rate: int, lowest: float, highest: float) -> Tensor:
    """Returns triangles that overlap by half, equally wide on the mel scale 2595 * log10(1 + f / 700), `(M, K)`."""
    first, last = (2595 * torch.log10(1 + torch.tensor([lowest, highest], dtype=torch.float64) / 700)).tolist()
    mels = torch.linspace(first, last, bands + 2, dtype=torch.float64)
    edges = 700 * (10 ** (mels / 2595) - 1)
    pitch = torch.linspace(0, rate / 2, pitches, dtype=torch.float64)
    rising = (pitch - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - pitch) / (edges[2:] - edges[1:-1])[:, None]
    return torch.minimum(rising, falling).clamp(min=0).float()


class Spectrogram(nn.Module):
    """Strength of every pitch at every step: (N, T, 1) and lengths (N,) -> (N, S, K).

    The first window is centred on the first sample; what lies outside of a row counts as silence.

    Args:
        window: Samples per window.
        hop: Samples between two windows.
        scale: `log`, `magnitude` or `power`.
    """

    waves: Tensor

    def __init__(self, window: int, hop: int, scale: str = "log") -> None:
        super().__init__()
        self.window, self.hop, self.scale = window, hop, scale
        self.register_buffer("waves", waves(window), persistent=False)

    def forward(self, input: Tensor, lengths: Tensor | None = None) -> Tensor:
        return self.scaled(self.power(input, lengths))

    def power(self, input: Tensor, lengths: Tensor | None) -> Tensor:
        """Returns squared strengths, `(N, S, K)`."""
        sound = input
        if lengths is not None:
            valid = torch.arange(input.shape[1], device=input.device) < lengths[:, None]
            sound = input.masked_fill(~valid[:, :, None], 0)
        parts = nn.functional.conv1d(sound.transpose(1, 2), self.waves, stride=self.hop, padding=self.window // 2)
        real, imaginary = parts.chunk(2, 1)
        return (real * real + imaginary * imaginary).transpose(1, 2)

    def scaled(self, power: Tensor) -> Tensor:
        """Returns powers on the chosen scale; a little is added, so that silence has a logarithm."""
        if self.scale == "log":
            return torch.log(power + 1e-6)
        return power if self.scale == "power" else torch.sqrt(power + 1e-12)

    def extra_repr(self) -> str:
        return f"window={self.window}, hop={self.hop}, scale={self.scale}"


class MelSpectrogram(Spectrogram):
    """Strength of every band at every step: (N, T, 1) and lengths (N,) -> (N, S, M).

    Args:
        window: Samples per window.
        hop: Samples between two windows.
        scale: `log`, `magnitude` or `power`.
        bands: Bands.
        rate: Samples per second.
        lowest: Where the first band begins, in Hz.
        highest: Where the last band ends, in Hz.
    """

    filters: Tensor

    def __init__(self, window: int, hop: int, scale: str, bands: int, rate: int, lowest: float, highest: float) -> None:
        super().__init__(window, hop, scale)
        self.register_buffer("filters", mel_bands(bands, window // 2 + 1, rate, lowest, highest), persistent=False)

    def forward(self, input: Tensor, lengths: Tensor | None = None) -> Tensor:
        return self.scaled(nn.functional.linear(self.power(input, lengths), self.filters))

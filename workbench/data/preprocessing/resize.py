"""The one resize that preview, training and export share: bilinear with antialiasing, on floats.

Pillow's resize differs from it by 3e-3; ONNX Resize (opset 18 and later) equals it to 3e-7.
Legend: N rows, H and W pixels of the source, C channels, h and w the wanted size.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F

LUMA = (0.299, 0.587, 0.114)
"""ITU-R BT.601: how much red, green and blue give to grey."""

_CHUNK_PIXELS = 1 << 24


def with_channels(images: torch.Tensor, channels: int) -> torch.Tensor:
    """Returns images `(N, C, H, W)` with 1 or 3 channels; colour becomes grey by luma as floats, grey three equal channels."""
    have = images.shape[1]
    if have == channels:
        return images
    if have == 1:
        return images.expand(-1, channels, -1, -1)
    weights = torch.tensor(LUMA, device=images.device).view(1, 3, 1, 1)
    return (images.float() * weights).sum(dim=1, keepdim=True)


def resized(images: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Returns images `(N, C, H, W)` as `(N, C, h, w)`: unchanged where the size is right already, else float32, never rounded."""
    if images.shape[-2:] == (height, width):
        return images
    if width == 1 and height > 1:
        # WORKAROUND for torch 2.13: an antialiased resize to width 1 reads wrong rows; the same turned on its side is right.
        return resized(images.transpose(2, 3), 1, height).transpose(2, 3)
    return F.interpolate(images.float().contiguous(), size=(height, width), mode="bilinear", antialias=True, align_corners=False)


def conformed(images: np.ndarray, channels: int, height: int, width: int) -> torch.Tensor:
    """Returns raw images in the wanted form.

    Args:
        images: uint8 `(N, H, W, C)`.
        channels: 1 or 3.
        height: Wanted, pixels.
        width: Wanted, pixels.

    Returns:
        `(N, channels, h, w)` with values 0 to 255: uint8 where nothing had to be computed, else float32.
    """
    planes = torch.from_numpy(np.require(images.transpose(0, 3, 1, 2), requirements=("C", "W")))
    if planes.shape[1:] == (channels, height, width):
        return planes
    step = max(1, _CHUNK_PIXELS // max(1, planes[0].numel())) if len(planes) else 1
    parts = [resized(with_channels(part, channels), height, width) for part in planes.split(step)]
    return parts[0].contiguous() if len(parts) == 1 else torch.cat(parts)


def conformed_all(images: np.ndarray | Sequence[np.ndarray], channels: int, height: int, width: int) -> torch.Tensor:
    """Returns raw images of one or of many sizes in the wanted form, see `conformed`."""
    if isinstance(images, np.ndarray):
        return conformed(images, channels, height, width)
    parts = [conformed(image[None], channels, height, width) for image in images]
    if any(part.dtype != torch.uint8 for part in parts):
        parts = [part.float() for part in parts]
    return torch.cat(parts) if parts else torch.zeros((0, channels, height, width), dtype=torch.uint8)

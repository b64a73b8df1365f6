"""Sounds as arrays that can be drawn: the outline of the wave, and how loud each pitch is over time. Numpy alone."""

from __future__ import annotations

import numpy as np

WINDOW = 256
_FLOOR_DB = -80.0
_LIGHT = np.array([[255, 255, 255], [190, 214, 254], [96, 146, 240], [37, 99, 235], [16, 42, 110]], dtype=np.float32)
_DARK = np.array([[18, 20, 25], [34, 49, 80], [70, 110, 200], [108, 156, 255], [235, 242, 255]], dtype=np.float32)


def waveform(samples: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the smallest and largest sample of each of `width` columns, between -1 and 1, float32 `(width,)` each."""
    wave = np.nan_to_num(np.asarray(samples, dtype=np.float32)).reshape(-1)
    if not len(wave):
        return np.zeros(width, np.float32), np.zeros(width, np.float32)
    if len(wave) < width:
        wave = np.interp(np.linspace(0, len(wave) - 1, width), np.arange(len(wave)), wave).astype(np.float32)
    starts = np.linspace(0, len(wave), width, endpoint=False).astype(np.int64)
    top = max(float(np.abs(wave).max()), 1e-6)
    return np.minimum.reduceat(wave, starts) / top, np.maximum.reduceat(wave, starts) / top


def loudness(samples: np.ndarray, columns: int, window: int = WINDOW) -> np.ndarray:
    """Returns the loudness in dB below the loudest, float32 `(window // 2, columns)`, low pitches at the bottom."""
    wave = np.nan_to_num(np.asarray(samples, dtype=np.float32)).reshape(-1)
    wave = np.pad(wave, (0, max(0, window - len(wave))))
    starts = np.linspace(0, len(wave) - window, columns).astype(np.int64)
    frames = wave[starts[:, None] + np.arange(window)] * np.hanning(window).astype(np.float32)
    power = np.abs(np.fft.rfft(frames, axis=1)[:, 1:]).T[::-1]
    decibels = 20 * np.log10(np.maximum(power, 1e-9) / max(float(power.max()), 1e-9))
    return np.clip(decibels, _FLOOR_DB, 0).astype(np.float32)


def spectrogram(samples: np.ndarray, columns: int, dark: bool, window: int = WINDOW) -> np.ndarray:
    """Returns the loudness of every pitch over time as colours of one hue, uint8 `(window // 2, columns, 3)`."""
    decibels = loudness(samples, columns, window)
    # What is there all the time is taken for silence, so that a hiss does not fill the picture.
    floor = min(max(float(np.percentile(decibels, 60)), _FLOOR_DB), -20.0)
    share = np.clip(1 - decibels / floor, 0, 1)
    stops = _DARK if dark else _LIGHT
    place = share * (len(stops) - 1)
    low = np.minimum(place.astype(np.int64), len(stops) - 2)
    part = (place - low)[..., None]
    return (stops[low] * (1 - part) + stops[low + 1] * part).astype(np.uint8)

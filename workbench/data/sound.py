"""Reading sounds: WAV with nothing but the standard library, FLAC, OGG and MP3 through soundfile; one channel, one common rate."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from workbench.errors import DataError, Text

WAV_SUFFIXES = (".wav", ".wave")
SOUND_SUFFIXES = (*WAV_SUFFIXES, ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff")
MAX_SAMPLES = 1 << 28
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_ZEROS = 16


@dataclass(frozen=True, slots=True)
class SoundInfo:
    """What the beginning of a sound file says.

    Attributes:
        rate: Samples per second.
        frames: How many samples each channel has.
        channels: How many channels there are.
    """

    rate: int
    frames: int
    channels: int

    def frames_at(self, rate: int) -> int:
        """Returns how many samples the sound has at another rate."""
        return -(-self.frames * rate // self.rate)


@dataclass(frozen=True, slots=True)
class _Wave:
    info: SoundInfo
    form: int
    bits: int
    start: int


def sound_info(path: Path, data: bytes | None = None) -> SoundInfo:
    """Returns rate, length and channels of a sound file without reading it.

    Args:
        path: The file.
        data: Its bytes where it is no file of its own; `path` then only says what it is called.

    Raises:
        DataError: It is no sound, is damaged, or needs a package that is not installed.
    """
    try:
        if _is_wave(path, data):
            with _opened(path, data) as file:
                return _header(path, file).info
        _refuse_empty(path, data)
        found = _soundfile(path).info(str(path) if data is None else BytesIO(data))
        return _checked(path, SoundInfo(int(found.samplerate), int(found.frames), int(found.channels)))
    except (OSError, RuntimeError, struct.error, ValueError) as error:
        raise refused(path, _reason(path, error)) from error


def read_sound(path: Path, rate: int = 0, data: bytes | None = None) -> np.ndarray:
    """Returns a sound as one channel, float32 `(T,)` between -1 and 1.

    Args:
        path: The file.
        rate: Samples per second of the result; 0 keeps those of the file.
        data: Its bytes where it is no file of its own.

    Raises:
        DataError: It is no sound, is damaged, or needs a package that is not installed.
    """
    try:
        if _is_wave(path, data):
            with _opened(path, data) as file:
                wave = _header(path, file)
                samples, own = _wave_samples(file, wave), wave.info.rate
        else:
            _refuse_empty(path, data)
            source = str(path) if data is None else BytesIO(data)
            samples, own = _soundfile(path).read(source, dtype="float32", always_2d=True, frames=MAX_SAMPLES)
    except (OSError, RuntimeError, struct.error, ValueError) as error:
        raise refused(path, _reason(path, error)) from error
    mono = samples.mean(axis=1, dtype=np.float32) if samples.shape[1] > 1 else samples[:, 0]
    mono = np.clip(np.nan_to_num(mono, nan=0.0, posinf=1.0, neginf=-1.0), -1, 1).astype(np.float32, copy=False)
    return resampled(mono, int(own), rate) if rate and rate != own else np.ascontiguousarray(mono)


def refused(path: Path, reason: str) -> DataError:
    """Returns that a sound cannot be used, and why."""
    return DataError(Text("{path} cannot be used: {reason}.", path=str(path), reason=reason), Text("Remove or replace it."))


def _refuse_empty(path: Path, data: bytes | None) -> None:
    if not (path.stat().st_size if data is None else len(data)):
        raise refused(path, Text("the file is empty"))


def _reason(path: Path, error: Exception) -> str:
    """Returns why a sound cannot be read, without the path that libsndfile puts before it."""
    said = str(error).rpartition(f"{str(path)!r}: ")[2].strip(" .")[:120]
    if "Format not recognised" in said or "unknown format" in said:
        return Text("it is no sound in a known format")
    return Text("it is damaged ({reason})", reason=said or type(error).__name__)


def _is_wave(path: Path, data: bytes | None) -> bool:
    return path.suffix.lower() in WAV_SUFFIXES if data is None else data[:4] in (b"RIFF", b"RF64")


def _opened(path: Path, data: bytes | None) -> BinaryIO:
    return path.open("rb") if data is None else BytesIO(data)


def _header(path: Path, file: BinaryIO) -> _Wave:
    """Reads the chunks of a RIFF file up to the samples. The length of the file counts, not what it says of itself."""
    size = file.seek(0, 2)
    file.seek(0)
    begin = file.read(12)
    if not size:
        raise refused(path, Text("the file is empty"))
    if len(begin) < 12 or begin[:4] not in (b"RIFF", b"RF64") or begin[8:12] != b"WAVE":
        raise refused(path, Text("it is no WAV file"))
    form = channels = rate = block = bits = length = 0
    while len(chunk := file.read(8)) == 8:
        name, length = chunk[:4], int.from_bytes(chunk[4:], "little")
        if name == b"data":
            break
        body = file.read(min(length, 64))
        if name == b"fmt ":
            form, channels, rate, _, block, bits = struct.unpack("<HHIIHH", body[:16])
            form = int.from_bytes(body[24:26], "little") if form == _EXTENSIBLE and len(body) >= 26 else form
        file.seek(length - len(body) + length % 2, 1)
    else:
        raise refused(path, Text("it holds no samples"))
    start = file.tell()
    if form not in (_PCM, _FLOAT) or bits not in ((8, 16, 24, 32) if form == _PCM else (32, 64)) or block != channels * bits // 8 or not block:
        raise refused(path, Text("it holds {bits} bits in form {form}; only PCM and float are read", bits=bits, form=form))
    return _Wave(_checked(path, SoundInfo(rate, min(length, size - start) // block, channels)), form, bits, start)


def _checked(path: Path, info: SoundInfo) -> SoundInfo:
    if not 1 <= info.rate <= 768_000 or info.channels < 1 or info.channels > 64:
        raise refused(path, Text("it has {rate} samples per second in {channels} channels", rate=info.rate, channels=info.channels))
    if info.frames < 1:
        raise refused(path, Text("it holds no samples"))
    if info.frames * info.channels > MAX_SAMPLES:
        raise refused(path, Text("it is longer than {count} samples", count=MAX_SAMPLES))
    return info


def _wave_samples(file: BinaryIO, wave: _Wave) -> np.ndarray:
    """Returns all channels, float32 `(T, C)`."""
    file.seek(wave.start)
    data = file.read(wave.info.frames * wave.info.channels * wave.bits // 8)
    if wave.form == _FLOAT:
        values = np.frombuffer(data, f"<f{wave.bits // 8}").astype(np.float32)
    elif wave.bits == 8:
        values = (np.frombuffer(data, np.uint8).astype(np.float32) - 128) / 128
    elif wave.bits == 24:
        bytes_of = np.frombuffer(data, np.uint8).reshape(-1, 3)
        wide = np.zeros((len(bytes_of), 4), np.uint8)
        wide[:, 1:] = bytes_of
        values = wide.view("<i4")[:, 0].astype(np.float32) / 2**31
    else:
        values = np.frombuffer(data, f"<i{wave.bits // 8}").astype(np.float32) / 2.0 ** (wave.bits - 1)
    return values.reshape(-1, wave.info.channels)


def _soundfile(path: Path) -> Any:
    if find_spec("soundfile") is None:
        raise DataError(
            Text("{path} cannot be read: {ending} files need the package soundfile.", path=str(path), ending=path.suffix.lower().strip(".").upper()),
            Text("Install it with: pip install model-workbench[audio], or convert the sounds to WAV."),
        )
    import soundfile

    return soundfile


def resampled(samples: np.ndarray, own: int, rate: int) -> np.ndarray:
    """Returns a sound at another rate: a windowed sinc for every phase (polyphase; Smith, Digital Audio Resampling), cut at the lower Nyquist.

    Args:
        samples: float32 `(T,)`.
        own: Its samples per second.
        rate: The wanted ones.

    Returns:
        float32 `(ceil(T * rate / own),)`.
    """
    common = math.gcd(own, rate)
    up, down = rate // common, own // common
    taps, half = _bank(up, down)
    count = -(-len(samples) * up // down)
    padded = np.pad(samples, (half, half + 1))
    windows = np.lib.stride_tricks.sliding_window_view(padded, taps.shape[1])
    result = np.empty(count, np.float32)
    for phase in range(min(up, count)):
        places = np.arange(phase, count, up)
        whole, part = np.divmod(places * down, up)
        result[places] = windows[np.minimum(whole, len(windows) - 1)] @ taps[part[0]]
    return np.clip(result, -1, 1)


@lru_cache(maxsize=8)
def _bank(up: int, down: int) -> tuple[np.ndarray, int]:
    """Returns one filter per phase, float32 `(up, taps)`, and how many taps lie before the place."""
    cut = min(1.0, up / down)
    half = math.ceil(_ZEROS / cut)
    distance = np.arange(-half, half + 2)[None, :] - np.arange(up)[:, None] / up
    window = np.where(np.abs(distance) <= half, np.cos(np.pi * distance / (2 * (half + 1))) ** 2, 0.0)
    taps = cut * np.sinc(cut * distance) * window
    return (taps / taps.sum(1, keepdims=True)).astype(np.float32), half

"""Reading image files batch by batch, against PyTorch's DataLoader with Pillow on the same files; training while reading; opening 100,000 files.

`WORKBENCH_BENCH_HF=PYTHON` names an interpreter that has Hugging Face datasets, which is then compared too. Peers decode with Pillow, turn
pixels into float tensors and shuffle, as ours do; nothing is kept in memory from one epoch to the next. A ratio is the median over
interleaved pairs, of elapsed time and of CPU time with that of the peer's worker processes.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

PAIRS, BATCH = 7, 64
FILES = 100_000
KINDS = (("png", 1500, 32, 3), ("png", 1500, 28, 1), ("png", 400, 224, 3), ("jpg", 1500, 32, 3), ("jpg", 500, 160, 3))
HF = '''
import sys, time, numpy as np
from datasets import load_dataset
data = load_dataset("imagefolder", data_dir=sys.argv[1], split="train", cache_dir=sys.argv[2])
order = np.random.default_rng(0).permutation(len(data))
start, used = time.perf_counter(), time.process_time()
for place in range(0, len(order), 64):
    rows = data[order[place:place + 64].tolist()]
    batch = np.stack([np.asarray(image) for image in rows["image"]]).astype(np.float32) / 255
print(time.perf_counter() - start, time.process_time() - used)
'''

Spent = tuple[float, float]
"""Seconds elapsed, and of CPU."""


def _files(root: Path, suffix: str, count: int, side: int, channels: int = 3) -> list[Path]:
    """Writes smooth random pictures (noise would be all decoding) in two class folders."""
    from PIL import Image

    generator, paths = np.random.default_rng(0), []
    for number in range(count):
        path = root / "train" / "ab"[number % 2] / f"{number:05}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        small = Image.fromarray(generator.integers(0, 256, (8, 8, 3), dtype=np.uint8)).convert("L" if channels == 1 else "RGB")
        small.resize((side, side), Image.Resampling.BICUBIC).save(path)
        paths.append(path)
    return paths


def _cpu() -> float:
    """Returns the CPU seconds of this process and of those it started."""
    import psutil

    own = psutil.Process()
    return sum(sum(one.cpu_times()[:2]) for one in (own, *own.children(recursive=True)))


def _spent(act: Callable[[], object]) -> Spent:
    start, used = time.perf_counter(), _cpu()
    act()
    return time.perf_counter() - start, _cpu() - used


def _ours(root: Path) -> Callable[[], Iterable[Any]]:
    from workbench.data import image_files
    from workbench.data.loader import Loader
    from workbench.data.open import open_dataset
    from workbench.data.order import order
    from workbench.data.prepare import prepare
    from workbench.project.project import DataChoice

    image_files.EAGER_FILES = image_files.CACHE_BYTES = 0
    prepared = prepare(open_dataset(str(root)), DataChoice(), ["image"], ["label"], budget=0)
    rows = np.concatenate(list(prepared.splits.values()))

    def batches() -> Iterable[Any]:
        import torch

        for batch in Loader(prepared).every(order(0, 0, torch.from_numpy(rows)).split(BATCH)):
            yield batch.values["image"], batch.values["label"]

    return batches


def _torch(paths: list[Path], workers: int, mode: str = "RGB") -> Iterable[Any]:
    import torch
    from PIL import Image
    from torch.utils.data import DataLoader, Dataset

    class Files(Dataset):
        def __len__(self) -> int:
            return len(paths)

        def __getitem__(self, row: int) -> tuple[Any, int]:
            with Image.open(paths[row]) as image:
                pixels = np.asarray(image.convert(mode)).reshape(image.height, image.width, -1)
            return (torch.from_numpy(pixels.transpose(2, 0, 1).copy()).float() / 255 - 0.5) / 0.25, row % 2

    return DataLoader(Files(), BATCH, shuffle=True, num_workers=workers, persistent_workers=workers > 0)


def _read(batches: Callable[[], Iterable[Any]]) -> Callable[[], Spent]:
    def epoch() -> Spent:
        def run() -> None:
            for _ in batches():
                pass

        return _spent(run)

    epoch()
    return epoch


def _hugging_face(python: str, root: Path, cache: Path) -> Callable[[], Spent]:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}

    def epoch() -> Spent:
        done = subprocess.run([python, "-c", HF, str(root), str(cache)], capture_output=True, text=True, env=environment, check=True)
        elapsed, used = done.stdout.split()[-2:]
        return float(elapsed), float(used)

    epoch()
    return epoch


def _trained(batches: Callable[[], Iterable[Any]], channels: int, stride: int) -> Callable[[], Spent]:
    """Returns an epoch of training a small convolutional network over these batches."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(channels, 16, 3, stride, 1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(4),
        nn.Flatten(), nn.Linear(512, 2),
    ).to(memory_format=torch.channels_last)
    optimizer, loss = torch.optim.AdamW(model.parameters()), nn.CrossEntropyLoss()

    def run() -> None:
        for images, labels in batches():
            optimizer.zero_grad()
            loss(model(images.contiguous(memory_format=torch.channels_last)), labels).backward()
            optimizer.step()

    def epoch() -> Spent:
        return _spent(run)

    epoch()
    return epoch


def _rows(name: str, ours: Callable[[], Spent], theirs: Callable[[], Spent]) -> list[dict[str, Any]]:
    pairs = [(ours(), theirs()) for _ in range(PAIRS)]
    found = []
    for place, clock in enumerate(("elapsed", "CPU")):
        value, fastest = statistics.median(first[place] / second[place] for first, second in pairs), min(first[place] for first, _ in pairs)
        found.append({"name": f"{name}, {clock} ({fastest:.2f} s ours)", "value": f"{value:.2f}", "hold": "< 1.00", "ok": value < 1})
    return found


def _opening(root: Path) -> list[dict[str, Any]]:
    from workbench.data.open import open_dataset

    from PIL import Image  # isort: skip

    for number in range(FILES):
        path = root / f"c{number % 10}" / f"{number:06}.png"
        if number < 10:
            path.parent.mkdir(parents=True)
        if number < 50:
            Image.fromarray(np.random.default_rng(number).integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(root / f"{number}.png")
        shutil.copyfile(root / f"{number % 50}.png", path)
    for number in range(50):
        (root / f"{number}.png").unlink()
    seconds = []
    for _ in range(6):
        start = time.perf_counter()
        open_dataset(str(root))
        seconds.append(time.perf_counter() - start)
    warm = statistics.median(seconds[1:])
    return [
        {"name": f"opening {FILES:,} PNG files, no index yet, s", "value": f"{seconds[0]:.2f}", "hold": "-"},
        {"name": f"opening {FILES:,} PNG files from the index, s", "value": f"{warm:.2f}", "hold": "< 1.00", "ok": warm < 1},
    ]


def _of_kind(scratch: Path, suffix: str, count: int, side: int, channels: int) -> list[dict[str, Any]]:
    root = scratch / f"{suffix}{side}"
    paths = _files(root, suffix, count, side, channels)
    batches, title, mode = _ours(root), f"{count:,} {suffix} of {side} x {side} x {channels}", "L" if channels == 1 else "RGB"
    ours, rows = _read(batches), []
    for workers in (0, 2):
        loader = _torch(paths, workers, mode)
        rows += _rows(f"{title} / DataLoader, {workers} workers", ours, _read(lambda loader=loader: loader))
        if workers:
            stride = max(1, side // 40)
            training = _trained(batches, channels, stride), _trained(lambda loader=loader: loader, channels, stride)
            rows += _rows(f"training over {title} / DataLoader, {workers} workers", *training)
        del loader
    python = os.environ.get("WORKBENCH_BENCH_HF")
    if python:
        rows += _rows(f"{title} / Hugging Face datasets", ours, _hugging_face(python, root, scratch / "hf"))
    return rows


def run() -> list[dict[str, Any]]:
    """Returns one row per figure: name, value, hold, ok."""
    import torch

    torch.set_num_threads(1)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["WORKBENCH_CACHE_DIR"] = str(Path(scratch, "cache"))
        rows += _opening(Path(scratch, "many"))
        for kind in KINDS:
            rows += _of_kind(Path(scratch), *kind)
    return rows

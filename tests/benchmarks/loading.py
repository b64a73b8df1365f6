"""Reading image files batch by batch, against PyTorch's DataLoader with Pillow on the same files; opening a folder of 100,000 from its index.

`WORKBENCH_BENCH_HF=PYTHON` names an interpreter that has Hugging Face datasets, which is then compared too.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

PAIRS, BATCH = 7, 64
FILES = 100_000
KINDS = (("png", 1500, 32), ("jpg", 500, 160))
HF = '''
import sys, time, numpy as np
from datasets import load_dataset
data = load_dataset("imagefolder", data_dir=sys.argv[1], split="train", cache_dir=sys.argv[2])
order = np.random.default_rng(0).permutation(len(data))
start = time.perf_counter()
for place in range(0, len(order), 64):
    rows = data[order[place:place + 64].tolist()]
    batch = np.stack([np.asarray(image) for image in rows["image"]]).astype(np.float32) / 255
print(time.perf_counter() - start)
'''


def _files(root: Path, suffix: str, count: int, side: int) -> list[Path]:
    """Writes smooth random pictures (noise would be all decoding) in two class folders."""
    from PIL import Image

    generator, paths = np.random.default_rng(0), []
    for number in range(count):
        path = root / "train" / "ab"[number % 2] / f"{number:05}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        small = Image.fromarray(generator.integers(0, 256, (8, 8, 3), dtype=np.uint8))
        small.resize((side, side), Image.Resampling.BICUBIC).save(path)
        paths.append(path)
    return paths


def _ours(root: Path) -> Callable[[], float]:
    from workbench.data import image_files
    from workbench.data.loader import Loader
    from workbench.data.open import open_dataset
    from workbench.data.order import order
    from workbench.data.prepare import prepare
    from workbench.project.project import DataChoice

    image_files.EAGER_FILES = image_files.CACHE_BYTES = 0
    prepared = prepare(open_dataset(str(root)), DataChoice(), ["image"], ["label"], budget=0)
    rows = np.concatenate(list(prepared.splits.values()))

    def epoch() -> float:
        import torch

        start = time.perf_counter()
        for _ in Loader(prepared).every(order(0, 0, torch.from_numpy(rows)).split(BATCH)):
            pass
        return time.perf_counter() - start

    return epoch


def _torch(paths: list[Path], workers: int) -> Callable[[], float]:
    import torch
    from PIL import Image
    from torch.utils.data import DataLoader, Dataset

    class Files(Dataset):
        def __len__(self) -> int:
            return len(paths)

        def __getitem__(self, row: int) -> tuple[Any, int]:
            with Image.open(paths[row]) as image:
                pixels = np.asarray(image.convert("RGB"))
            return (torch.from_numpy(pixels.transpose(2, 0, 1).copy()).float() / 255 - 0.5) / 0.25, row % 2

    loader = DataLoader(Files(), BATCH, shuffle=True, num_workers=workers, persistent_workers=workers > 0)

    def epoch() -> float:
        start = time.perf_counter()
        for _ in loader:
            pass
        return time.perf_counter() - start

    epoch()
    return epoch


def _hugging_face(python: str, root: Path, cache: Path) -> Callable[[], float]:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}

    def epoch() -> float:
        done = subprocess.run([python, "-c", HF, str(root), str(cache)], capture_output=True, text=True, env=environment, check=True)
        return float(done.stdout.split()[-1])

    epoch()
    return epoch


def _row(name: str, ours: Callable[[], float], theirs: Callable[[], float]) -> dict[str, Any]:
    pairs = [(ours(), theirs()) for _ in range(PAIRS)]
    ratios = [first / second for first, second in pairs]
    value, fastest = statistics.median(ratios), min(first for first, _ in pairs)
    return {"name": f"{name} ({fastest:.2f} s ours)", "value": f"{value:.2f}", "hold": "< 1.00", "ok": value < 1}


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


def run() -> list[dict[str, Any]]:
    """Returns one row per figure: name, value, hold, ok."""
    import torch

    torch.set_num_threads(1)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["WORKBENCH_CACHE_DIR"] = str(Path(scratch, "cache"))
        rows += _opening(Path(scratch, "many"))
        for suffix, count, side in KINDS:
            root = Path(scratch, suffix)
            paths = _files(root, suffix, count, side)
            ours, title = _ours(root), f"{count:,} {suffix} files of {side} x {side}"
            rows += [_row(f"{title} / DataLoader, {workers} workers", ours, _torch(paths, workers)) for workers in (0, 2)]
            python = os.environ.get("WORKBENCH_BENCH_HF")
            if python:
                rows.append(_row(f"{title} / Hugging Face datasets", ours, _hugging_face(python, root, Path(scratch, "hf"))))
    return rows

"""Files of numbers: IDX and CIFAR as their authors describe them, NPY and NPZ as numpy saves them."""

from __future__ import annotations

import gzip
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.data.formats.registry import Damaged, Writer, Written

CIFAR_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def idx(compress: bool) -> Callable[[Path], Written]:
    """Returns a writer of the four files of MNIST."""

    def write(folder: Path) -> Written:
        images = np.random.default_rng(1).integers(0, 256, (36, 8, 9), dtype=np.uint8)
        labels = (np.arange(36) % 4).astype(np.uint8)
        ids: list[str] = []
        for prefix, split, part in (("train", "train", slice(0, 28)), ("t10k", "test", slice(28, None))):
            for name, array in ((f"{prefix}-images-idx3-ubyte", images[part]), (f"{prefix}-labels-idx1-ubyte", labels[part])):
                data = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()
                (folder / f"{name}{'.gz' * compress}").write_bytes(gzip.compress(data) if compress else data)
            ids += [f"{split}/{row:05}" for row in range(len(labels[part]))]
        return Written(folder, {"image": list(images[..., None]), "label": [str(label) for label in labels]}, ids, ["train"] * 28 + ["test"] * 8)

    return write


def shortened(name: str) -> Callable[[Written], Damaged]:
    """Returns what takes the last bytes of a file away."""

    def damage(sample: Written) -> Damaged:
        path = sample.source / name
        path.write_bytes(path.read_bytes()[:-9])
        return Damaged(refused="cut off|cannot be unpacked|cannot be used")

    return damage


def cifar_ten(folder: Path) -> Written:
    """Writes CIFAR-10's binary batches with their names."""
    pixels = np.random.default_rng(2).integers(0, 256, (40, 3, 32, 32), dtype=np.uint8)
    labels = (np.arange(40) % 10).astype(np.uint8)
    records = np.concatenate([labels[:, None], pixels.reshape(40, -1)], axis=1)
    for name, part in (("data_batch_1", slice(0, 15)), ("data_batch_2", slice(15, 30)), ("test_batch", slice(30, 40))):
        records[part].tofile(folder / f"{name}.bin")
    (folder / "batches.meta.txt").write_text("\n".join(CIFAR_NAMES) + "\n\n", "utf-8")
    ids = [*(f"data_batch_1/{row:05}" for row in range(15)), *(f"data_batch_2/{row:05}" for row in range(15)),
           *(f"test_batch/{row:05}" for row in range(10))]
    columns = {"image": list(pixels.transpose(0, 2, 3, 1)), "label": [CIFAR_NAMES[label] for label in labels]}
    return Written(folder, columns, ids, ["train"] * 30 + ["test"] * 10)


def cifar_hundred(folder: Path) -> Written:
    """Writes CIFAR-100's two files, two labels per record."""
    pixels = np.random.default_rng(3).integers(0, 256, (30, 3, 32, 32), dtype=np.uint8)
    labels = (np.arange(30) * 3).astype(np.uint8)
    records = np.concatenate([labels[:, None] % 20, labels[:, None], pixels.reshape(30, -1)], axis=1)
    records[:20].tofile(folder / "train.bin")
    records[20:].tofile(folder / "test.bin")
    ids = [*(f"train/{row:05}" for row in range(20)), *(f"test/{row:05}" for row in range(10))]
    columns = {"image": list(pixels.transpose(0, 2, 3, 1)), "label": list(map(str, labels)), "superclass": list(map(str, labels % 20))}
    return Written(folder, columns, ids, ["train"] * 20 + ["test"] * 10)


def half_a_record(sample: Written) -> Damaged:
    """Takes half of the last record of the test file away."""
    path = next(path for path in (sample.source / "test_batch.bin", sample.source / "test.bin") if path.exists())
    path.write_bytes(path.read_bytes()[:-1500])
    return Damaged(lost=(sample.rows - 1,), told="last record is not whole")


def impossible_label(sample: Written) -> Damaged:
    """Writes a label that no class has."""
    path = sample.source / "data_batch_1.bin"
    data = bytearray(path.read_bytes())
    data[2 * 3073] = 200
    path.write_bytes(bytes(data))
    return Damaged(blank={"label": (2,)}, told="1 labels lie outside")


def npz(save: Callable[..., object]) -> Callable[[Path], Written]:
    """Returns a writer of images and numbers in one file."""

    def write(folder: Path) -> Written:
        images, labels = np.random.default_rng(4).integers(0, 256, (30, 8, 7, 3), dtype=np.uint8), np.arange(30) % 3
        save(folder / "set.npz", x_train=images[:24], y_train=labels[:24], x_test=images[24:], y_test=labels[24:])
        ids = [*(f"train/{row:05}" for row in range(24)), *(f"test/{row:05}" for row in range(6))]
        return Written(folder / "set.npz", {"image": list(images), "label": list(map(str, labels))}, ids, ["train"] * 24 + ["test"] * 6)

    return write


def npy(folder: Path) -> Written:
    """Writes a folder of two arrays: big-endian numbers in Fortran's order, and what to tell from them."""
    numbers, targets = np.random.default_rng(5).normal(size=(30, 4)), np.random.default_rng(6).normal(size=30)
    np.save(folder / "x.npy", np.asfortranarray(numbers.astype(">f8")))
    np.save(folder / "y.npy", targets.astype(">f4"))
    columns = {f"x{place}": numbers[:, place].astype(np.float32) for place in range(4)}
    return Written(folder, {**columns, "target": targets.astype(np.float32)}, [f"train/{row:05}" for row in range(30)])


def objects(sample: Written) -> Damaged:
    """Puts Python objects where the targets were."""
    np.save(sample.source / "y.npy", np.array([{}] * 30, dtype=object), allow_pickle=True)
    return Damaged(refused="Python objects")


def claims(sample: Written) -> Damaged:
    """Lets the header of an array speak of a thousand million rows."""
    with zipfile.ZipFile(sample.source, "w") as archive:
        for name in ("x", "y"):
            with archive.open(f"{name}.npy", "w") as file:
                np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": (10**9, 8, 8)})
                file.write(bytes(64))
    return Damaged(refused="claims 64000000000 bytes")


def torn(sample: Written) -> Damaged:
    """Cuts the file off."""
    sample.source.write_bytes(sample.source.read_bytes()[:900])
    return Damaged(refused="cannot be used")


WRITERS = [
    Writer("idx", "plain", "numpy", idx(False), {"cut": shortened("train-images-idx3-ubyte")}, trains=True),
    Writer("idx", "gzip", "numpy", idx(True), {"cut": shortened("t10k-labels-idx1-ubyte.gz")}),
    Writer("cifar", "ten", "numpy", cifar_ten, {"cut": half_a_record, "label": impossible_label}, trains=True),
    Writer("cifar", "hundred", "numpy", cifar_hundred, {"cut": half_a_record}),
    Writer("arrays", "npz", "numpy", npz(np.savez), {"claims": claims, "torn": torn}, trains=True),
    Writer("arrays", "npz-packed", "numpy", npz(np.savez_compressed), {"torn": torn}),
    Writer("arrays", "npy", "numpy", npy, {"objects": objects, "cut": shortened("x.npy")}),
]

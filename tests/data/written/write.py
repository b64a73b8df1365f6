"""Writes the files of this folder with other people's libraries: `python write.py` under an interpreter that has datasets, pandas and Pillow.

The libraries are no dependency of the tests, so what they wrote is kept here; `versions.json` says which wrote it.
"""

from __future__ import annotations

import datetime
import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas
from datasets import Array2D, Audio, ClassLabel, Dataset, DatasetDict, Features, Image, List, Value
from PIL import Image as Pictures

HERE = Path(__file__).parent
NAMES = ["cat", "dog", "猫"]


def picture(number: int) -> Pictures.Image:
    """Returns a small picture of one colour that depends on its number."""
    return Pictures.new("RGB", (6, 4), (number * 20, 255 - number * 20, 7))


def pictures(count: int) -> Dataset:
    """Returns pictures with classes."""
    features = Features({"image": Image(), "label": ClassLabel(names=NAMES)})
    return Dataset.from_dict({"image": [picture(number) for number in range(count)], "label": [number % 3 for number in range(count)]}, features)


def texts(count: int) -> Dataset:
    """Returns texts with classes and every plain kind of value, some missing."""
    start = datetime.datetime(2024, 1, 1)
    features = Features({
        "text": Value("string"), "label": ClassLabel(names=["bad", "good"]), "stars": Value("float32"), "day": Value("timestamp[s]"),
        "read": Value("bool"), "count": Value("int64"), "words": List(Value("string")), "curve": List(Value("float32")),
        "square": Array2D((2, 3), "float32"), "about": {"author": Value("string"), "pages": Value("int32")},
    })
    return Dataset.from_dict({
        "text": [f"Text {number}, “quoted”\nsecond line 很好" for number in range(count)],
        "label": [number % 2 for number in range(count)],
        "stars": [None if number == 3 else number / 2 for number in range(count)],
        "day": [start + datetime.timedelta(days=number) for number in range(count)],
        "read": [number % 3 == 0 for number in range(count)],
        "count": [10 * number for number in range(count)],
        "words": [["a", "b"][: number % 3] for number in range(count)],
        "curve": [[float(number), number / 2, 1.0] for number in range(count)],
        "square": [np.full((2, 3), number, np.float32).tolist() for number in range(count)],
        "about": [{"author": f"author {number % 2}", "pages": number} for number in range(count)],
    }, features)


def sounds(count: int) -> Dataset:
    """Returns sounds, embedded as the bytes of WAV files."""
    import io

    import soundfile

    rows = []
    for number in range(count):
        buffer = io.BytesIO()
        soundfile.write(buffer, np.sin(np.arange(400) * (number + 1) / 10) * 0.5, 8000, format="WAV")
        rows.append({"bytes": buffer.getvalue(), "path": f"{number}.wav"})
    return Dataset.from_dict({"audio": rows, "label": [number % 2 for number in range(count)]}).cast(
        Features({"audio": Audio(sampling_rate=8000), "label": ClassLabel(names=["low", "high"])})
    )


def main() -> None:
    """Writes everything."""
    DatasetDict({"train": pictures(9), "test": pictures(3)}).save_to_disk(HERE / "saved_pictures")
    texts(8).save_to_disk(HERE / "saved_texts")
    sounds(4).save_to_disk(HERE / "saved_sounds", num_shards=2)
    pictures(9).to_parquet(HERE / "datasets_pictures.parquet")
    texts(8).to_parquet(HERE / "datasets_texts.parquet")
    plain = texts(8).select_columns(["text", "label", "stars", "read", "count"])
    plain.to_csv(HERE / "datasets_texts.csv")
    plain.to_json(HERE / "datasets_texts.jsonl")
    frame = pandas.DataFrame({
        "when": pandas.date_range("2024-02-27", periods=12, freq="D"), "city": pandas.Categorical(["Ulm", "Köln", "北京"] * 4),
        "price": [1.5, None, *np.arange(10.0)],
        "units": np.arange(12), "note": ['said "hi", left', "two\nlines", *"abcdefghij"], "sold": [True, False] * 6,
    }, index=pandas.Index([f"row {number}" for number in range(12)], name="key"))
    frame.to_csv(HERE / "pandas.csv")
    frame.to_csv(HERE / "pandas_semicolon.csv", sep=";", decimal=",", encoding="utf-8-sig")
    frame.to_csv(HERE / "pandas_tab.tsv.gz", sep="\t", compression={"method": "gzip", "mtime": 0})
    frame.reset_index().to_json(HERE / "pandas_records.json", orient="records", force_ascii=False, date_format="iso")
    frame.reset_index().to_json(HERE / "pandas_lines.jsonl", orient="records", lines=True, date_format="iso")
    frame.to_parquet(HERE / "pandas.parquet")
    frame.reset_index().to_feather(HERE / "pandas.feather")
    frame.reset_index().to_feather(HERE / "pandas_plain.feather", compression="uncompressed")
    libraries = ("datasets", "pandas", "pyarrow", "pillow", "soundfile", "numpy")
    (HERE / "versions.json").write_text(json.dumps({name: version(name) for name in libraries}, indent=2) + "\n")


if __name__ == "__main__":
    main()

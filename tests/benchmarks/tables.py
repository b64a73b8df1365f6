"""Tables of a million rows and ten columns: opening, preparing, searching, sorting, editing, finding what is wrong, and the memory of it all.

Seconds are CPU seconds of the process. `WORKBENCH_BENCH_HF=PYTHON` names an interpreter that has pandas and Hugging Face datasets: then opening
is compared with theirs on the same files, in turns, each in a process of its own.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROWS, PAIRS, EDITS = 1_000_000, 5, 12
WORDS = ("red", "blue", "green", "large", "slow", "river", "mountain", "house", "garden", "paper", "stone", "bread", "winter", "night", "letter")
CITIES = ("Berlin", "Paris", "London", "Madrid", "Rome", "Vienna", "Prague", "Oslo", "Lisbon", "Dublin")
NAMES = ("a", "b", "c", "d", "e", "count", "age", "city", "note", "label")
INPUTS = ("a", "b", "c", "d", "e", "count", "age", "city")

OURS = """
import json, os, sys, time
from workbench.data.open import open_dataset
import workbench.data.formats
from workbench.data.formats import FORMATS
list(FORMATS)
def peak():
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024
before, start = peak(), time.process_time()
data = open_dataset(sys.argv[1])
opened = time.process_time() - start
data.ids()[:1]
print(json.dumps([opened, time.process_time() - start - opened, peak() - before]))
"""
PANDAS = """
import sys, time, pandas
readers = {"csv": pandas.read_csv, "jsonl": lambda path: pandas.read_json(path, lines=True), "parquet": pandas.read_parquet}
read = readers[sys.argv[1].rpartition(".")[2]]
start = time.process_time()
read(sys.argv[1])
print(time.process_time() - start)
"""
DATASETS = """
import sys, time
from datasets import load_dataset
kind = {"csv": "csv", "jsonl": "json", "parquet": "parquet"}[sys.argv[1].rpartition(".")[2]]
start = time.process_time()
load_dataset(kind, data_files=sys.argv[1], split="train", cache_dir=sys.argv[2])
print(time.process_time() - start)
"""


def _write(folder: Path, rows: int) -> list[Path]:
    """Writes the same table as CSV, JSON Lines and, where pyarrow is there, Parquet."""
    draw = np.random.default_rng(0)
    numbers = draw.normal(size=(rows, 5)) * [1, 10, 100, 1000, 0.01]
    counts, ages = draw.integers(0, 100_000, rows), draw.integers(18, 90, rows)
    words, cities, labels = draw.integers(0, len(WORDS), (rows, 6)), draw.integers(0, len(CITIES), rows), draw.integers(0, 3, rows)
    table, lines = folder / "table.csv", folder / "table.jsonl"
    with table.open("w", encoding="utf-8") as file, lines.open("w", encoding="utf-8") as other:
        file.write(",".join(NAMES) + "\n")
        for row in range(rows):
            a, b, c, d, e = numbers[row].round(5).tolist()
            note = f"{' '.join(WORDS[word] for word in words[row])} {row}"
            cells = (a, b, c, d, e, int(counts[row]), int(ages[row]), CITIES[cities[row]], note, ("good", "bad", "neutral")[labels[row]])
            file.write(",".join(map(str, cells)) + "\n")
            other.write(json.dumps(dict(zip(NAMES, cells, strict=True))) + "\n")
    found = [table, lines]
    try:
        import pyarrow.csv as reader
        import pyarrow.parquet as parquet
    except ImportError:
        return found
    parquet.write_table(reader.read_csv(str(table)), str(folder / "table.parquet"))
    return [*found, folder / "table.parquet"]


def _elsewhere(python: str, code: str, *given: str, cache: Path) -> Any:
    """Runs code in a process of its own and returns what it printed last, as JSON."""
    root = Path(__file__).parents[2]
    environment = {**os.environ, "WORKBENCH_CACHE_DIR": str(cache), "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "PYTHONPATH": str(root)}
    done = subprocess.run([python, "-c", code, *given], capture_output=True, text=True, env=environment, check=True)
    return json.loads(done.stdout.split("\n")[-2])


def _row(name: str, value: float, hold: float | None = None, unit: str = "s") -> dict[str, Any]:
    row: dict[str, Any] = {"name": name, "value": f"{value:.2f} {unit}" if unit != "x" else f"{value:.2f}"}
    return row if hold is None else {**row, "hold": f"<= {hold:g}", "ok": value <= hold}


def _opening(path: Path, folder: Path) -> list[dict[str, Any]]:
    """Returns what opening a file costs, without and with the columns kept, and against others."""
    peer = os.environ.get("WORKBENCH_BENCH_HF")
    if peer is None:
        peer = ""
    first: list[list[float]] = []
    others: dict[str, list[float]] = {"pandas": [], "datasets": []}
    for turn in range(PAIRS):
        cache = folder / f"cache{turn}"
        first.append(_elsewhere(sys.executable, OURS, str(path), cache=cache))
        if peer:
            others["pandas"].append(_elsewhere(peer, PANDAS, str(path), cache=cache))
        if peer and turn == 0:
            others["datasets"].append(_elsewhere(peer, DATASETS, str(path), str(folder / "hf"), cache=cache))
    again = [_elsewhere(sys.executable, OURS, str(path), cache=folder / "cache0") for _ in range(3)]
    kind = path.suffix[1:].upper()
    opened = statistics.median(turn[0] for turn in first)
    rows = [
        _row(f"opening {kind} the first time", opened), _row(f"ids of {kind}, and keeping its columns", statistics.median(turn[1] for turn in first)),
        _row(f"opening {kind} the second time", statistics.median(turn[0] for turn in again), 1.0),
        _row(f"memory of opening {kind}, at most", first[0][2], unit="MB"), _row(f"the same the second time ({kind})", again[0][2], unit="MB"),
    ]
    for name, seconds in others.items():
        if seconds:
            rows.append(_row(f"opening {kind} the first time / {name}", statistics.median(turn[0] for turn in first) / statistics.median(seconds),
                             2.0 if (name, kind) == ("pandas", "CSV") else None, "x"))
    return rows


def _spent(act: Callable[[], Any]) -> tuple[float, Any]:
    start = time.process_time()
    found = act()
    return time.process_time() - start, found


def _working(path: Path) -> list[dict[str, Any]]:
    """Returns what is done with the rows of a table once it is open."""
    from workbench.app.pages.data.filtering import Filter
    from workbench.app.pages.data.rows import Rows
    from workbench.data import edits
    from workbench.data.edited import with_edits
    from workbench.data.open import open_dataset
    from workbench.data.prepare import prepare
    from workbench.data.summary import find_problems
    from workbench.project.project import DataChoice

    data, choice = open_dataset(str(path)), DataChoice()
    data.ids()[:1]
    first, prepared = _spent(lambda: prepare(data, choice, INPUTS, ["label"]))
    changed = with_edits(data, edits.relabelled(edits.NO_EDITS, [data.ids()[5000]], "label", "bad"))
    again, now = _spent(lambda: prepare(changed, choice, INPUTS, ["label"], before=prepared))
    found, _ = _spent(lambda: find_problems(data, prepared.splits))
    found_again, _ = _spent(lambda: find_problems(changed, now.splits))
    rows = Rows.of(data, prepared, "label")
    figures = [
        _row("preparing nine fields", first), _row("preparing them again after an edit", again), _row("all findings", found),
        _row("all findings after an edit", found_again, 1.0),
    ]
    for name, words in (("rare words", "garden 77"), ("a frequent word", "river")):
        figures.append(_row(f"filter by text, {name}", _spent(lambda words=words: rows.select(Filter(words=words)))[0]))
    figures.append(_row("sort by a number", _spent(lambda: rows.select(Filter(), "a"))[0]))
    figures.append(_row("sort by length of text", _spent(lambda: rows.select(Filter(), ":length"))[0]))
    rows.selector.counts(Filter())
    figures.append(_row("facet counts of a filter, ms", 1000 * _spent(lambda: rows.selector.counts(Filter().choosing("label", 1)))[0], 16.0, "ms"))
    return figures


def _editing(path: Path) -> list[dict[str, Any]]:
    """Returns what changing the class of one row costs the thread of the window, until the grid shows it."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    from workbench.app import theme
    from workbench.app.pages.data.page import DataPage
    from workbench.app.session import Session
    from workbench.data.open import open_dataset
    from workbench.project.propose import propose

    app = QApplication.instance() or QApplication([])
    theme.set_theme("light")
    session = Session()
    page = DataPage(session)
    page.resize(1400, 900)
    page.show()
    session.new(propose(open_dataset(str(path)), "label"))
    _settle(app, lambda: session.dataset is not None)
    page.shown()
    _settle(app, lambda: session.prepared is not None)
    data, spent = session.dataset, []
    assert data is not None
    ids, classes = data.ids(), data.field("label").categories
    for row in range(1000, 1000 + EDITS):
        start = time.thread_time()
        page.editing.relabel([ids[row]], "label", classes[row % 3])
        page.view.grab()
        spent.append((time.thread_time() - start) * 1000)
        _settle(app, lambda: session.prepared is not None)
    page.view.tiles.close()
    page.close()
    session.close()
    return [_row("one edit until the grid shows it, thread of the window, median", statistics.median(spent[1:]), 16.0, "ms")]


def _settle(app: Any, done: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not done() and time.monotonic() < until:
        app.processEvents()
        time.sleep(0.002)


def run() -> list[dict[str, Any]]:
    """Returns one row per figure: name, value, hold, ok."""
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        os.environ["WORKBENCH_CACHE_DIR"] = str(folder / "cache")
        for path in (paths := _write(folder, ROWS)):
            rows += _opening(path, folder)
        table = paths[0]
        rows += _working(table)
        numbers = folder / "numbers.csv"
        with table.open(encoding="utf-8") as file:
            numbers.write_text("".join(",".join((*line.split(",")[:8], line.rpartition(",")[2])) for line in file), encoding="utf-8")
        return [*rows, *_editing(numbers)]

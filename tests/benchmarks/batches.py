"""What a batch costs against plain slicing, and what opening and preparing cost."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

ROWS, BATCH, PAIRS, BATCHES = 20_000, 64, 15, 100


def ratio(ours: Callable[[Any], Any], theirs: Callable[[Any], Any], parts: list[Any]) -> float:
    """Returns the median ratio of CPU time over interleaved pairs."""
    ratios = []
    for _ in range(PAIRS):
        spent = []
        for one in (ours, theirs):
            start = time.process_time()
            for part in parts:
                one(part)
            spent.append(time.process_time() - start)
        ratios.append(spent[0] / spent[1])
    return statistics.median(ratios)


def run() -> list[dict[str, Any]]:
    """Returns one row per figure: name, value, hold, ok."""
    import torch

    from workbench.data.open import open_dataset
    from workbench.data.order import order
    from workbench.data.prepare import prepare
    from workbench.project.project import DataChoice

    torch.set_num_threads(1)
    rows = []
    for source, name in (("generated:shapes", "image"), ("generated:reviews", "text")):
        start = time.process_time()
        dataset = open_dataset(source, params={"rows": ROWS})
        opened = time.process_time() - start
        prepared = prepare(dataset, DataChoice(), [name], ["label"])
        parts = list(order(1, 0, prepared.rows("train"))[: BATCH * BATCHES].split(BATCH))
        stored, labels = prepared.stored[name], prepared.stored["label"][0]
        if name == "image":
            fitted = prepared.preprocessors[name]
            mean, deviation = fitted.mean[0], fitted.deviation[0]

            def plain(part: Any, stored: Any = stored, labels: Any = labels, mean: float = mean, spread: float = deviation) -> Any:
                return stored[0][part].float().div_(255).sub_(mean).div_(spread), labels[part]
        else:
            def plain(part: Any, stored: Any = stored, labels: Any = labels) -> Any:
                valid = stored[1][part]
                return stored[0][part][:, : int(valid.max())].long(), valid, labels[part]
        value = ratio(prepared.batch, plain, parts)
        rows.append({"name": f"batch of {BATCH}, {source} / plain slicing", "value": f"{value:.2f}", "hold": "<= 1.10", "ok": value <= 1.10})
        rows.append({"name": f"making {ROWS:,} rows, {source}, s of CPU", "value": f"{opened:.2f}", "hold": "<= 4", "ok": opened <= 4})
    return rows

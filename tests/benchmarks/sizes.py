"""Large things: rows generated, a run's numbers reopened, drawings laid out and opened, Fashion-MNIST opened. CPU seconds of one thread."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

FASHION = Path(os.environ.get("WORKBENCH_FASHION_MNIST", "/usr/share/datasets/fashion-mnist"))


def run() -> list[dict[str, Any]]:
    """Returns one row per thing."""
    rows = [_row(f"10,000 rows of {name}", 2.0, lambda name=name: _generate(name)) for name in ("generated:reviews", "generated:shapes")]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "metrics.bin"
        _write(path)
        rows.append(_row("1,000,000 numbers of a run reopened", 0.3, lambda: _reopen(path)))
    rows.append(_row("layout of 5,000 layers", 10.0, _layout))
    rows.append(_interpreter())
    if FASHION.is_dir():
        rows.append(_row("Fashion-MNIST opened", 6.0, _open_fashion))
    return rows


def _row(name: str, hold: float, work: Callable[[], Any]) -> dict[str, Any]:
    work()  # imports and caches are not what is measured
    began = time.process_time()
    work()
    seconds = time.process_time() - began
    return {"name": f"{name}, CPU s", "value": round(seconds, 3), "hold": f"<= {hold}", "ok": seconds <= hold}


def _generate(name: str) -> None:
    from workbench.data.open import open_dataset

    open_dataset(name, params={"rows": 10_000})


def _write(path: Path) -> None:
    from workbench.project.metrics import MetricsWriter

    writer, values = MetricsWriter(path, flush_rows=1000), {f"tag{index}": 1.0 for index in range(8)}
    for step in range(125_000):
        writer.add(step, values)
    writer.close()


def _reopen(path: Path) -> None:
    from workbench.project.metrics import MetricsReader

    MetricsReader(path).poll()


def _layout() -> None:
    from workbench.graph.graph import Edge, Graph, Node
    from workbench.graph.layout import layout

    count = 5000
    edges = [Edge.between(str(max(0, index - 1 - index * 7 % 13)), str(index)) for index in range(1, count)]
    layout(Graph(edges=tuple(edges)).with_nodes({str(index): Node(str(index), "relu", f"r{index}") for index in range(count)}))


def _interpreter() -> dict[str, Any]:
    """A chain of 300 activations: what a built model costs over nn.Sequential, per node."""
    import torch
    from torch import nn

    from workbench.graph import edit
    from workbench.graph.graph import Edge, Graph
    from workbench.models.build import build

    graph, last = edit.add_node(Graph(), "image_input", params={"channels": 1, "height": 1, "width": 1}, name="image")
    for index in range(301):
        graph, node = edit.add_node(graph, "tanh" if index < 300 else "output", name=f"act{index}")
        graph, last = edit.connect(graph, Edge.between(last, node)), node
    model, image = build(graph), torch.zeros(1, 1, 1, 1)
    chain = nn.Sequential(*[nn.Tanh() for _ in range(300)])

    def best(module: nn.Module) -> float:
        times = []
        for _ in range(30):
            began = time.perf_counter()
            module(image)
            times.append(time.perf_counter() - began)
        return min(times) * 1e6

    with torch.no_grad():
        extra = min(best(model) - best(chain) for _ in range(3)) / 300
    return {"name": "a built model over nn.Sequential, µs per node", "value": round(extra, 2), "hold": "<= 1", "ok": extra <= 1}


def _open_fashion() -> None:
    from workbench.data.open import open_dataset

    open_dataset(str(FASHION))


if __name__ == "__main__":
    for row in run():
        sys.stdout.write(f"{row}\n")

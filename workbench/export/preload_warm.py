"""Loaded by the export helper of the window after `preload`: one tiny export, so that what the exporter loads late is loaded too."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch

from workbench.export.onnx_file import write_onnx


def warm_up() -> None:
    """Exports a model of one layer and throws it away."""
    with tempfile.TemporaryDirectory() as folder:
        network = _Rows().eval()
        write_onnx(
            network, [torch.zeros(2, 3)], [{0: "batch"}], (["input"], ["output"]), Path(folder) / "warm.onnx", opset=20, metadata={},
        )


class _Rows(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(3, 2)

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        return self.linear(inputs[0])


warm_up()

"""Loaded by the export helper before it forks: everything an export needs, so that each fork begins at once."""

from __future__ import annotations

import importlib
import warnings

import torch

NEEDED = (
    "onnxruntime", "onnxscript", "torch.onnx._internal.exporter._core", "workbench.data.open", "workbench.data.prepare",
    "workbench.data.preprocessing.text", "workbench.export.bundle", "workbench.export.network", "workbench.export.onnx_file",
    "workbench.models.build", "workbench.training.load",
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    for name in NEEDED:
        importlib.import_module(name)

# One thread: a thread pool that exists before a fork is dead after it.
torch.set_num_threads(1)

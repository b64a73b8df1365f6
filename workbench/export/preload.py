"""Loaded by the export helper before it forks: everything an export needs, so that each fork begins at once."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import onnxruntime  # noqa: F401
    import onnxscript  # noqa: F401
    import torch
    import torch.onnx._internal.exporter._core

    import workbench.data.prepare
    import workbench.export.bundle
    import workbench.export.network
    import workbench.export.onnx_file
    import workbench.models.build
    import workbench.training.load  # noqa: F401

# One thread: a thread pool that exists before a fork is dead after it.
torch.set_num_threads(1)

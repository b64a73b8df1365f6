"""ONNX Runtime sessions: the provider that really runs is known, threads are explicit, idle threads sleep. No torch."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from workbench.errors import ExportError
from workbench.text import Text

PROVIDERS = {
    "cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider", "tensorrt": "TensorrtExecutionProvider",
    "rocm": "ROCMExecutionProvider", "migraphx": "MIGraphXExecutionProvider", "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider", "openvino": "OpenVINOExecutionProvider", "webgpu": "WebGpuExecutionProvider",
}


def available_providers() -> tuple[str, ...]:
    """Returns the short names of the providers that the installed ONNX Runtime was built with."""
    import onnxruntime

    present = set(onnxruntime.get_available_providers())
    return tuple(name for name, provider in PROVIDERS.items() if provider in present)


def open_session(model: Path | bytes, provider: str = "cpu", *, allow_fallback: bool = False, threads: int = 0) -> tuple[Any, str]:
    """Opens an ONNX model.

    Args:
        model: The file, or its bytes.
        provider: A short name (`cpu`, `cuda`, ...).
        allow_fallback: Whether the CPU may stand in where the provider is missing.
        threads: Threads inside one operator; 0 takes the cores this process may use, at most 8.

    Returns:
        The session, and the short name of the provider that really runs.

    Raises:
        ExportError: The file is missing or damaged, or the provider is missing and may not be replaced.
    """
    import onnxruntime

    wanted = _known(provider)
    missing = wanted not in onnxruntime.get_available_providers()
    if missing and not allow_fallback:
        raise _missing(provider)
    providers = ["CPUExecutionProvider"] if missing else list(dict.fromkeys((wanted, "CPUExecutionProvider")))
    try:
        source = model if isinstance(model, bytes) else str(model)
        session = onnxruntime.InferenceSession(source, _options(threads), providers=providers)
    except Exception as error:  # ONNX Runtime raises its own C++ exception types, without a common base
        raise ExportError(
            Text("The ONNX model cannot be opened: {reason}", reason=str(error).strip().splitlines()[0][:300]),
            Text("The file is damaged or not an ONNX model; export the run again."),
        ) from error
    running = session.get_providers()[0]
    if running != wanted and not allow_fallback:
        raise _missing(provider)
    return session, next((name for name, full in PROVIDERS.items() if full == running), running)


def _options(threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    options.intra_op_num_threads = threads or min(cores, 8)
    options.inter_op_num_threads = 1
    # Idle threads that spin slow everything else in the process down by an order of magnitude.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    # What fails is raised; it need not be written to stderr as well.
    options.log_severity_level = 4
    return options


def run_session(session: Any, names: Sequence[str], feed: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns the named outputs of a session.

    Raises:
        ExportError: ONNX Runtime cannot run the model on these inputs.
    """
    try:
        return dict(zip(names, session.run(list(names), dict(feed)), strict=True))
    except Exception as error:  # as above
        raise ExportError(
            Text("ONNX Runtime cannot run the model: {reason}", reason=str(error).strip().splitlines()[0][:300]),
            Text("Try another operator set, or export the run again."),
        ) from error


def _known(provider: str) -> str:
    if provider.lower() not in PROVIDERS:
        raise ExportError(
            Text("There is no provider called {name}.", name=provider), Text("Known: {names}.", names=", ".join(PROVIDERS)),
        )
    return PROVIDERS[provider.lower()]


def _missing(provider: str) -> ExportError:
    return ExportError(
        Text("ONNX Runtime cannot use {provider} on this machine.", provider=provider),
        Text("It can use {names}; allow the fallback to run on the CPU instead.", names=", ".join(available_providers())),
    )

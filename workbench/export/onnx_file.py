"""One torch module becomes one ONNX model, by the dynamo exporter, with free batch and length."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import torch
from torch import Tensor, nn

from workbench.errors import ExportError
from workbench.export.recurrent import translations
from workbench.text import Text

OPSETS = (18, 19, 20, 21, 22, 23)


def write_onnx(
    network: nn.Module, examples: Sequence[Tensor], axes: Sequence[Mapping[int, str]], names: tuple[Sequence[str], Sequence[str]],
    path: Path, *, opset: int, metadata: Mapping[str, str],
) -> None:
    """Exports `network` to one file without external data.

    Args:
        network: Takes the examples as positional arguments; in eval mode.
        examples: One tensor per input; free axes at least 2 long, so that no size is frozen.
        axes: Per input, the names of the free axes.
        names: Names of the inputs and of the outputs.
        path: Where it goes.
        opset: ONNX operator set.
        metadata: Written into `metadata_props`.

    Raises:
        ExportError: The exporter refuses; the message carries its reason.
    """
    if opset not in OPSETS:
        raise ExportError(
            Text("ONNX operator set {opset} is not supported.", opset=opset),
            Text("Choose one of {first} to {last}.", first=OPSETS[0], last=OPSETS[-1]),
        )
    try:
        with quiet():
            program = torch.onnx.export(
                network, tuple(examples), dynamo=True, verbose=False, external_data=False, opset_version=opset,
                dynamic_shapes=(tuple(dict(item) for item in axes),), input_names=list(names[0]), output_names=list(names[1]),
                custom_translation_table=translations(),
            )
            assert program is not None
            program.model.metadata_props.update(metadata)
            program.model.producer_name = "Model Workbench"
            program.save(str(path), external_data=False)
    except ExportError:
        raise
    except Exception as error:
        reason = str(error).strip().splitlines()
        raise ExportError(
            Text("This model cannot be written as ONNX: {reason}", reason=(reason or [type(error).__name__])[-1][:300]),
            Text("Try another operator set; the run's log has the whole report."),
        ) from error


@contextmanager
def quiet() -> Generator[None]:
    """Keeps the exporter's progress and deprecation notes from the person; errors still arrive as exceptions."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir", "torch.export", "torch._dynamo")]
    levels = [logger.level for logger in loggers]
    with suppress(ImportError):
        from tqdm import tqdm

        tqdm.monitor_interval = 0  # a progress bar that nobody sees needs no thread that watches over it
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)

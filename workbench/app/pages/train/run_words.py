"""How runs and their figures are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.app.language import tr
from workbench.app.wording import number
from workbench.training.events import RunState

if TYPE_CHECKING:
    from workbench.project.runs import RunInfo

STATE_WORDS = {
    RunState.STARTING: "starting", RunState.RUNNING: "running", RunState.PAUSED: "paused", RunState.FINISHED: "finished",
    RunState.STOPPED: "stopped", RunState.FAILED: "failed", RunState.INTERRUPTED: "interrupted",
}


def run_titles(runs: Sequence[RunInfo]) -> dict[Path, str]:
    """Returns what tells the runs of a project apart: a running number, the oldest 1, and the name.

    Args:
        runs: Newest first.
    """
    return {info.path: f"{len(runs) - place} · {info.name}" for place, info in enumerate(runs)}


def metric_name(name: str) -> str:
    """Returns the name of a measure as a title."""
    known = {
        "loss": tr("Loss"), "accuracy": tr("Accuracy"), "f1": tr("Macro F1"), "r2": "R²", "mae": tr("Mean absolute error"),
        "lr": tr("Learning rate"), "grad_norm": tr("Gradient norm"), "iou": tr("Mean IoU"), "pixel_accuracy": tr("Pixel accuracy"),
        "psnr": tr("PSNR (dB)"), "mse": tr("Mean squared error"), "token_accuracy": tr("Token accuracy"), "perplexity": tr("Perplexity"),
        "exact_match": tr("Exact match"), "error_rate": tr("Token error rate"),
    }
    return known.get(name, name)


def metric_words(tag: str) -> str:
    """Returns a metric tag in words: `accuracy/test` as "Test accuracy"."""
    name, _, split = tag.partition("/")
    known = {
        "loss/train": tr("Training loss"), "loss/val": tr("Validation loss"), "loss/test": tr("Test loss"), "loss/step": tr("Step loss"),
        "accuracy/train": tr("Training accuracy"), "accuracy/val": tr("Validation accuracy"), "accuracy/test": tr("Test accuracy"),
        "f1/train": tr("Training F1"), "f1/val": tr("Validation F1"), "f1/test": tr("Test F1"),
    }
    where = {"train": tr("training"), "val": tr("validation"), "test": tr("test"), "step": tr("step")}
    return known.get(tag) or (f"{metric_name(name)} · {where.get(split, split)}" if split else metric_name(name))


def metric_value(tag: str, value: float) -> str:
    """Returns a figure with its unit."""
    return f"{value * 100:.2f} %" if tag.startswith("accuracy") else number(value)


def score_words(metrics: Mapping[str, float]) -> str:
    """Returns the main score of a run: accuracy in per cent, or whatever else was measured on validation."""
    for tag in ("accuracy/val", "accuracy/test"):
        if tag in metrics and metrics[tag] == metrics[tag]:
            return f"{metrics[tag] * 100:.1f} %"
    other = [value for tag, value in metrics.items() if tag.endswith("/val") and not tag.startswith("loss")]
    return number(other[0]) if other else "–"
